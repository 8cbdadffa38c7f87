"""Means and their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt.statistics import mean_value, t_quantile


@pytest.mark.parametrize("freedom", [1, 2, 10, 30, 31, 100, 1000])
def test_students_t(freedom):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install 'a4eval[conformance]'")
    assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-3)


def test_intervals_stay_within_bounds():
    value = mean_value([1.0, 1.0, 0.7], bounds=(0, 1))
    assert value.interval.high == 1
    assert value.interval.low < 0.7
    assert mean_value([0.4]).interval is None
    assert mean_value([0.4, np.inf]).interval is None
