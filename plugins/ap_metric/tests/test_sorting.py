"""Sorting by radix is the stable sort."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric.sorting import descending_order, ragged_ranges, small_integer_order

N = 6000
RNG = np.random.default_rng(0)
SCORES = {
    "short decimals": np.round(RNG.random(N), 3),
    "six decimals": np.round(RNG.random(N), 6),
    "float32": RNG.random(N).astype(np.float32).astype(np.float64),
    "float64": RNG.random(N),
    "above one": RNG.random(N) * 1e5,
    "negative": RNG.normal(size=N),
    "all the same": np.full(N, 0.25),
    "zeros of both signs": np.where(RNG.random(N) < 0.5, -0.0, 0.0),
    "infinite": np.where(RNG.random(N) < 0.1, np.inf, RNG.random(N)),
    "NaN": np.where(RNG.random(N) < 0.1, np.nan, RNG.random(N)),
    "tiny": RNG.random(N) * 1e-310,
    "few": RNG.random(10),
}


@pytest.mark.parametrize("name", SCORES)
def test_descending_order_is_the_stable_sort(name):
    scores = SCORES[name]
    np.testing.assert_array_equal(descending_order(scores), np.argsort(-scores, kind="stable"))


@pytest.mark.parametrize("bound", [1, 200, 256, 257, 65536, 65537, 2**20, 2**32, 2**40])
def test_small_integer_order_is_the_stable_sort(bound):
    keys = RNG.integers(0, bound, N)
    np.testing.assert_array_equal(small_integer_order(keys, bound), np.argsort(keys, kind="stable"))


def test_ragged_ranges_of_nothing():
    assert ragged_ranges(np.empty(0, int), np.empty(0, int)).tolist() == []
    assert ragged_ranges(np.array([3, 9]), np.array([0, 0])).tolist() == []


def test_many_scores_as_float32_are_ordered_as_such():
    scores = np.random.default_rng(0).random(10_001).astype(np.float32)
    np.testing.assert_array_equal(descending_order(scores), np.argsort(-scores, kind="stable"))
