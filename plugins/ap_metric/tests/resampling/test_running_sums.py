"""Running sums of blocks of weights are those of a plain cumulative sum."""

import numpy as np
import pytest
from a4eval_ap_metric.resampling.running_sums import RunningSums, smallest_type
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(0, 2**32 - 1), st.integers(0, 300), st.sampled_from([1, 3, 100, 5000]), st.booleans())
def test_equal_to_a_cumulative_sum(seed, n, most, signed):
    rng = np.random.default_rng(seed)
    slots = rng.integers(0, 20, n)
    ends = rng.integers(0, n + 1, rng.integers(0, 40))
    signs = rng.choice([-1, 1], n).astype(np.int8) if signed else None
    weights = rng.integers(0, most + 1, (20, 3)).astype(smallest_type(most))
    each = weights.astype(np.int64)[slots] * (1 if signs is None else signs[:, None])
    sums = np.concatenate([np.zeros((1, 3), np.int64), np.cumsum(each, axis=0)])
    np.testing.assert_array_equal(RunningSums(slots, ends, signs)(weights), sums[ends].T)


def test_sums_beyond_32_bits():
    sums = RunningSums(np.zeros(40, np.intp), np.array([40]))(np.array([[2**28]], smallest_type(2**28)))
    assert sums.dtype == np.int64
    assert sums.tolist() == [[40 * 2**28]]


@pytest.mark.parametrize(("most", "kind"), [(7, np.int8), (8, np.int16), (2047, np.int16), (2048, np.int32)])
def test_weights_take_the_smallest_type_that_holds_a_piece(most, kind):
    assert smallest_type(most) is kind
