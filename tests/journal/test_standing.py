"""Which record of a run counts, against the rule said in another way."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass, field

import pytest

from a4eval.journal.journal import Journal
from a4eval.journal.standing import Standing
from a4eval.journal.views import Entry, FileEntry, Row


@dataclass
class Seen:
    """An attempt: when, what came of it, and what it read."""

    number: int
    status: str
    data: list[FileEntry] = field(default_factory=list)
    run_id: str = "run"


def sha256(text):
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("statuses", "counts"),
    [
        (["ok"], 0),
        (["failed", "ok"], 1),
        (["ok", "failed"], 1),
        (["ok", "failed", "ok"], 2),
        (["ok", "interrupted"], 0),
        (["failed", "interrupted"], 0),
        (["interrupted"], 0),
        (["interrupted", "interrupted"], 1),
        (["interrupted", "failed", "interrupted"], 1),
    ],
)
def test_the_newest_that_finished(statuses, counts):
    standing = Standing(Seen(number, status) for number, status in enumerate(statuses))
    assert standing.current("run").number == standing.last("run").number == counts
    assert [one.number for one in standing.of_every_state("run")] == [counts]


def test_runs_do_not_disturb_each_other():
    standing = Standing([Seen(0, "ok", run_id="a"), Seen(1, "failed", run_id="b"), Seen(2, "failed", run_id="a")])
    assert (list(standing), len(standing)) == (["a", "b"], 2)
    assert {run_id: standing.current(run_id).number for run_id in standing} == {"a": 2, "b": 1}
    assert standing.current("c") is None
    assert standing.last("c") is None
    assert standing.of_every_state("c") == []


def test_the_files_decide(tmp_path):
    """Every attempt reads one file, which is now this, now that, now gone."""
    rng = random.Random(4)
    file = tmp_path / "data"
    for _ in range(300):
        attempts = [
            Seen(number, rng.choice(["ok", "failed"]), [FileEntry(str(file), sha256(rng.choice(["1", "2", None])))])
            for number in range(rng.randint(1, 6))
        ]
        standing = Standing(attempts)
        for text in ("1", "2", "3", None):
            file.unlink(missing_ok=True)
            if text is not None:
                file.write_text(text)
            met = [one for one in attempts if one.data[0].sha256 == sha256(text)]
            assert standing.current("run") is (met[-1] if met else None)
            assert standing.last("run") is (met[-1] if met else attempts[-1])
        states = {one.data[0].sha256: one for one in attempts}
        assert sorted(one.number for one in standing.of_every_state("run")) == sorted(
            one.number for one in states.values()
        )


def test_a_failure_that_fell_before_it_read_anything_is_of_the_newest_state(tmp_path):
    file = tmp_path / "data"
    one, two = ([FileEntry(str(file), sha256(text))] for text in "12")
    standing = Standing([Seen(0, "ok", one), Seen(1, "ok", two), Seen(2, "failed")])
    assert [seen.number for seen in standing.of_every_state("run")] == [0, 2]
    for text in "12":
        file.write_text(text)
        assert standing.current("run").number == 2


def test_a_journal_knows_where_each_record_stands(tmp_path):
    known = {"status": "ok", "executor": {"attempt": 1}, "overrides": [], "metrics": {}, "config": {}, "timing": {}}
    lines = [json.dumps({"run_id": run_id, "seed": seed, **known}) + "\n" for seed, run_id in enumerate("abca")]
    journal = Journal(tmp_path)
    for text in (*lines[:2], "torn\n", *lines[2:]):
        journal.append(text.encode())
    standing = journal.catch_up()
    entries = [standing.current(run_id) for run_id in "cab"]
    assert [row.seed for row in journal.read(entries, Row)] == [2, 3, 1]
    assert journal.torn == 1
    assert all(isinstance(entry, Entry) for entry in entries)
