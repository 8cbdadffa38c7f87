"""All rows of the fault table, in its order."""

from __future__ import annotations

from . import kills

ROWS = [*kills.ROWS]
