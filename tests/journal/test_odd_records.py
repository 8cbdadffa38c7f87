"""Listing takes what it finds: mixed types, odd files, thousands of rows; one bad file hides nothing else."""

from __future__ import annotations

import json
import os

import pytest

from a4eval.journal import query

VALUES = [3, "b", [1, 2], None, True, {"a": 1}, 2.5, "a", [0], "NaN"]


def line(place, value, **more):
    """Return a record whose task was given *value*."""
    return json.dumps(
        {
            "schema_version": 1,
            "run_id": f"run{place}",
            "status": "ok",
            "overrides": [f"task.y={json.dumps(value)}"],
            "metrics": {"m": {"value": place}},
            "config": {"task": {"name": "probe", "y": value}},
            "timing": {"wall_seconds": 1.0},
            **more,
        }
    )


@pytest.fixture
def mixed(tmp_path):
    (tmp_path / "results.jsonl").write_text("".join(line(*pair) + "\n" for pair in enumerate(VALUES)))
    return tmp_path


def test_values_of_all_types_have_an_order(mixed):
    rows = query.read(mixed).rows
    expected = [True, 2.5, 3, "a", "b", [0], [1, 2], {"a": 1}]
    assert [row.get("task.y") for row in query.order(rows, "task.y")][:8] == expected
    assert [row.get("task.y") for row in query.order(rows, "-task.y")][:8] == expected[::-1]
    for sign in ("<", ">=", "=", "!="):
        for value in ("3", "b", "[1,2]", "null"):
            query.keep(rows, [f"task.y{sign}{value}"])


@pytest.mark.parametrize("form", [[], ["--csv"], ["--json"]])
def test_they_are_listed(cli, mixed, form):
    done = cli("ls", ".", "--sort", "-task.y", *form)
    assert (done.code, done.err) == (0, "")
    assert done.out.count("\n") > len(VALUES)


ODD = {
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "empty": lambda path: path.touch(),
    "no UTF-8": lambda path: path.write_bytes(b'{"run_id": "\xff", "status": "ok"}'),
    "no UTF-8 in the config": lambda path: path.write_bytes(line(11, "x").encode().replace(b'"x"', b'"\xff"')),
    "deep": lambda path: path.write_text('{"run_id": "a", "status": "ok", "more": ' + "[" * 100_000),
    "deep, whole": lambda path: path.write_text(line(12, "x").replace('"x"', "[" * 90_000 + "]" * 90_000)),
    "another's": lambda path: path.write_text('{"accuracy": 1}'),
    "a list": lambda path: path.write_text("[1, 2]"),
    "dates that are none": lambda path: path.write_text(line(13, 1, started=None, finished=None)),
    "other types": lambda path: path.write_text(line(14, 1, timing={"wall_seconds": None}, error={"type": None})),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
@pytest.mark.parametrize("name", ["result.json", "results.jsonl"])
def test_one_bad_file_hides_nothing_else(cli, mixed, make, name):
    (mixed / "sub").mkdir()
    make(mixed / "sub" / name)
    done = cli("ls", ".", "--columns", "run_id,started,task.y,error.type,timing.wall_seconds", "--sort", "started")
    assert done.code == 0, done.err
    assert "run9" in done.out
    assert done.err.count("\n") <= 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_hides_nothing_else(cli, mixed):
    (mixed / "sub").mkdir()
    (mixed / "sub" / "result.json").touch(0o000)
    done = cli("ls", ".")
    assert done.code == 0
    assert "1 unreadable line passed over" in done.err


@pytest.mark.parametrize(
    "text",
    ["started: 2026-13-45\n", "description: 2026-01-01\n", "description: [a, {b: c}]\n", "- 1\n", "d: !!x y\n",
     "a: " + "[" * 5000, "\x00", "description: null\n", "? [1]\n: 2\n", "{1: 2}: 3\n", ""],
)  # fmt: skip
def test_an_odd_experiment_hides_no_other(cli, tmp_path, text):
    folder = tmp_path / "mine" / "experiment"
    folder.mkdir(parents=True)
    (folder / "odd.yaml").write_text(text)
    (folder / "good.yaml").write_text("# @package _global_\ndescription: a good one\n")
    done = cli("experiments", "--config-dir", "mine")
    assert (done.code, done.err) == (0, "")
    assert "a good one" in done.out
    assert "odd" in done.out


TAKEN_AWAY = [
    ["~task"],
    ["-m", "~task", "seed=1,2"],
    ["-m", "hydra.sweeper=null"],
    ["-m", "hydra.sweep=null"],
    ["-m", "hydra.sweeper.params=3"],
    ["-m", "hydra.sweeper.params=[a]"],
    ["hydra.run=null"],
    ["executor=null"],
]


@pytest.mark.usefixtures("probe")
@pytest.mark.parametrize("words", TAKEN_AWAY, ids=" ".join)
def test_what_is_taken_away_from_a_config_is_one_line(cli, tmp_path, words):
    done = cli("run", "experiment=probe", *words)
    assert done.code == 2
    assert done.err.startswith("a4eval: error: ")
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("probe")
def test_without_its_seed_a_run_is_that_of_seed_0(cli):
    for name, words in {"a": ["~seed"], "b": ["seed=0"]}.items():
        assert cli("run", "experiment=probe", f"hydra.run.dir={name}", *words).code == 0
    ids = {cli("ls", name, "--columns", "run_id", "--csv").out for name in "ab"}
    assert len(ids) == 1


@pytest.mark.usefixtures("probe")
def test_a_task_given_by_its_name_alone(cli):
    done = cli("run", "task=probe", "hydra.run.dir=out")
    assert done.code == 0
    assert "probe (seed 0)" in done.out
