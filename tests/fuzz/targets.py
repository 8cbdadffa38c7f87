"""All that is fuzzed, by name."""

from __future__ import annotations

from . import configs, folders, others, readers

TARGETS = {**configs.TARGETS, **folders.TARGETS, **readers.found(), **others.TARGETS}
