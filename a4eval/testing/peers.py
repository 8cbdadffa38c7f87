"""pytest and hypothesis, or the line that installs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.context import require

if TYPE_CHECKING:
    import hypothesis
    import pytest
    from hypothesis import strategies
else:
    pytest = require("pytest", "a4eval[testing]")
    hypothesis = require("hypothesis", "a4eval[testing]")
    strategies = require("hypothesis.strategies", "a4eval[testing]")

__all__ = ["hypothesis", "pytest", "strategies"]
