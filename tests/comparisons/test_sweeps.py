"""Two sweeps as a pair: points matched, seeds drawn, and what is said of the rest."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import ConfigError, DataError
from a4eval.comparisons.opened import finished
from a4eval.comparisons.ranking import rank
from a4eval.comparisons.seeds import SweepOptions, SweepPair
from a4eval.statistics import scores

RNG = np.random.default_rng(11)
SEEDS = range(8)


def points(layer, shift=0.0, lengths=(10, 20), seeds=SEEDS, noise=0.1, **more):
    """Points whose scores share what the seed gives."""
    found = []
    for length in lengths:
        for seed in seeds:
            base = np.random.default_rng([seed, length]).normal(0, 1)
            value = shift + base + noise * np.random.default_rng([seed, length, round(1000 + shift * 100)]).normal()
            found.append(({"layer": layer, "length": length, **more}, seed, value))
    return found


def paired(first, second, **options):
    return SweepPair(finished(first).runs, finished(second).runs, SweepOptions(**options))


def matrix(given):
    lengths = dict.fromkeys(task["length"] for task, _, _ in given)
    return np.array([[value for task, _, value in given if task["length"] == one] for one in lengths])


def test_points_are_paired_by_what_both_sweeps_vary(sweep_of):
    one, two = points("lstm"), points("gru", 0.5)
    found = paired(sweep_of("one", one), sweep_of("two", two[::-1]))
    assert list(found.parts["accuracy"]) == ["task.length=10", "task.length=20"]
    first, second = matrix(one), matrix(two)
    values = found.values
    for name, of in (
        ("accuracy", scores.mean_score),
        ("accuracy/interquartile_mean", scores.interquartile_mean),
        ("accuracy/median", scores.median_score),
    ):
        assert values[name].first == pytest.approx(of(first), rel=1e-12)
        assert values[name].difference.observed == pytest.approx(of(second) - of(first), rel=1e-9)
    improvement = values["accuracy/probability_of_improvement"]
    assert improvement.second == pytest.approx(scores.probability_of_improvement(first, second), abs=1e-12)
    interval = values["accuracy"].interval
    assert interval.method == "paired expanded bootstrap, 9999 resamples of 8 seeds"
    gaps = (second - first).mean(axis=0)
    half = 2.365 * gaps.std(ddof=1) / 8**0.5
    assert (interval.low, interval.high) == pytest.approx((gaps.mean() - half, gaps.mean() + half), abs=0.3 * half)
    assert found.notes == ["2 problems, 8 seeds, each drawn with all problems together"]


def test_a_sweep_against_itself_is_the_same_everywhere_and_swapping_turns_every_sign(sweep_of):
    one, two = sweep_of("one", points("lstm")), sweep_of("two", points("gru", 0.2))
    for compared in paired(one, one).values.values():
        assert (compared.difference.observed, float(np.abs(compared.difference.values).max())) == (0, 0)
    there, back = paired(one, two), paired(two, one)
    for name, compared in there.values.items():
        other = back.values[name]
        np.testing.assert_allclose(compared.difference.values, -other.difference.values, atol=1e-12)
        assert compared.interval.low == pytest.approx(-other.interval.high, abs=1e-12)


def test_seeds_of_one_alone_are_left_out_and_other_seeds_are_no_pairs(sweep_of):
    one = sweep_of("one", points("lstm"))
    fewer = paired(one, sweep_of("two", points("gru", 0.5, seeds=range(2, 8))))
    assert fewer.notes[0] == "left out: seed 0, 1, with which not every point was run"
    assert "6 seeds" in fewer.values["accuracy"].interval.method
    others = paired(one, sweep_of("three", points("gru", 0.5, seeds=range(20, 28))))
    assert others.notes[0].startswith("the seeds are others: runs are no pairs")
    interval = others.values["accuracy"].interval
    assert interval.method.startswith("unpaired")
    near = paired(one, sweep_of("four", points("gru", 0.5))).values["accuracy"].interval
    assert interval.high - interval.low > 3 * (near.high - near.low)


def test_problems_of_one_alone_are_named(sweep_of):
    found = paired(sweep_of("one", points("lstm", lengths=(10, 20))), sweep_of("two", points("gru", lengths=(20, 30))))
    assert found.notes[:2] == ["task.length=10: in the baseline only", "task.length=30: in the candidate only"]
    assert found.parts == {}
    assert found.values["accuracy"].difference.groups == 8


def test_points_that_cannot_be_told_apart_are_refused(sweep_of):
    one = sweep_of("one", points("lstm", lengths=(10,)))
    two = sweep_of("two", points("gru", lengths=(10,), rate=1) + points("gru", 0.1, lengths=(10,), rate=2))
    with pytest.raises(
        ConfigError, match=r"the candidate has two points of seed 0, which differ in task\.rate; .*--by"
    ):
        paired(one, two)
    with pytest.raises(ConfigError, match=r"--by: there is no key 'task\.lenght'.*did you mean 'task\.length'"):
        paired(one, one, by=("task.lenght",))
    with pytest.raises(DataError, match="no point of the one is a point of the other"):
        paired(one, two, by=("task.layer",))


def test_independent_problems_have_draws_of_their_own(sweep_of):
    one, two = sweep_of("one", points("lstm", lengths=(10, 20, 30))), sweep_of("two", points("gru", 0.2, (10, 20, 30)))
    together, apart = paired(one, two), paired(one, two, independent=True)
    assert (together.values["accuracy"].difference.groups, apart.values["accuracy"].difference.groups) == (8, 3 * 7 + 1)
    assert apart.notes == ["3 problems, 8 seeds, each problem with draws of its own"]


def units(layer, shift, seeds=range(6), n=40):
    of_units = np.random.default_rng(5).normal(0, 1, n)
    return [
        ({"layer": layer}, seed, of_units + shift + np.random.default_rng([seed, len(layer)]).normal(0, 0.1, n))
        for seed in seeds
    ]


def test_units_are_drawn_too_where_all_runs_kept_them(sweep_of):
    found = paired(sweep_of("one", units("lstm", 0)), sweep_of("two", units("gru", 0.3)))
    compared = found.values["accuracy"]
    assert compared.interval.method == "paired expanded bootstrap, 300 resamples of 6 seeds and 40 units"
    assert found.notes == ["6 seeds", "accuracy: the 40 units of every point are drawn too"]
    # what units have in common cancels: it is far narrower than the units' spread alone would make it
    assert compared.interval.high - compared.interval.low < 0.2 < 2 / 40**0.5


def test_units_with_other_resamples_are_not_drawn_and_that_is_said(sweep_of):
    found = paired(
        sweep_of("one", units("lstm", 0), drawn_by=lambda seed: seed),
        sweep_of("two", units("gru", 0.3), drawn_by=lambda seed: seed),
    )
    assert found.values["accuracy"].interval.method == "paired expanded bootstrap, 9999 resamples of 6 seeds"
    assert "accuracy: seeds are drawn, units are not: points have other resamples of them" in found.notes[1]


def test_a_profile_falls_and_the_better_one_lies_above(sweep_of):
    found = paired(sweep_of("one", points("lstm")), sweep_of("two", points("gru", 2.0)))
    rows = found.profile("accuracy")
    for side in ("baseline", "candidate"):
        shares = [row[side] for row in rows]
        assert shares == sorted(shares, reverse=True)
    assert all(row["difference"] >= 0 for row in rows)
    assert any(row["low"] > 0 for row in rows)


def test_the_optimality_gap_of_an_error_is_what_it_exceeds_its_target_by(sweep_of):
    one = sweep_of("one", points("lstm"))
    gap = paired(one, one, targets={"accuracy": 1.0}).values["accuracy/optimality_gap"]
    assert gap.first == pytest.approx(scores.optimality_gap(matrix(points("lstm")), 1.0))
    assert gap.higher_is_better is False


def test_a_ranking_finds_the_best_and_does_not_tell_equals_apart(sweep_of):
    shifts = {"a": 0.0, "b": 0.01, "c": 3.0, "d": -3.0}
    made = [one for layer, shift in shifts.items() for one in points(layer, shift, seeds=range(25))]
    folder = sweep_of("one", made)
    found = rank(finished(folder).runs, ["task.layer"], "accuracy")
    assert [one.name.rpartition("=")[2] for one in found.candidates] == ["c", "b", "a", "d"]
    assert [one.ranks for one in found.candidates] == [(1, 1), (2, 3), (2, 3), (4, 4)]
    assert found.candidates[0].best == 1
    assert found.held_out.value == pytest.approx(found.candidates[0].mean)
    assert found.candidates[3].behind == pytest.approx(-6, abs=0.2)
    assert found.candidates[3].p_holm < 0.05


@pytest.mark.parametrize("count", [1, 2])
def test_a_ranking_of_too_few_seeds_is_undecided_and_says_so(sweep_of, cli, count):
    made = [one for layer, shift in (("a", 0.0), ("b", 5.0)) for one in points(layer, shift, seeds=range(count))]
    folder = sweep_of("one", made)
    found = rank(finished(folder).runs, ["task.layer"], "accuracy")
    assert [(one.ranks, one.best) for one in found.candidates] == [((1, 2), None)] * 2
    assert any(note.startswith(f"which is best is undecided: {count} seed") for note in found.notes)
    text = cli("rank", str(folder), "--over", "task.layer", "--metric", "accuracy").out
    assert "nan" not in text
    assert "100%" not in text
    assert "undecided" in text


def test_what_a_ranking_cannot_do_is_one_line(sweep_of):
    runs = finished(sweep_of("one", [*points("a"), *points("b", lengths=(30,))])).runs
    with pytest.raises(DataError, match=r"have no problem in common; they differ in task\.length: give --by KEY"):
        rank(runs, ["task.layer"], "accuracy")
    with pytest.raises(ConfigError, match=r"all points have task\.name=train: there is nothing to rank"):
        rank(runs, ["task.name"], "accuracy")
    with pytest.raises(ConfigError, match="there is no metric in all points 'acuracy'; did you mean 'accuracy'"):
        rank(finished(sweep_of("two", [*points("a"), *points("b")])).runs, ["task.layer"], "acuracy")
