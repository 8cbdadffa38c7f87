"""What is judged together is corrected together, and what that alone keeps from a verdict is said."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from a4eval.comparisons.judge import judge
from a4eval.comparisons.pair import Compared
from a4eval.statistics.decisions import Difference


def compared(errors):
    """A number that is lower by so many standard errors, on so many units that few-unit corrections vanish."""
    grid = (np.arange(2000) + 0.5) / 2000
    drawn = np.array([NormalDist(-errors, 1).inv_cdf(share) for share in grid])
    return Compared(0.0, -errors, True, Difference(-errors, drawn, 10**6, higher_is_better=True))


def test_what_only_the_correction_keeps_from_a_verdict_is_said():
    worst, other = judge({"worst": compared(2.1), "other": compared(0.1)}, {}, 0.05)
    assert (worst.decision.verdict, worst.alone) == ("undecided", "worse")
    assert worst.verdict() == "undecided once corrected, alone worse"
    assert (other.verdict(), other.alone) == ("undecided", "undecided")
    (single,) = judge({"worst": compared(2.1)}, {}, 0.05)
    assert (single.verdict(), single.alone) == ("worse", "worse")
    clear, _ = judge({"worst": compared(4.0), "other": compared(0.1)}, {}, 0.05)
    assert (clear.verdict(), clear.alone) == ("worse", "worse")
