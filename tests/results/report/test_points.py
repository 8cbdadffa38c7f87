"""What a sweep's page says of its points, against a count by hand."""

from __future__ import annotations

import random
import re
from statistics import fmean, pvariance

import msgspec
import pytest

from a4eval import mean_value
from a4eval.journal.views import Row, VerdictEntry
from a4eval.results.report.build import report
from a4eval.results.report.points import honest_best, importance, points
from a4eval.results.report.sweep import sweep

from ...pages import read_page, sweep_lines


@pytest.fixture(scope="module")
def rows():
    return [msgspec.json.decode(line, type=Row) for line in sweep_lines(fail=0)]


def test_what_was_swept_and_which_number_is_looked_at(rows):
    found = points(rows)
    assert (found.metric, found.keys, found.seeds) == (
        "accuracy",
        ["task.rate", "task.depth", "task.cell"],
        [0, 1, 2, 3, 4],
    )
    assert len(found.points) == 300
    assert found.best().value == max(row.metrics["accuracy"].value for row in rows)
    assert points(rows, "loss").best().value == min(row.metrics["loss"].value for row in rows)


def test_a_metric_that_is_the_same_in_all_tells_no_best(rows):
    same = msgspec.structs.replace(rows[0].metrics["accuracy"], value=1.0)
    for row in rows:
        row.metrics = {"same": same, **row.metrics}
    assert points(rows).metric == "accuracy"
    assert points(rows[:1]).metric == "same"


def test_the_mean_at_a_value_has_the_interval_of_the_seeds(rows):
    found = points(rows)
    mean, value = found.marginal("task.cell", "gru")
    by_seed = [
        fmean(r.metrics["accuracy"].value for r in rows if r.seed == seed and "task.cell=gru" in r.overrides)
        for seed in range(5)
    ]
    assert mean == pytest.approx(fmean(by_seed))
    assert value.interval == mean_value(by_seed).interval


def test_main_effects_of_a_grid(rows):
    found = points(rows)
    shares = dict(importance(found))
    values = [one.value for one in found.points]
    for key in found.keys:
        means = [found.marginal(key, value)[0] for value in found.values(key)]
        assert shares[key] == pytest.approx(pvariance(means) / pvariance(values)), "each value has as many points"
    assert sum(shares.values()) < 1
    assert list(shares) == sorted(shares, key=lambda key: -shares[key])


def test_the_best_of_many_without_the_luck_of_the_choice():
    """All settings are alike: the best one is better by luck alone, and that is taken off again."""
    lines = sweep_lines(fail=0)
    picked, honest = [], []
    for shift in range(40):
        rows = [msgspec.json.decode(line, type=Row) for line in lines]
        noise = random.Random(shift)
        for row in rows:
            row.metrics["accuracy"].value = noise.gauss(0.5, 0.1)
        found = honest_best(points(rows))
        assert found.out_of == 60
        picked.append(found.picked)
        honest.append(found.honest)
    assert fmean(picked) > 0.57
    assert fmean(honest) == pytest.approx(0.5, abs=0.02), "40 × 5 draws of standard deviation 0.1: 3 standard errors"


def test_settings_without_every_seed_take_no_part(rows):
    assert honest_best(points(rows[1:])).out_of == 59
    assert honest_best(points([row for row in rows if row.seed == 0])) is None


def test_the_page_of_a_sweep(sweep_folder):
    page = read_page(report([sweep_folder], None))
    header, *found = page.tables["points"]
    assert header == ["point", "status", "task.rate", "task.depth", "task.cell", "seed", "accuracy", "loss"]
    wanted = [msgspec.json.decode(line, type=Row) for line in sweep_lines()]
    assert len(found) == 300
    for row, given in zip(found, wanted, strict=True):
        assert row[1] == given.status
        assert f"task.rate={float(row[2])!r}" in given.overrides
        if given.status == "ok":
            assert row[6] == given.metrics["accuracy"].value
    assert "298 ok" in page.text
    assert "2 failed" in page.text
    assert page.tables["what did not end well"][1][1] == "the loss is NaN; lower task.rate"
    for title in ("accuracy by task.cell", "What decides accuracy", "Every point, key by key", "Best accuracy so far"):
        assert title in page.text
    assert {address[1:] for address in page.addresses()} <= set(page.ids)


def test_a_mark_leads_to_the_row_of_its_point(sweep_folder):
    text = report([sweep_folder], None)
    _, *table = read_page(text).tables["points"]
    figure = re.search(r'<figure id="c0".*?</figure>', text, re.DOTALL)[0]
    assert 'data-table="all-points"' in figure
    marks = re.findall(r'<circle cx=([\d.]+) cy=([\d.]+) r=2.3 data-row="(\d+)"/>', figure)
    assert len(marks) == 298
    across: dict[str, set[str]] = {}
    heights = []
    for x, y, place in marks:
        row = table[int(place)]
        across.setdefault(row[4], set()).add(x)
        heights.append((row[6], float(y)))
    assert all(len(places) == 1 for places in across.values()), "each cell has its own place"
    (low, bottom), (high, top) = min(heights), max(heights)
    for value, y in heights:
        assert y == pytest.approx(bottom + (value - low) / (high - low) * (top - bottom), abs=0.11)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_sweep_of_hardly_any_points_has_a_page(rows, count):
    found = sweep(rows[:count])
    assert found.sections


def several_experiments():
    """Return the rows of two experiments, one of which has no depth, with failures and verdicts among them."""
    deep = [msgspec.json.decode(line, type=Row) for line in sweep_lines(seeds=1, fail=2, rates=(1e-3, 1e-2))]
    for place, row in enumerate(deep):
        if place % 2:
            row.experiment, row.run_id = "flat", f"f{row.run_id}"
            row.overrides = [one for one in row.overrides if "depth" not in one]
            row.config = msgspec.Raw(b'{"description": "Without depth?", "task": {}}')
    deep[3].verdict = VerdictEntry("passed")
    deep[4].verdict = VerdictEntry("failed", ["it is worse"])
    deep[5].verdict = VerdictEntry("undecided")
    return deep


def test_each_run_is_counted_once(rows):
    top = sweep(several_experiments()).top
    counts = dict(reversed(one.split(" ", 1)) for one in re.findall(r'class="badge[^"]*">([^<]*)<', top))
    assert counts == {"failed": "2", "ok": "19", "passed": "1", "judged failed": "1", "undecided": "1"}
    assert sum(map(int, counts.values())) == len(several_experiments()) == 24


def test_every_experiment_is_described(rows):
    assert "<p>Which cell?</p>" in sweep(rows).top
    top = sweep(several_experiments()).top
    assert "<p><strong>study</strong>: Which cell?</p>" in top
    assert "<p><strong>flat</strong>: Without depth?</p>" in top


def test_a_key_that_some_points_do_not_have(rows):
    several = several_experiments()
    found = points(several)
    assert found.values("task.depth") == [1, 2, 4, "not set"]
    page = "".join(section.content for section in sweep(several).sections)
    assert "None" not in page
    figure = re.search(r"<figure[^>]*><figcaption><h3>accuracy by task.depth.*?</figure>", page, re.DOTALL)[0]
    flat = sum("depth" not in " ".join(row.overrides) and row.status == "ok" for row in several)
    assert f"{flat} points without task.depth left out." in figure
    assert len(re.findall(r"r=2.3 data-row", figure)) == 22 - flat
    typed = points([replaced(row, "task.depth=null") for row in several])
    assert "null" in typed.values("task.depth")


def replaced(row, override):
    overrides = [override if override.split("=")[0] in one and "=1" in one else one for one in row.overrides]
    return msgspec.structs.replace(row, overrides=overrides)


def test_a_traceback_of_each_kind_of_error(rows):
    several = several_experiments()
    several[9].status, several[9].error = "failed", {"type": "OSError", "message": "gone", "traceback": "where it was"}
    failed = next(one for one in sweep(several).sections if one.name == "failed").content
    assert "2 × DataError, 1 × OSError" in failed
    assert re.findall(r"<summary>(Traceback[^<]*)", failed) == [
        "Traceback of the last DataError",
        "Traceback of the last OSError",
    ]
    assert "where it was" in failed
