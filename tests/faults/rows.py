"""All rows of the fault table, in its order."""

from __future__ import annotations

from . import hostile, kills, signals, surroundings

ROWS = [*kills.ROWS, *signals.ROWS, *hostile.ROWS, *surroundings.ROWS]
