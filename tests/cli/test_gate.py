"""``a4eval gate``: exit statuses, rules in a file, and what it writes."""

from __future__ import annotations

import hashlib
import json
import os
from xml.etree import ElementTree as ET

import numpy as np
import pytest

RNG = np.random.default_rng(6)
FIRST = RNG.normal(size=60).round(3)
NOISE = RNG.normal(0, 0.1, 60)


@pytest.fixture
def runs(hits):
    """A baseline, one that is worse by 0.1, and one that may be."""
    hits("base", FIRST)
    hits("worse", FIRST + NOISE - 0.1)
    hits("perhaps", FIRST + NOISE - NOISE.mean() - 0.02)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["base", "--metric", "accuracy"], 0),
        (["worse", "--metric", "accuracy"], 3),
        (["worse", "--metric", "accuracy", "--margin", "0.5"], 0),
        (["worse", "--metric", "error"], 3),
        (["perhaps", "--metric", "accuracy", "--margin", "0.02"], 4),
        (["perhaps", "--margin", "accuracy=0.02", "--undecided", "pass"], 0),
        (["perhaps", "--margin", "accuracy=0.02", "--undecided", "fail"], 3),
        (["worse", "--parts", "accuracy=0"], 3),
        (["base", "--metric", "accuracy", "accuracy>=100"], 3),
    ],
)
def test_exit_statuses(cli, runs, arguments, status):
    done = cli("gate", "base", *arguments)
    assert done.code == status, done.out + done.err


def test_the_text_says_why(cli, runs):
    done = cli("gate", "base", "worse", "--metric", "accuracy", "--margin", "0.01")
    assert done.out.startswith("failed: 1 failed of 1\n  failed: accuracy not worse by more than 0.01: accuracy: ")
    assert "worse by more than 0.01 (p 0.0" in done.out
    undecided = cli("gate", "base", "perhaps", "--margin", "accuracy=0.021")
    assert "it may be worse by more than 0.021; about " in undecided.out


@pytest.mark.parametrize("width", [60, 80])
def test_the_text_fits_the_terminal_and_is_whole_in_a_file(cli, runs, monkeypatch, tmp_path, width):
    monkeypatch.setenv("COLUMNS", str(width))
    words = ["--margin", "accuracy=0.021"]
    done = cli("gate", "base", "perhaps", *words)
    assert all(len(line) <= width for line in done.out.splitlines()), done.out
    table = cli("compare", "base", "perhaps").out.splitlines()
    assert all(len(line) <= width for line in table if not line.startswith("columns that")), table
    monkeypatch.delenv("COLUMNS")
    whole = cli("gate", "base", "perhaps", *words).out
    assert done.out.split() == whole.split()
    assert max(map(len, whole.splitlines())) > 80


def test_what_only_one_of_them_has_is_said(cli, hits):
    hits("base", FIRST)
    hits("more", FIRST, "task.prefix=true")
    done = cli("gate", "base", "more", "accuracy/error<99", "--cost", "cpu_seconds=1")
    assert "  differs: config.task.prefix: not there → True\n" in done.out, done.err


def test_limits_are_held_against_the_interval_where_there_is_one(cli, hits):
    values = [1.0] * 30 + [0.0] * 30
    hits("sure", values)
    hits("bare", values, interval=None)
    assert cli("gate", "sure", "accuracy>=0.2").code == 0
    assert cli("gate", "sure", "accuracy >= 0.8").code == 3
    assert cli("gate", "sure", "accuracy<=0.52").code == 4
    assert cli("gate", "sure", "error<0.9", "accuracy>0.1").code == 0
    bare = cli("gate", "bare", "accuracy>=0.5")
    assert (bare.code, "accuracy >= 0.5: it is 0.5\n" in bare.out) == (0, True)
    assert cli("gate", "bare", "accuracy>0.5").code == 3


def test_points_that_failed_are_noted(cli, sweep_of):
    """Whichever the rules, and also where a single point ended well."""
    for name, ended in (("many", 3), ("single", 1)):
        journal = sweep_of(name, [({"x": x}, 0, 0.5) for x in range(ended + 2)]) / "results.jsonl"
        lines = journal.read_text().splitlines()
        lines[-2:] = [line.replace('"status": "ok"', '"status": "failed"') for line in lines[-2:]]
        journal.write_text("\n".join(lines) + "\n")
        note = "left out: 2 points of the candidate that did not end well"
        alone = cli("gate", name, "accuracy<=1")
        assert (alone.code, alone.out.count(f"  note: {note}\n")) == (0, 1), alone.out + alone.err
        assert json.loads(cli("gate", name, "accuracy<=1", "--format", "json").out)["notes"] == [note]
        both = cli("gate", name, name, "--metric", "accuracy", "accuracy<=1").out
        assert (both.count(note), both.count(note.replace("candidate", "baseline"))) == (1, 1)
        assert note in cli("gate", name, name, "accuracy<=1").out


def test_lines_that_cannot_be_read_are_noted(cli, sweep_of):
    journal = sweep_of("sent", [({"x": x}, 0, 0.5) for x in range(3)]) / "results.jsonl"
    journal.write_bytes(journal.read_bytes()[:-30])
    note = "left out: 1 unreadable line of the candidate"
    assert f"note: {note}\n" in cli("gate", "sent", "accuracy<=1").out
    for command in (("compare", "sent", "sent"), ("gate", "sent", "sent", "--metric", "accuracy")):
        out = cli(*command).out
        assert note in out, out
        assert note.replace("candidate", "baseline") in out, out


def test_what_differs_is_told_of_points_that_are_alike(cli, sweep_of):
    """Whichever of a sweep's points ended first."""
    sweep_of("first", [({"x": 1}, seed, 0.5) for seed in (1, 0)])
    sweep_of("second", [({"x": 1}, seed, 0.5) for seed in (0, 1)])
    assert "seed" not in cli("gate", "first", "second", "accuracy<=1").out


RULES = """
margins: {accuracy: 0.01}
parts: {accuracy: 0.5}
limits: [error <= 100]
"""


def test_rules_in_a_file(cli, runs, tmp_path):
    (tmp_path / "gate.yaml").write_text(RULES)
    done = cli("gate", "base", "worse", "--rules", "gate.yaml", "--format", "json")
    assert done.code == 3
    found = json.loads(done.out)
    assert [(one["rule"], one["outcome"]) for one in found["rules"]] == [
        ("accuracy not worse by more than 0.01", "failed"),
        ("each part of accuracy not worse by more than 0.5", "passed"),
        ("error <= 100", "passed"),
    ]
    assert (found["outcome"], found["metrics"][0]["verdict"]) == ("failed", "worse")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("margin: {accuracy: 1}", "gate.yaml.margin: unknown key; did you mean 'margins'?"),
        ("margins: {acuracy: 0.1}", "there is no metric 'acuracy'; did you mean 'accuracy'?"),
        ("margins: {accuracy: small}", "gate.yaml.margins: got {'accuracy': 'small'}, expected dict[str, float]"),
        ("margins: {accuracy: -1}", "gate.yaml.margins.accuracy: got -1.0, expected at least 0 and finite"),
        ("costs: {cpu_secs: 0.1}", "gate.yaml.costs: there is no 'cpu_secs'; did you mean 'cpu_seconds'?"),
        ("limits: [accuracy]", "gate.yaml: cannot read the limit 'accuracy'; write METRIC>=NUMBER"),
        ("undecided: maybe", "gate.yaml.undecided: got 'maybe', expected 'pass' | 'fail' | None"),
        ("alpha: 7", "gate.yaml.alpha: got 7.0, expected above 0 and below 1"),
        ("[1, 2]", "gate.yaml: got [1, 2], expected a mapping with margins, parts, costs, limits, alpha, undecided"),
        ("{", "not valid YAML"),
        ("", "gate.yaml: holds no rule; give margins, parts, costs or limits"),
        ("parts: {mean: 0.1}", "there is no metric with parts 'mean'; known: accuracy"),
    ],
)
def test_wrong_rules_are_one_line_and_exit_2(cli, runs, tmp_path, text, words):
    (tmp_path / "gate.yaml").write_text(text)
    done = cli("gate", "base", "worse", "--rules", "gate.yaml")
    assert done.code == 2, done.out
    assert words in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["base", "worse"], "there is no rule; give --metric NAME"),
        (["base", "--metric", "accuracy"], "a margin needs a baseline"),
        (["a", "b", "c", "--metric", "x"], "got 3 records, expected RECORD or BASELINE CANDIDATE"),
        (["base", "worse", "--margin", "0.1"], "a number alone is the margin of --metric"),
        (["base", "acc>1"], "there is no metric 'acc'"),
        (["base", "worse", "--rules", "nowhere.yaml"], "nowhere.yaml: cannot be read: No such file or directory"),
    ],
)
def test_wrong_commands_are_one_line_and_exit_2(cli, runs, arguments, words):
    done = cli("gate", *arguments)
    assert done.code == 2, done.out
    assert words in done.err
    assert len(done.err.splitlines()) == 1


def test_junit(cli, runs, tmp_path):
    done = cli("gate", "base", "worse", "--metric", "accuracy", "error<=100", "--format", "junit", "-o", "gate.xml")
    assert done.code == 3
    assert done.out.startswith("failed: 1 failed, 1 passed of 2")
    suite = ET.parse(tmp_path / "gate.xml").getroot().find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    broken, kept = suite.findall("testcase")
    assert (broken.get("name"), kept.get("name")) == ("accuracy not worse", "error <= 100")
    assert "worse (p" in broken.find("failure").get("message")
    assert kept.find("failure") is None
    undecided = cli("gate", "base", "perhaps", "--margin", "accuracy=0.02", "--format", "junit").out
    assert ET.fromstring(undecided).find("testsuite").get("errors") == "1"


def test_markdown(cli, hits):
    hits("base", FIRST)
    hits("two", FIRST + NOISE, "seed=1")
    done = cli("gate", "base", "two", "--margin", "accuracy=1", "--format", "markdown")
    assert done.code == 0
    assert done.out.startswith(
        "### ✅ passed: 1 passed of 1\n\n|  | rule | what came of it |\n| --- | --- | --- |\n| ✅ |"
    )
    assert "<details><summary>What else differs</summary>" in done.out
    assert "| seed | 0 | 1 |" in done.out


def test_special_characters_are_escaped():
    from a4eval.results.gated import _cell

    assert _cell("<b>|`x`\n@team [a](b)") == "\\<b\\>\\|\\`x\\` \\@team \\[a\\](b)"


def test_a_file_that_cannot_be_written_is_said(cli, runs):
    done = cli("gate", "base", "base", "--metric", "accuracy", "-o", "no/such/folder.md")
    assert done.code == 2
    assert "no/such/folder.md: cannot be written: No such file or directory" in done.err


@pytest.mark.parametrize("forged", [["worse"], ["base", "worse"]])
def test_resamples_that_are_infinite_decide_nothing(cli, runs, tmp_path, forged):
    for name in forged:
        with np.load(tmp_path / name / "resamples.npz") as arrays:
            content = dict(arrays)
        content["0/values/drawn"] = np.full_like(content["0/values/drawn"], np.inf)
        np.savez(tmp_path / name / "resamples.npz", **content)
        record = json.loads((tmp_path / name / "result.json").read_text())
        bent = (tmp_path / name / "resamples.npz").read_bytes()
        (listed,) = (one for one in record["artifacts"] if one["path"] == "resamples.npz")
        listed |= {"bytes": len(bent), "sha256": hashlib.sha256(bent).hexdigest()}
        (tmp_path / name / "result.json").write_text(json.dumps(record))
    done = cli("gate", "base", "worse", "--metric", "accuracy")
    assert done.code == 4, done.out
    assert "Warning" not in done.err


def test_a_pipe_in_place_of_the_resamples_is_bad_input(cli, runs, tmp_path):
    kept = tmp_path / "base" / "resamples.npz"
    kept.unlink()
    os.mkfifo(kept)
    done = cli("gate", "base", "worse", "--metric", "accuracy")
    assert done.code == 2, done.out + done.err
    assert "is not a regular file" in done.err
