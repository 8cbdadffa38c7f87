"""A sweep on the terminal: what was swept first, a grid of two keys and one number, blocks where nothing is shared."""

from __future__ import annotations

import msgspec
import pytest

from a4eval.errors import ConfigError
from a4eval.journal.views import Row
from a4eval.results.sweep_table import print_sweep


def row(overrides, metrics, experiment="one"):
    config = {"task": {}}
    for override in overrides:
        key, _, value = override.partition("=")
        config["task"][key.removeprefix("task.")] = msgspec.json.decode(value)
    values = {name: {"value": value, "higher_is_better": True} for name, value in metrics.items()}
    record = {
        "run_id": " ".join([experiment, *overrides]), "status": "ok", "overrides": overrides, "metrics": values,
        "config": config, "timing": {}, "executor": {}, "experiment": experiment,
    }  # fmt: skip
    return msgspec.json.decode(msgspec.json.encode(record), type=Row)


def printed(capsys, rows, sort=None):
    print_sweep(iter(rows), len(rows), sort)
    return [line.split() for line in capsys.readouterr().out.splitlines()]


@pytest.fixture(autouse=True)
def _width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def test_what_was_swept_stands_first(capsys):
    lines = printed(capsys, [row([f"task.k={k}"], {"a": k / 2, "b": k}) for k in (1, 2, 3)])
    assert lines[0] == ["task.k", "a", "b"]
    assert lines[2:] == [["1", "0.5", "1"], ["2", "1", "2"], ["3", "1.5", "3"]]


def test_a_long_value_is_shown_by_its_ends(capsys):
    rows = [row([f'task.k="{"a" * 400}{k}"'], {"m": k, "n": -k}) for k in (1, 2)]
    lines = printed(capsys, rows)
    assert lines[0] == ["task.k", "m", "n"]
    assert lines[2:] == [[f"{'a' * 19}…{'a' * 19}{k}", str(k), str(-k)] for k in (1, 2)]
    print_sweep(iter(rows[:1]), 1, None, ["task.k"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize("extra", [False, True])
def test_two_keys_and_one_number_are_a_grid(capsys, extra):
    other = {"other": 0} if extra else {}
    rows = [
        row([f"task.fillers={n}", f'task.layer="{layer}"'], other | {"accuracy": n})
        for n in (3, 10, 30)
        for layer in ("rnn", "lstm")
    ]
    lines = printed(capsys, rows, "accuracy" if extra else None)
    assert lines[0] == ["accuracy,", "by", "task.layer", "(down)", "and", "task.fillers", "(across)"]
    assert lines[1] == ["task.layer", "3", "10", "30"]
    assert lines[3:] == [["rnn", "3", "10", "30"], ["lstm", "3", "10", "30"]]


def test_several_numbers_of_two_keys_are_a_table(capsys):
    rows = [row([f"task.a={a}", f"task.b={b}"], {"m": a, "n": b}) for a in (1, 2) for b in (3, 4)]
    assert printed(capsys, rows)[0] == ["task.a", "task.b", "m", "n"]


def test_of_many_points_the_best_are_shown(capsys):
    lines = printed(capsys, [row([f"task.k={k}"], {"a": k}) for k in range(100)])
    assert lines[0] == ["best", "by", "a"]
    assert lines[3:] == [[str(k), str(k)] for k in range(99, 89, -1)]


def test_experiments_that_share_no_number_are_shown_one_by_one(capsys):
    lines = printed(capsys, [row([], {"a": 1.5}, "first"), row([], {"b": 2}, "second")])
    assert lines == [["first"], ["a", "=", "1.5"], ["second"], ["b", "=", "2"]]


def test_a_key_that_is_nowhere_is_named(capsys):
    with pytest.raises(ConfigError, match="did you mean 'accuracy'"):
        printed(capsys, [row(["task.k=1"], {"accuracy": 1}), row(["task.k=2"], {"accuracy": 1})], "acuracy")
