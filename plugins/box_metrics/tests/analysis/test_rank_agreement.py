"""Rank agreement against all pairs and scipy."""

import math
from itertools import combinations

import numpy as np
import pytest
from a4eval_box_metrics import (
    rank_agreement,
)
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=40))
def test_rank_agreement_by_all_pairs(values):
    x, y = zip(*values, strict=True)
    concordant = discordant = 0
    for (a, b), (c, d) in combinations(values, 2):
        concordant += (a - c) * (b - d) > 0
        discordant += (a - c) * (b - d) < 0
    found = rank_agreement(x, y)
    assert found.pairs == concordant + discordant
    if found.pairs:
        assert found.disagreement == discordant / (concordant + discordant)
    else:
        assert math.isnan(found.disagreement)


def test_rank_agreement_is_scipys():
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    rng = np.random.default_rng(2)
    for n in (2, 3, 17, 1000, 4097):
        x = rng.normal(size=n)
        y = x + rng.normal(size=n)
        for one, other in [(x, y), (np.round(x), np.round(y)), (x, -x)]:
            expected = stats.kendalltau(one, other).statistic
            np.testing.assert_allclose(rank_agreement(one, other).tau, expected, rtol=1e-12)
    assert math.isnan(rank_agreement([1, 1], [1, 2]).tau)
    with pytest.raises(ValueError, match="it cannot be ranked"):
        rank_agreement([1, math.nan], [1, 2])
    with pytest.raises(ValueError, match=r"expected \(n,\) and \(n,\)"):
        rank_agreement([1, 2], [1, 2, 3])
