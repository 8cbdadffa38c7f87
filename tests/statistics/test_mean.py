"""The mean of samples and its interval of Student's t."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import mean_value
from a4eval.statistics.mean import t_quantile


@pytest.mark.parametrize("level", [0.01, 0.5, 0.9, 0.95, 0.99, 0.9999])
@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 10, 30, 31, 100, 1000, 1_000_000])
def test_quantiles_equal_scipy(freedom, level):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install 'a4eval[conformance]'")
    assert t_quantile(level, freedom) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-8)


def test_quantiles_that_have_closed_forms():
    for level in (0.1, 0.9, 0.999):
        assert t_quantile(level, 1) == pytest.approx(np.tan(np.pi * level / 2), rel=1e-12)
        assert t_quantile(level, 2) == pytest.approx(level * np.sqrt(2 / (1 - level**2)), rel=1e-12)


def test_the_interval_equals_scipy():
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install 'a4eval[conformance]'")
    samples = np.random.default_rng(0).exponential(size=7)
    for level in (0.8, 0.95):
        expected = stats.ttest_1samp(samples, 0).confidence_interval(level)
        got = mean_value(samples, level=level).interval
        assert (got.low, got.high) == pytest.approx((expected.low, expected.high), rel=1e-12)
        assert (got.level, got.method) == (level, "student_t")


def test_the_interval_covers_what_it_says():
    rng = np.random.default_rng(1)
    intervals = [mean_value(rng.normal(3, 2, size=4), level=0.9).interval for _ in range(4000)]
    assert np.mean([one.low <= 3 <= one.high for one in intervals]) == pytest.approx(0.9, abs=0.015)


def test_intervals_stay_within_bounds():
    value = mean_value([1.0, 1.0, 0.7], bounds=(0, 1))
    assert value.interval.high == 1
    assert value.interval.low < 0.7
    assert mean_value([0.4]).interval is None
    assert mean_value([0.4, np.inf]).interval is None


@pytest.mark.parametrize(
    ("samples", "level", "message"),
    [([], 0.95, r"samples: got shape \(0,\)"), ([[1.0]], 0.95, r"shape \(1, 1\)"), ([1.0], 1.0, "level: got 1.0")],
)
def test_bad_arguments(samples, level, message):
    with pytest.raises(ValueError, match=message):
        mean_value(samples, level=level)
