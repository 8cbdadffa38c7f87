"""All rows of the fault table, in its order."""

from __future__ import annotations

from . import apps, hostile, kills, signals, surroundings

ROWS = [*kills.ROWS, *apps.ROWS, *signals.ROWS, *hostile.ROWS, *surroundings.ROWS]
