"""Aggregates of repeated runs, against scipy and rliable."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval.statistics import scores

RNG = np.random.default_rng(7)
MATRICES = [
    RNG.normal(size=(26, 5)),
    RNG.exponential(size=(3, 7)),
    RNG.integers(0, 3, (4, 9)).astype(float),
    RNG.normal(size=(1, 1)),
]


@pytest.mark.parametrize("given", MATRICES, ids=lambda one: str(one.shape))
def test_the_interquartile_mean_is_scipys_trimmed_mean(given):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install 'a4eval[conformance]'")
    assert scores.interquartile_mean(given) == pytest.approx(stats.trim_mean(given, 0.25, axis=None), rel=1e-12)


@pytest.mark.parametrize("given", MATRICES[:3], ids=lambda one: str(one.shape))
def test_all_are_rliables(given):
    peer = pytest.importorskip("rliable.metrics", reason="rliable is not installed: pip install rliable")
    of_runs = given.T
    assert scores.mean_score(given) == pytest.approx(peer.aggregate_mean(of_runs), rel=1e-12)
    assert scores.median_score(given) == pytest.approx(peer.aggregate_median(of_runs), rel=1e-12)
    assert scores.interquartile_mean(given) == pytest.approx(peer.aggregate_iqm(of_runs), rel=1e-12)
    for target in (0.5, 1.0):
        gap = peer.aggregate_optimality_gap(of_runs, gamma=target)
        assert scores.optimality_gap(given, target) == pytest.approx(gap, rel=1e-12)
    other = np.concatenate([given[:, :2] + 0.3, given], axis=1)
    for first, second in ((given, other), (other, given), (given, given)):
        expected = peer.probability_of_improvement(second.T, first.T)
        assert scores.probability_of_improvement(first, second) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("given", MATRICES, ids=lambda one: str(one.shape))
def test_the_profile_counts_the_runs_above_each_level(given):
    above = np.linspace(-1, 2, 7)
    expected = [np.mean([np.mean([score > level for score in row]) for row in given]) for level in above]
    assert scores.performance_profile(given, above).tolist() == pytest.approx(expected, abs=1e-12)


def test_the_probability_of_improvement_counts_pairs():
    first, second = RNG.integers(0, 4, 6), RNG.integers(0, 4, 5)
    wins = [(y > x) + 0.5 * (y == x) for x in first for y in second]
    assert scores.probability_of_improvement(first, second) == pytest.approx(np.mean(wins), abs=1e-12)
    assert scores.probability_of_improvement(second, first) == pytest.approx(1 - np.mean(wins), abs=1e-12)


def test_rows_of_unlike_length_count_each_problem_alike():
    rows = [np.array([0.0, 1.0]), np.array([0.5, 0.5, 2.0])]
    assert scores.mean_score(rows) == pytest.approx((0.5 + 1) / 2)
    assert scores.performance_profile(rows, [0.6]).tolist() == pytest.approx([(1 / 2 + 1 / 3) / 2])
    assert scores.optimality_gap(rows) == pytest.approx(1 - (0.5 + 2 / 3) / 2)


@pytest.mark.parametrize(
    "function",
    [
        scores.mean_score,
        scores.interquartile_mean,
        scores.median_score,
        scores.optimality_gap,
        lambda rows: scores.performance_profile(rows, [0.1, 0.4]),
        lambda rows: scores.probability_of_improvement(rows, [row[..., ::-1] + 0.1 for row in rows]),
    ],
)
def test_resamples_at_once_are_resamples_one_by_one(function, monkeypatch):
    monkeypatch.setattr(scores, "BLOCK", 40)  # several blocks of comparisons
    rows = [RNG.normal(size=(6, 4)), RNG.normal(size=(6, 3))]
    together = function(rows)
    for number in range(6):
        np.testing.assert_allclose(together[number], function([row[number] for row in rows]), rtol=1e-12)


@pytest.mark.parametrize("function", [scores.mean_score, scores.interquartile_mean, scores.median_score])
def test_a_run_without_a_score_is_not_left_out(function):
    assert np.isnan(function([[1.0, np.nan, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]]))


def test_no_problem_and_no_run_are_refused():
    for nothing in ([], [[1.0], []]):
        with pytest.raises(ValueError, match="expected problems with at least one run each"):
            scores.mean_score(nothing)
    with pytest.raises(ValueError, match="must have the same problems, got 1 and 2"):
        scores.probability_of_improvement([1.0], [[1.0], [2.0]])
