"""What this room cannot draw."""

from __future__ import annotations


class BeyondError(Exception):
    """A chart asks for what only a whole Vega-Lite can draw."""
