"""`a4eval ls`: what it reads, sorts, filters and prints."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest

from a4eval.errors import ConfigError, DataError
from a4eval.journal import query
from a4eval.journal.views import number


def record(x, *, status="ok", value=None, better=True, seed=0, **more):
    """Return a record as JSON text."""
    metrics = {} if value is None else {"value": {"value": value, "unit": "1", "higher_is_better": better}}
    content = {
        "schema_version": 1,
        "run_id": f"run{x}-{seed}",
        "sweep_id": "s",
        "experiment": "probe",
        "status": status,
        "started": "2026-01-01T00:00:00+00:00",
        "finished": "2026-01-01T00:00:01+00:00",
        "config": {"task": {"name": "probe", "x": x, "sizes": [x, 2]}, "seed": seed},
        "overrides": ["experiment=probe", f"task.x={x}", f"seed={seed}"],
        "seed": seed,
        "metrics": metrics,
        "timing": {"wall_seconds": 0.5 * x},
        "executor": {"name": "local", "node": "here", "attempt": 1},
        "error": None if status == "ok" else {"type": "DataError", "message": "no", "traceback": ""},
        "tables": {"t": [{"a": number} for number in range(20)]},
    }
    return json.dumps(content | more)


@pytest.fixture
def folder(tmp_path):
    lines = [
        record(1, status="failed"),
        record(1, value=0.1),
        record(1, status="interrupted"),
        record(2, value=0.9),
        record(3, value="NaN"),
        record(4, value=0.5),
        record(5, status="failed"),
    ]
    (tmp_path / "results.jsonl").write_text("\n".join(lines) + "\n" + record(6, value=1)[:80])
    (tmp_path / "single").mkdir()
    (tmp_path / "single" / "result.json").write_text(record(7, value=0.7))
    return tmp_path


def xs(rows):
    return [row.get("task.x") for row in rows]


def test_reads_the_record_of_each_run_that_counts_and_counts_the_torn(folder):
    found = query.read(folder)
    assert {row.run_id: row.status for row in found.rows} == {
        "run1-0": "ok",
        "run2-0": "ok",
        "run3-0": "ok",
        "run4-0": "ok",
        "run5-0": "failed",
        "run7-0": "ok",
    }
    assert found.torn == 1


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("value>0.4", [2, 4, 7]),
        ("metrics.value<=0.5", [1, 4]),
        ("status=failed", [5]),
        ("status!=ok", [5]),
        ("task.x>=4", [4, 5, 7]),
        ("config.task.x = 2", [2]),
        ("config.task.sizes.0==3", [3]),
        ("timing.wall_seconds<1.1", [1, 2]),
        ("experiment=probe", [1, 2, 3, 4, 5, 7]),
        ("error.type=DataError", [5]),
        ("error.type=ValueError", []),
        ("seed=0", [1, 2, 3, 4, 5, 7]),
    ],
)
def test_conditions(folder, condition, expected):
    assert xs(query.keep(query.read(folder).rows, [condition])) == expected


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("age>1h", "age is a number of seconds, and '1h' is none"),
        ("seed<5x", "seed is a number, and '5x' is none"),
        ("task.x>=true", "task.x is a number, and 'true' is none"),
        ("timing.wall_seconds<=null", "timing.wall_seconds is a number, and 'null' is none"),
        ("value<[1]", "value is a number, and '[1]' is none"),
    ],
)
def test_numbers_are_ordered_by_numbers_alone(folder, condition, reason):
    with pytest.raises(ConfigError) as refused:
        query.keep(query.read(folder).rows, [condition])
    assert reason in str(refused.value)


def test_texts_are_ordered_as_such_and_any_value_may_equal_a_text(folder):
    rows = query.read(folder).rows
    assert query.keep(rows, ["started>=2026-01-01"]) == query.keep(rows, ["started<2027"]) == rows
    assert query.keep(rows, ["seed=5x"]) == query.keep(rows, ["experiment<probe"]) == []
    assert query.keep(rows, ["seed!=5x"]) == rows


def test_parts_of_an_unfinished_run_are_no_runs(folder):
    for name, mark in (("unfinished", False), ("run/unfinished", True)):
        (folder / name).mkdir(parents=True)
        (folder / name / "results.jsonl").write_text(record(8, value=1) if mark else record(9, value=1))
        if mark:
            (folder / name / ".a4eval").write_text('"results.jsonl"')
    assert sorted(xs(query.read(folder).rows)) == [1, 2, 3, 4, 5, 7, 9], "a user's folder of that name is as any other"
    assert xs(query.read(folder / "run" / "unfinished").rows) == [8], "what is asked for by its name is read"


def test_an_unknown_key_is_named_with_the_nearest(folder):
    rows = query.read(folder).rows
    with pytest.raises(ConfigError, match="no key 'valeu' in the records; did you mean 'value'"):
        query.keep(rows, ["valeu>1"])
    with pytest.raises(ConfigError, match=r"no key 'config\.task\.y'"):
        query.check_key(rows, "config.task.y")
    for key in ("status", "metrics", "metrics.value", "config", "task", "error.message", "executor.node", "seed"):
        query.check_key(rows, key)


def test_all_conditions_must_hold(folder):
    assert xs(query.keep(query.read(folder).rows, ["value>0.4", "task.x<4"])) == [2]


def test_a_condition_that_cannot_be_read(folder):
    with pytest.raises(ConfigError, match="cannot read the condition 'value'"):
        query.keep(query.read(folder).rows, ["value"])


def test_order_puts_the_best_first_and_nan_last(folder):
    rows = query.read(folder).rows
    assert xs(query.order(rows, "value")) == [2, 7, 4, 1, 3, 5]
    assert xs(query.order(rows, "-value")) == [1, 4, 7, 2, 3, 5]
    assert xs(query.order(rows, "task.x")) == [1, 2, 3, 4, 5, 7]
    assert xs(query.order(rows, "-metrics.value")) == [1, 4, 7, 2, 3, 5]


def test_a_loss_is_best_when_low(tmp_path):
    lines = [record(1, value=3, better=False), record(2, value=1, better=False), record(3, value=2, better=False)]
    (tmp_path / "results.jsonl").write_text("\n".join(lines) + "\n")
    assert xs(query.order(query.read(tmp_path).rows, "value")) == [2, 3, 1]


def test_columns_are_what_differs(folder):
    assert query.columns(query.read(folder).rows) == ["status", "task.x", "path", "metrics.value"]


def test_non_finite_numbers_come_back():
    assert math.isnan(number("NaN"))
    assert number("-Infinity") == -math.inf
    assert number("name") == "name"


def test_an_empty_folder_says_so(tmp_path):
    with pytest.raises(DataError, match="no record of a4eval here"):
        query.read(tmp_path)


def test_ls_prints_a_table_json_and_csv(place):
    assert place.sweep("task.x=1,2,3", "task.fail=[2]").code == 1
    shown = place.run("ls", "sweep")
    assert shown.code == 0
    assert "3 runs: 2 ok, 1 failed\n" in shown.out
    rows = json.loads(place.run("ls", "sweep", "status=ok", "--sort", "value", "--json").out)
    assert [row["task.x"] for row in rows] == [3, 1]
    text = place.run(
        "ls", "sweep", "--csv", "--columns", "task.x,status,task.fail", "--sort", "-task.x", "--limit", "2"
    ).out
    assert list(csv.reader(io.StringIO(text))) == [
        ["task.x", "status", "task.fail"],
        ["3", "ok", "[2]"],
        ["2", "failed", "[2]"],
    ]
    assert place.run("ls", "sweep", "status~ok").code == 2


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--sort", "valeu"], "there is no key 'valeu' in the records; did you mean 'value'?"),
        (["--columns", "value,stauts"], "there is no key 'stauts' in the records; did you mean 'status'?"),
        (["valeu>1"], "there is no key 'valeu' in the records; did you mean 'value'?"),
        (["--csv", "--json"], "choose one of --csv and --json"),
    ],
)
def test_a_slip_in_ls_is_one_line(place, options, text):
    (place.folder / "results.jsonl").write_text(record(1, value=1) + "\n")
    done = place.run("ls", ".", *options)
    assert (done.code, done.err) == (2, f"a4eval: error: {text}\n")


def test_where_no_key_is_near_what_most_likely_was_meant_comes_first(place):
    (place.folder / "results.jsonl").write_text(f"{record(1, value=1)}\n{record(2, value=2)}\n")
    error = place.run("ls", ".", "zzz>1").err
    told = "value, task.x, experiment, status, verdict, seed, age, started, path, app"
    assert f"no key 'zzz' in the records; known: {told}" in error


@pytest.mark.parametrize("form", ["--csv", "--json", "--limit=5"])
def test_whole_parts_of_a_record_can_be_columns(place, form):
    (place.folder / "results.jsonl").write_text(record(1, value=1) + "\n")
    done = place.run("ls", ".", "--columns", "metrics,config,data,executor", form)
    assert (done.code, done.err) == (0, "")
    assert "higher_is_better" in done.out or form == "--limit=5"


@pytest.mark.parametrize("name", ["results.jsonl", "sweep.json", ".lock"])
def test_a_folder_in_place_of_a_file_is_one_line(place, name):
    (place.folder / "sweep" / name).mkdir(parents=True)
    done = place.sweep("task.x=1,2")
    assert done.code in (1, 2)
    assert done.err.startswith("a4eval: error: ")
    assert name in done.err
    assert len(done.err.splitlines()) == 1


def test_a_sweep_sorted_by_what_is_not_there_says_so(place):
    done = place.sweep("task.x=range(0,25)", "sort=valeu")
    assert done.code == 0
    assert "a4eval: warning: sort: there is no key 'valeu' in the records; did you mean 'value'?" in done.err


def test_ten_thousand_records(tmp_path):
    (tmp_path / "results.jsonl").write_text("".join(record(x, value=x / 7) + "\n" for x in range(10_000)))
    rows = query.order(query.keep(query.read(tmp_path).rows, ["metrics.value>100"]), "value")
    assert len(rows) == 9299


def test_records_of_several_files_say_where_they_are(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.jsonl").write_text(record(int(name == "two"), value=1.5) + "\n")
    rows = query.read(tmp_path).rows
    assert [row.get("path") for row in rows] == [str(tmp_path / name / "results.jsonl") for name in ("one", "two")]
    assert "path" in query.columns(rows)
    assert "path" not in query.columns(query.read(tmp_path / "one").rows)
    assert query.keep(rows, [f"path={tmp_path / 'two' / 'results.jsonl'}"]) == rows[1:]
