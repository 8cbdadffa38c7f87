"""Confidence sequences: the e-value against its integral, and what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from a4eval.statistics.sequences import LEAST, confidence_sequence, log_e_value, look

SAMPLES = np.random.default_rng(1).normal(0.4, 1.3, 12)


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.0])
def test_the_e_value_is_the_bayes_factor_of_the_t_statistic(scale):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install 'a4eval[conformance]'")
    integrate = pytest.importorskip("scipy.integrate", reason="scipy is not installed")
    n = len(SAMPLES)
    t = SAMPLES.mean() / SAMPLES.std(ddof=1) * math.sqrt(n)

    def weighed(effect):
        return stats.nct.pdf(t, n - 1, effect * math.sqrt(n)) * stats.norm.pdf(effect, scale=scale)

    alternative = integrate.quad(weighed, -8, 8, limit=200)[0]
    assert math.exp(log_e_value(SAMPLES, scale=scale)) == pytest.approx(alternative / stats.t.pdf(t, n - 1), rel=1e-6)


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_the_sequence_of_symmetric_samples_ends_where_the_e_value_reaches_one_in_alpha(alpha):
    samples = np.concatenate([SAMPLES, 1 - SAMPLES])
    low, high = confidence_sequence(samples, alpha=alpha)
    for end in (low, high):
        assert math.exp(log_e_value(samples, end)) == pytest.approx(1 / alpha, rel=1e-9)
    assert log_e_value(samples, (low + high) / 2) < math.log(1 / alpha)


@pytest.mark.parametrize("turn", [1, -1])
def test_the_sequence_of_skewed_samples_holds_both_sets(turn):
    """That of t, and that of t transformed so that its skewness is gone, found by trying every mean."""
    samples = turn * np.random.default_rng(7).exponential(size=15)
    n, spread = len(samples), samples.std(ddof=1)
    skew = np.mean((samples - samples.mean()) ** 3) / spread**3 * n**2 / ((n - 1) * (n - 2))
    means = np.linspace(samples.mean() - 4, samples.mean() + 4, 400_001)
    t = (samples.mean() - means) / spread
    transformed = t + skew / 3 * t**2 + skew**2 / 27 * t**3 + skew / (6 * n)

    def kept(distance):
        moved = np.array([log_e_value(samples - samples.mean() + one * spread) for one in distance])
        return moved < math.log(20)

    few = slice(None, None, 200)
    held = means[few][kept(t[few]) | kept(transformed[few])]
    found = confidence_sequence(samples)
    assert found == pytest.approx((held.min(), held.max()), abs=0.005)
    symmetric = means[few][kept(t[few])]
    assert found[1] - found[0] > 1.05 * (symmetric.max() - symmetric.min())


def test_too_few_samples_say_nothing_nor_do_some_that_are_all_alike():
    assert confidence_sequence([1.0, 1.1], alpha=0.01) == (-math.inf, math.inf)
    assert confidence_sequence([0.3] * 29) == (-math.inf, math.inf)
    assert confidence_sequence([0.3] * 30) == pytest.approx((0.3, 0.3))
    assert confidence_sequence([1.0, math.nan, 2.0, 1.0, 1.0, 2.0]) == (-math.inf, math.inf)
    clear = [5.0, 5.1] * 10
    assert look(clear[: LEAST - 1], higher_is_better=True).verdict == "undecided"
    assert look(clear, higher_is_better=True).verdict == "better"


def test_swapping_mirrors_and_margins_move_verdicts():
    gaps = np.random.default_rng(2).normal(0.3, 0.05, 20)
    verdicts = {
        (better, margin): look(gaps, higher_is_better=better, margin=margin).verdict
        for better in (True, False)
        for margin in (0.0, 0.3, 0.5)
    }
    assert verdicts == {
        (True, 0.0): "better", (True, 0.3): "undecided", (True, 0.5): "equivalent",
        (False, 0.0): "worse", (False, 0.3): "undecided", (False, 0.5): "equivalent",
    }  # fmt: skip
    assert look(-gaps, higher_is_better=True).verdict == "worse"


@pytest.mark.parametrize("draw", [np.random.Generator.normal, np.random.Generator.exponential])
def test_looking_after_every_sample_is_wrong_at_most_alpha_of_the_time(draw):
    every = draw(np.random.default_rng(3), size=(400, 60))
    every = every - (draw is np.random.Generator.exponential)  # of mean 0
    wrong = sum(
        any(look(samples[:n], higher_is_better=True).verdict != "undecided" for n in range(LEAST, 61))
        for samples in every
    )
    assert wrong / 400 < 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)
