"""Seeds drawn, and units with them: variances against what is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from a4eval.statistics import replicates, scores
from a4eval.statistics.replicates import Replicates, resample_runs


def mean(drawn):
    return {"mean": scores.mean_score(drawn[0])}


def difference(drawn):
    return {"gap": scores.mean_score(drawn[1]) - scores.mean_score(drawn[0])}


def runs(values, seeds=None, under=None, groups=0):
    values = np.asarray(values, float)
    return Replicates(tuple(range(len(values))) if seeds is None else tuple(seeds), values, under, groups)


def test_one_problem_is_the_plain_bootstrap_of_its_seeds():
    values = np.array([0.0, 1.0, 5.0])
    drawn = resample_runs([[runs(values)]], mean, np.random.default_rng(0), resamples=50_000)["mean"]
    every = [np.mean(one) for one in itertools.product(values, repeat=3)]
    assert drawn.observed["mean"] == 2
    assert drawn.groups == 3
    assert drawn.values["mean"].std() == pytest.approx(np.std(every), rel=0.02)
    assert np.mean(drawn.values["mean"] == 0) == pytest.approx(1 / 27, rel=0.1)


def test_pairs_are_drawn_together_and_others_apart():
    values = np.random.default_rng(1).normal(size=8)
    same = [[runs(values)], [runs(values + 0.5)]]
    assert np.ptp(resample_runs(same, difference, np.random.default_rng(0))["gap"].values["gap"]) < 1e-12
    apart = [[runs(values)], [runs(values + 0.5, seeds=range(8, 16))]]
    spread = resample_runs(apart, difference, np.random.default_rng(0))["gap"].values["gap"].std()
    assert spread == pytest.approx(np.sqrt(2 / 8) * values.std(), rel=0.03)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("others", [range(3, 11), range(5, 8)])
def test_which_of_two_is_the_first_changes_only_the_sign(together, others):
    rng = np.random.default_rng(4)
    one = [runs(rng.normal(size=8)) for _ in range(2)]
    other = [runs(rng.normal(size=len(others)), seeds=others) for _ in range(2)]
    there, back = (
        resample_runs(both, difference, np.random.default_rng(0), together=together)["gap"]
        for both in ([one, other], [other, one])
    )
    np.testing.assert_allclose(there.values["gap"], -back.values["gap"], atol=1e-12)
    assert there.groups == back.groups


def test_problems_drawn_together_keep_what_their_seeds_share_and_independent_ones_have_the_variance_of_a_mean():
    rng = np.random.default_rng(2)
    shared = rng.normal(size=5)
    candidate = [runs(shared + 0.01 * rng.normal(size=5)) for _ in range(10)]
    together = resample_runs([candidate], mean, np.random.default_rng(0))["mean"]
    assert (together.groups, together.values["mean"].std()) == (5, pytest.approx(shared.std() / 5**0.5, rel=0.05))
    rows = [rng.normal(size=3) for _ in range(12)]
    apart = resample_runs([[runs(row) for row in rows]], mean, np.random.default_rng(0), together=False)["mean"]
    # unbiased however few seeds there are: the sum of the problems' s² / n
    expected = np.sqrt(sum(row.var(ddof=1) / 3 for row in rows)) / 12
    assert (apart.groups, apart.values["mean"].std()) == (12 * 2 + 1, pytest.approx(expected, rel=0.03))


def test_seeds_and_units_add_their_variances():
    rng = np.random.default_rng(3)
    of_seeds, of_units = rng.normal(0, 0.2, 30), rng.normal(0, 1.0, 100)
    weights = rng.multinomial(100, np.full(100, 0.01), size=4000) / 100
    under = (weights @ of_units)[None, :] + of_seeds[:, None]
    one = runs(of_seeds + of_units.mean(), under=under, groups=100)
    drawn = resample_runs([[one]], mean, np.random.default_rng(0))["mean"]
    seeds, units = of_seeds.var() / 30, of_units.var() / 100
    assert drawn.resamples == 4000
    assert drawn.values["mean"].var() == pytest.approx(seeds + units, rel=0.06)
    satterthwaite = (seeds + units) ** 2 / (seeds**2 / 29 + units**2 / 99)
    assert drawn.groups == pytest.approx(satterthwaite + 1, rel=0.1)
    alone = resample_runs([[one.of([4])]], mean, np.random.default_rng(0))["mean"]
    assert alone.groups == 100, "one seed: its units alone"
    assert alone.values["mean"].var() == pytest.approx(units, rel=0.06)


def test_blocks_do_not_change_what_is_drawn(monkeypatch):
    one = runs(np.arange(4.0), under=np.arange(4.0)[:, None] + np.arange(100) / 100, groups=50)
    monkeypatch.setattr(replicates, "BLOCK", 28)
    drawn = resample_runs([[one]], mean, np.random.default_rng(0))["mean"].values["mean"]
    assert len(drawn) == 100
    assert np.allclose(drawn % 0.25, (np.arange(100) / 100) % 0.25), "each with the units of its own resample"


def test_a_single_seed_says_nothing_of_seeds():
    drawn = resample_runs([[runs([1.0])], [runs([2.0])]], difference, np.random.default_rng(0), resamples=10)["gap"]
    assert drawn.groups == 1
