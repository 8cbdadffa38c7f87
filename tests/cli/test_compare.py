"""``a4eval compare``: what differs, what it means, and what cannot be said."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ..pages import read_page

RNG = np.random.default_rng(5)
FIRST = RNG.normal(size=60).round(3)
NOISE = RNG.normal(0, 0.1, 60)


def compared(cli, *arguments):
    done = cli("compare", *map(str, arguments), "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def rows(found):
    return {row["name"]: row for row in found["metrics"]}


def test_every_verdict(cli, hits):
    one = hits("one", FIRST)
    others = {name: hits(name, (FIRST + NOISE + shift).round(3)) for name, shift in (("up", 0.1), ("down", -0.1))}
    up, down = (rows(one)["accuracy"]["verdict"] for one in compared(cli, one, *others.values()))
    assert (up, down) == ("better", "worse")
    (up,) = compared(cli, one, others["up"])
    error = rows(up)["error"]
    assert (error["verdict"], error["difference"]) == ("better", pytest.approx(-rows(up)["accuracy"]["difference"]))
    (wide,) = compared(cli, one, others["up"], "--margin", "accuracy=0.5")
    assert (rows(wide)["accuracy"]["verdict"], rows(wide)["error"]["verdict"]) == ("equivalent", "better")
    (on_the_edge,) = compared(cli, one, others["up"], "--margin", "accuracy=0.1")
    row = rows(on_the_edge)["accuracy"]
    assert (row["verdict"], row["not_worse"], row["unresolvable"]) == ("undecided", "passed", False)
    assert row["more_units"] > 0


def test_what_else_differs_comes_first(cli, hits):
    one = hits("one", FIRST)
    two = hits("two", FIRST + 0.5, "seed=3", interval="{resamples: 400, seed: 3}")
    done = cli("compare", "one", "two")
    assert done.code == 0
    lines = done.out.splitlines()
    places = [
        next(i for i, line in enumerate(lines) if word in line) for word in ("what else differs", "seed", "corrected p")
    ]
    assert places == sorted(places)
    assert "note: accuracy is no pair: the units are the same, but other weights were drawn" in done.out
    (found,) = compared(cli, one, two)
    assert {"what": "seed", "baseline": 0, "candidate": 3} in found["differs"]
    (same,) = compared(cli, one, one)
    assert same["differs"] == []


def test_parts_are_corrected_together_and_the_worst_is_first(cli, hits):
    second = FIRST + NOISE
    second[30:] -= 0.4
    one, two = hits("one", FIRST), hits("two", second)
    (found,) = compared(cli, one, two)
    late, early = found["parts"]["accuracy"]
    assert (late["name"], late["verdict"], early["name"]) == ("late", "worse", "early")
    assert late["p_holm"] == pytest.approx(2 * late["p"], rel=1e-9)
    assert "parts of accuracy, the worst first" in cli("compare", "one", "two").out


def test_the_page_says_which_p_is_corrected(cli, hits, tmp_path):
    hits("one", FIRST)
    hits("two", FIRST + NOISE + 0.1)
    assert cli("report", "one", "two", "--baseline", "one").code == 0
    page = read_page((tmp_path / "report.html").read_text())
    header, *rows = page.tables["Candidate minus baseline, metrics"]
    (found,) = compared(cli, "one", "two")
    exact = {row["name"]: row["p_holm"] for row in found["metrics"]}
    shown = {row[header.index("name")]: row[header.index("corrected p")] for row in rows}
    assert {name: float(one) for name, one in shown.items()} == exact
    assert " accuracy, error" in page.words, "better"


def test_so_few_units_that_nothing_could_be_told(cli, hits):
    (found,) = compared(
        cli,
        *(hits(name, FIRST[:5] + shift, interval="{resamples: 20000}") for name, shift in (("one", 0), ("two", 10))),
    )
    row = rows(found)["accuracy"]
    assert (row["verdict"], row["unresolvable"]) == ("undecided", True)
    assert row["smallest_p"] == pytest.approx(2 * 2 * 0.5**5)


def test_the_detectable_difference_is_that_of_the_paired_t_test(cli, hits):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install 'a4eval[conformance]'")

    second = FIRST + NOISE
    (found,) = compared(cli, hits("one", FIRST), hits("two", second))
    error = np.std(second - FIRST, ddof=1) / np.sqrt(60)
    expected = (stats.t.ppf(0.975, 59) + stats.norm.ppf(0.8)) * error
    assert rows(found)["accuracy"]["detectable"] == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--margin", "acuracy=0.1"], "there is no metric 'acuracy'; did you mean 'accuracy'?"),
        (["--margin", "accuracy=-1"], "--margin: got 'accuracy=-1', expected METRIC=NUMBER that is not negative"),
        (["--margin", "0.1"], "--margin: got '0.1', expected METRIC=NUMBER"),
        (["--alpha", "5"], "--alpha: got 5.0, expected a number between 0 and 1"),
    ],
)
def test_wrong_options_are_one_line(cli, hits, arguments, words):
    hits("one", FIRST)
    done = cli("compare", "one", "one", *arguments)
    assert done.code == 2
    assert words in done.err
    assert len(done.err.splitlines()) == 1


def test_sweeps_are_compared_gated_and_ranked(cli, sweep_of):
    def points(layer, shift):
        draw = np.random.default_rng
        return [
            (
                {"layer": layer, "length": length},
                seed,
                shift + draw([seed, length]).normal() + 0.1 * draw(seed).normal(),
            )
            for length in (10, 20)
            for seed in range(10)
        ]

    sweep_of("one", points("lstm", 0))
    sweep_of("two", points("gru", -1))
    (found,) = compared(cli, "one", "two", "--margin", "accuracy=0.1")
    assert rows(found)["accuracy"]["verdict"] == "worse"
    assert [one["what"] for one in found["differs"]] == ["config.task.layer"]
    assert {one["name"] for one in found["parts"]["accuracy"]} == {"task.length=10", "task.length=20"}
    assert len(found["profiles"]["accuracy"]) == 10
    shown = cli("compare", "one", "two", "--profile").out
    assert "problems of accuracy, the worst first" in shown
    assert "performance profile of accuracy" in shown
    assert cli("gate", "one", "two", "--metric", "accuracy").code == 3
    assert cli("gate", "two", "one", "--metric", "accuracy", "--parts", "accuracy=0").code == 0
    assert cli("gate", "one", "one", "--metric", "accuracy/interquartile_mean", "accuracy>=-5").code == 0
    assert cli("gate", "one", "accuracy>=5").code == 3
    sweep_of("both", [*points("lstm", 0), *points("gru", -1)])
    ranked = json.loads(cli("rank", "both", "--over", "task.layer", "--metric", "accuracy", "--json").out)
    assert [one["name"] for one in ranked["candidates"]] == ["task.layer=lstm", "task.layer=gru"]
    assert [one["last_rank"] for one in ranked["candidates"]] == [1, 2]
    assert "the best of 2 looks better" in cli("rank", "both", "--over", "task.layer", "--metric", "accuracy").out


def test_options_of_sweeps_are_refused_for_records(cli, hits):
    hits("one", FIRST)
    done = cli("compare", "one", "one", "--by", "task.length")
    assert (done.code, done.err) == (2, "a4eval: error: --by: is for sweeps; each of these holds one run\n")
