"""What is judged together is corrected together, and what that alone keeps from a verdict is said."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from a4eval.comparisons.judge import judge
from a4eval.comparisons.pair import Compared
from a4eval.contracts import Interval
from a4eval.results.compared import print_judged
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


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("length", [3, 20, 36])
def test_the_telling_columns_are_there_however_long_the_names(capsys, monkeypatch, width, length):
    monkeypatch.setenv("COLUMNS", str(width))
    names = ["m" * length, "n" * length]
    difference = replace(compared(2.1), interval=Interval(0.95, -4.0631e-3, -1.0621e-4, "paired"))
    print_judged("", judge(dict.fromkeys(names, difference), {}, 0.05))
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= width for line in lines)
    heading = " ".join(lines[0].split())
    assert "verdict alone difference interval corrected p" in heading
    for name in names:
        row = next(line for line in lines[[name in line for line in lines].index(True) :] if "undecided" in line)
        assert "worse" in row
        assert "[-0.004063, -0.0001062]" in row
    assert ("name" in heading) == (length == 3 or width == 120)
