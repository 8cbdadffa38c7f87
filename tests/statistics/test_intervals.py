from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from a4eval.contracts import Value
from a4eval.errors import DataError
from a4eval.statistics import weights
from a4eval.statistics.bootstrap import bootstrap, paired_bootstrap
from a4eval.statistics.corrections import benjamini_hochberg, holm
from a4eval.statistics.mean import t_quantile
from a4eval.statistics.permutation import paired_permutation
from a4eval.statistics.weights import statistic_of

VALUES = np.random.default_rng(7).exponential(size=40)


def mean_of(values):
    return lambda weights: {"mean": weights @ values / weights.sum(axis=1)}


def median_of(values):
    return lambda weights: {"median": np.array([np.median(np.repeat(values, row.astype(int))) for row in weights])}


@pytest.mark.parametrize("method", ["percentile", "bca"])
@pytest.mark.parametrize(("statistic", "function"), [(mean_of, np.mean), (median_of, np.median)])
def test_bootstrap_agrees_with_scipy(method, statistic, function):
    stats = pytest.importorskip("scipy.stats", reason="scipy is the reference")
    resamples = 20_000
    (got,) = bootstrap(statistic(VALUES), 40, np.random.default_rng(0), resamples=resamples, method=method).values()
    expected = stats.bootstrap(
        (VALUES,), function, n_resamples=resamples, method=method, rng=np.random.default_rng(1)
    ).confidence_interval
    # two independent sets of resamples differ by a few standard errors of a 2.5 % quantile
    spread = (expected.high - expected.low) / 4
    assert got.low == pytest.approx(expected.low, abs=0.1 * spread)
    assert got.high == pytest.approx(expected.high, abs=0.1 * spread)
    assert got.method.startswith(f"{method} bootstrap, 20000 resamples")


def test_the_bootstrap_distribution_is_that_of_all_resamples():
    values = np.array([1.0, 2, 4])
    means = [np.mean(one) for one in itertools.product(values, repeat=3)]
    interval = bootstrap(mean_of(values), 3, np.random.default_rng(0), resamples=50_000, level=0.5)["mean"]
    assert interval.low == pytest.approx(np.quantile(means, 0.25, method="inverted_cdf"), abs=1e-12)
    assert interval.high == pytest.approx(np.quantile(means, 0.75, method="inverted_cdf"), abs=1e-12)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_blocks_do_not_change_the_numbers(monkeypatch, method):
    whole = bootstrap(mean_of(VALUES), 40, np.random.default_rng(3), resamples=100, method=method)
    monkeypatch.setattr(weights, "BLOCK_BYTES", 8 * 40 * 7)
    seen = []

    def statistic(weights):
        seen.append(len(weights))
        return mean_of(VALUES)(weights)

    assert bootstrap(statistic, 40, np.random.default_rng(3), resamples=100, method=method) == whole
    assert max(seen) == 7


def test_clusters_are_drawn_together():
    clusters = np.array(["b", "a", "a", "b", "c"])
    seen = []

    def statistic(weights):
        seen.append(weights)
        return {"n": weights.sum(axis=1)}

    bootstrap(statistic, 5, np.random.default_rng(0), resamples=200, clusters=clusters)
    weights = np.concatenate(seen)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 3])
    np.testing.assert_array_equal(weights[:, 1], weights[:, 2])
    assert (weights[:, [0, 1, 4]].sum(axis=1) == 3).all()
    assert (weights[:, 0] != weights[:, 1]).any()


def test_copies_of_units_do_not_narrow_a_cluster_interval():
    repeated, clusters = np.repeat(VALUES, 10), np.repeat(np.arange(40), 10)
    alone = bootstrap(mean_of(VALUES), 40, np.random.default_rng(5))["mean"]
    together = bootstrap(mean_of(repeated), 400, np.random.default_rng(5), clusters=clusters)["mean"]
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high), abs=1e-12)
    naive = bootstrap(mean_of(repeated), 400, np.random.default_rng(5))["mean"]
    assert naive.high - naive.low < 0.5 * (alone.high - alone.low)


def test_grouped_jackknife_is_near_the_full_one():
    values = np.random.default_rng(2).exponential(size=600)
    full = bootstrap(mean_of(values), 600, np.random.default_rng(0), method="bca", jackknife=600)["mean"]
    grouped = bootstrap(mean_of(values), 600, np.random.default_rng(0), method="bca", jackknife=100)["mean"]
    assert grouped.low == pytest.approx(full.low, abs=0.01)
    assert grouped.high == pytest.approx(full.high, abs=0.01)


def test_undefined_resamples_are_left_out_and_said():
    def statistic(weights):
        return {"x": np.where(weights[:, 0] == 0, np.nan, weights @ np.arange(4.0))}

    few = bootstrap(statistic, 4, np.random.default_rng(0), resamples=200)["x"]
    assert math.isfinite(few.low)
    assert "undefined and left out" in few.method
    none = bootstrap(lambda weights: {"x": np.full(len(weights), np.nan)}, 4, np.random.default_rng(0))["x"]
    assert math.isnan(none.low)
    assert math.isnan(none.high)
    bca = bootstrap(lambda weights: {"x": np.full(len(weights), np.nan)}, 4, np.random.default_rng(0), method="bca")[
        "x"
    ]
    assert math.isnan(bca.low)


def test_a_constant_has_no_width():
    interval = bootstrap(mean_of(np.ones(5)), 5, np.random.default_rng(0), method="bca")["mean"]
    assert (interval.low, interval.high) == (1, 1)


def test_paired_bootstrap_sees_a_constant_difference_that_single_ones_cannot():
    better = paired_bootstrap(mean_of(VALUES), mean_of(VALUES + 0.01), 40, np.random.default_rng(0))["mean"]
    assert better.difference == pytest.approx(0.01, abs=1e-12)
    assert better.interval is not None
    assert better.interval.low == pytest.approx(0.01, abs=1e-12)
    assert better.p_value == pytest.approx(2 / 1001)
    same = paired_bootstrap(mean_of(VALUES), mean_of(VALUES), 40, np.random.default_rng(0))["mean"]
    assert same.p_value == 1


def test_paired_bca_is_bca_of_the_difference():
    second = VALUES**2
    paired = paired_bootstrap(mean_of(VALUES), mean_of(second), 40, np.random.default_rng(4), method="bca")["mean"]
    alone = bootstrap(mean_of(second - VALUES), 40, np.random.default_rng(4), method="bca")["mean"]
    assert paired.interval is not None
    assert (paired.interval.low, paired.interval.high) == pytest.approx((alone.low, alone.high), abs=1e-12)
    assert paired.interval.method == "paired bca bootstrap, 1000 resamples"


def combined_mean(first, second):
    both = np.empty(2 * len(first))
    both[0::2], both[1::2] = first, second
    return mean_of(both)


@pytest.mark.parametrize("shift", [0.0, 0.6, 2.0])
def test_paired_permutation_is_the_exact_test(shift):
    rng = np.random.default_rng(11)
    first = rng.normal(size=8)
    second = first + rng.normal(size=8) + shift
    gaps = second - first
    signs = np.array(list(itertools.product([-1, 1], repeat=8)))
    exact = np.mean(np.abs(signs @ gaps) >= abs(gaps.sum()) - 1e-12)
    permutations = 20_000
    got = paired_permutation(combined_mean(first, second), 8, np.random.default_rng(0), permutations=permutations)
    assert got["mean"].difference == pytest.approx(gaps.mean(), abs=1e-12)
    assert got["mean"].p_value == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / permutations) + 1e-4)


def test_clusters_are_swapped_together():
    seen = []

    def combined(weights):
        seen.append(weights)
        return {"x": weights.sum(axis=1)}

    clusters = [0, 0, 1]
    paired_permutation(combined, 3, np.random.default_rng(0), permutations=50, clusters=clusters)
    weights = np.concatenate(seen)
    np.testing.assert_array_equal(weights[:, 0::2] + weights[:, 1::2], 1)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 2])
    assert (weights[:, 0] != weights[:, 4]).any()


@given(st.lists(st.floats(0, 1), max_size=12))
def test_corrections_by_definition(p_values):
    n = len(p_values)
    order = sorted(range(n), key=lambda i: p_values[i])
    by_holm, by_bh = [0.0] * n, [0.0] * n
    for rank, i in enumerate(order):
        by_holm[i] = min(1, max((n - k) * p_values[order[k]] for k in range(rank + 1)))
        by_bh[i] = min(1, *(n / (k + 1) * p_values[order[k]] for k in range(rank, n)))
    np.testing.assert_allclose(holm(p_values), by_holm, atol=1e-14)
    np.testing.assert_allclose(benjamini_hochberg(p_values), by_bh, atol=1e-14)


def test_no_test_stays_no_test():
    np.testing.assert_allclose(holm([0.01, np.nan, 0.02]), [0.02, np.nan, 0.02])
    np.testing.assert_allclose(benjamini_hochberg([0.01, np.nan, 0.02]), [0.02, np.nan, 0.02])


def test_a_metric_becomes_a_function_of_weights():
    class Mean:
        names = ("mean",)

        def compute(self, weights=None):
            weights = np.ones(40) if weights is None else weights
            return {"mean": Value(float(weights @ VALUES / weights.sum()))}

    class Fast(Mean):
        def compute_many(self, weights):
            return mean_of(VALUES)(weights)

    weights = np.random.default_rng(0).integers(0, 3, (4, 40)).astype(float)
    slow, fast = statistic_of(Mean())(weights), statistic_of(Fast())(weights)
    np.testing.assert_allclose(slow["mean"], fast["mean"], rtol=1e-14)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"resamples": 0}, "resamples: got 0"),
        ({"level": 95}, "level: got 95"),
        ({"method": "magic"}, "method: got 'magic'"),
        ({"clusters": [1, 2]}, r"clusters: got shape \(2,\)"),
    ],
)
def test_bad_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        bootstrap(mean_of(VALUES), 40, np.random.default_rng(0), **arguments)


def test_no_units_are_refused():
    with pytest.raises(DataError, match="no units"):
        bootstrap(mean_of(VALUES), 0, np.random.default_rng(0))


def test_intervals_cover_the_truth():
    # 600 data sets: the share covered has a standard error of 0.9 %
    covered = 0
    for seed in range(600):
        rng = np.random.default_rng(seed)
        interval = bootstrap(mean_of(rng.normal(size=100)), 100, rng, resamples=400)["mean"]
        covered += interval.low <= 0 <= interval.high
    assert 0.92 <= covered / 600 <= 0.97


@pytest.mark.parametrize("n", [3, 5])
def test_an_expanded_interval_of_very_few_is_students_with_the_spread_of_the_resamples(n):
    values = np.random.default_rng(n).normal(size=n)
    found = bootstrap(mean_of(values), n, np.random.default_rng(0), resamples=40_000, method="expanded")["mean"]
    reach = t_quantile(0.95, n - 1) * values.std(ddof=1) / n**0.5
    assert (found.low, found.high) == pytest.approx((values.mean() - reach, values.mean() + reach), rel=0.03)
    assert found.method == "student's t from an expanded bootstrap, 40000 resamples"


@pytest.mark.parametrize(("values", "said"), [([1.0, 2.0], "2 units tell too little"), ([1.0] * 9, "9 units do not")])
def test_of_two_units_and_of_few_that_are_all_alike_there_is_no_interval(values, said):
    n = len(values)
    found = bootstrap(mean_of(np.array(values)), n, np.random.default_rng(0), resamples=50, method="expanded")["mean"]
    assert np.isnan([found.low, found.high]).all()
    assert said in found.method
    many = bootstrap(mean_of(np.ones(10)), 10, np.random.default_rng(0), resamples=50, method="expanded")["mean"]
    assert (many.low, many.high) == (1, 1)


def test_predictions_that_are_the_same_differ_by_nothing_however_few_units_there_are():
    same = mean_of(np.array([1.0, 2.0, 3.0]))
    found = paired_bootstrap(same, same, 3, np.random.default_rng(0), resamples=50, method="expanded")["mean"]
    assert (found.interval.low, found.interval.high, found.p_value) == (0, 0, 1)
