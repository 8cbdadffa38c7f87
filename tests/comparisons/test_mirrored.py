"""Whichever of two records is called the baseline, the same is said of them, the other way round."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from a4eval.comparisons.judge import judge
from a4eval.comparisons.kept import Kept
from a4eval.comparisons.pair import pair_of
from a4eval.statistics.resampled import resample

MIRRORED = {"better": "worse", "worse": "better", "equivalent": "equivalent", "undecided": "undecided"}
TIES = st.sampled_from([-1.0, 0.0, 0.0, 0.5])


class Number(NamedTuple):
    value: float
    higher_is_better: bool


@st.composite
def sides(draw):
    """What ten units, or clusters of them, give to two that may have met other units or drawn other weights."""
    size = draw(st.sampled_from([1, 1, 3]))
    better = draw(st.booleans())
    found = []
    for _ in range(2):
        values = np.repeat(draw(st.lists(TIES, min_size=10, max_size=10)), size)
        drawn = resample(
            lambda weights, values=values: {"score": weights @ values / weights.sum(axis=1)},
            len(values),
            np.random.default_rng(draw(st.integers(0, 1))),
            resamples=draw(st.sampled_from([200, 201])),
            clusters=np.arange(len(values)) // size if size > 1 else None,
        )
        units = np.arange(len(values)) + draw(st.sampled_from([0, 0, 5]))
        found.append(({"score": Number(drawn.observed["score"], better)}, {"of": Kept(units, drawn, None)}))
    return found


@given(sides(), st.sampled_from([0.0, 0.1, 0.5]))
@settings(max_examples=80, deadline=None)
def test_swapping_two_records_mirrors_the_verdict_and_the_interval(both, margin):
    (one, kept), (other, also_kept) = both
    there = pair_of(one, other, (kept, also_kept)).values
    back = pair_of(other, one, (also_kept, kept)).values
    (first,), (second,) = (judge(values, {"score": margin}, 0.05) for values in (there, back))
    assert second.decision.verdict == MIRRORED[first.decision.verdict]
    # resamples that are no pair are added up in the other order, so the last bit may be another one
    told = [first.decision.p_worse, first.decision.p_better, first.decision.p_equivalent]
    again = [second.decision.p_better, second.decision.p_worse, second.decision.p_equivalent]
    np.testing.assert_allclose(again, told, rtol=1e-9)
    ends = [(judged.compared.interval.low, judged.compared.interval.high) for judged in (first, second)]
    np.testing.assert_allclose(ends[1], (-ends[0][1], -ends[0][0]), atol=1e-9)
