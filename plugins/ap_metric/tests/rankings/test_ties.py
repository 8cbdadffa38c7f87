"""The order of equal scores."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from a4eval_ap_metric import average_precision, ranking_order, tie_range
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=6))
@pytest.mark.parametrize("interpolation", ["step", "every_point", "11_point", "101_point"])
def test_tie_range_is_that_of_all_orders(interpolation, items):
    scores = np.array([one[0] for one in items])
    relevance = np.array([one[1] for one in items])
    if not relevance.any():
        assert np.isnan(tie_range(scores, relevance)).all()
        return
    every = [
        average_precision(scores[list(order)], relevance[list(order)], interpolation=interpolation)
        for order in permutations(range(len(items)))
    ]
    assert tie_range(scores, relevance, interpolation=interpolation) == pytest.approx((min(every), max(every)))


def test_trec_ties_need_documents():
    with pytest.raises(ValueError, match="no document ids"):
        ranking_order([1.0], ties="trec")


def test_trec_compares_scores_as_they_are():
    scores = [0.1, 0.1 + 1e-12]  # one and the same as float32
    np.testing.assert_array_equal(ranking_order(scores, ties="trec", documents=["z", "a"]), [1, 0])
    np.testing.assert_array_equal(ranking_order([0.1, 0.1], ties="trec", documents=["a", "z"]), [1, 0])
