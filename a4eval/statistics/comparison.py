"""How a number differs between two predictions on the same units."""

from __future__ import annotations

from dataclasses import dataclass

from a4eval.contracts import Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a number differs between two predictions on the same units.

    Args:
        difference: second minus first.
        interval: its confidence interval; None from a test.
        p_value: of no difference, two-sided.
    """

    difference: float
    interval: Interval | None
    p_value: float
