"""``reuse=PATH``: what is finished elsewhere is taken, and nothing else is."""

from __future__ import annotations

import json
import os
import shutil

import pytest


@pytest.fixture
def old(place):
    """A finished sweep of two points, with what they print and write, and one that failed."""
    done = place.sweep("task.x=1,2,3", "task.fail=[3]", "task.write=true", "task.say=hello", folder="old")
    assert done.code == 1, done.err
    return place.folder / "old"


POINTS = ("task.x=1,2,3,4", "task.fail=[3]", "task.write=true", "task.say=hello")


def by_x(records):
    return {one["config"]["task"]["x"]: one for one in records}


def test_what_is_finished_elsewhere_does_not_run_again(place, old):
    plan = place.sweep(*POINTS, "reuse=old", "dry_run=true", folder="new")
    assert "2 of them are finished in old and need not run" in plan.out, plan.err
    assert not (place.folder / "new").exists()
    done = place.sweep(*POINTS, "reuse=old", folder="new")
    assert done.code == 1, done.err
    assert "4 points: 3 ok, 1 failed, 2 of them taken from old, " in done.out
    before, after = by_x(place.records("old")), by_x(place.records("new"))
    assert sorted(after) == [1, 2, 3, 4]
    for x, record in after.items():
        assert record["reused"] == (str(old / "results.jsonl") if x < 3 else None)
        assert record["config"]["reuse"] == "old"
        folder = place.folder / "new" / "runs" / record["run_id"]
        if record["status"] == "ok":
            assert (folder / "x.txt").read_text() == f"{x}.0"
        assert "hello out" in (folder / "log.txt").read_text()
        if x < 3:
            for key in ("started", "finished", "timing", "metrics", "executor", "artifacts", "log", "run_id"):
                assert record[key] == before[x][key]
            assert record["sweep_id"] != before[x]["sweep_id"]
    again = place.sweep(*POINTS, "reuse=old", folder="new")
    assert "4 points: 3 ok, 1 failed, 4 of them earlier" in again.out


def test_from_several_places_from_single_runs_and_never_from_itself(place):
    for x in (1, 2):
        assert place.run("run", "experiment=probe", f"task.x={x}", f"hydra.run.dir=runs/{x}").code == 0
    done = place.sweep("task.x=1,2,3", "reuse=[runs/1,runs]", folder="runs/new")
    assert "3 points: 3 ok, 2 of them taken from runs/1, runs" in done.out, done.err
    assert place.ok("runs/new") == [1, 2, 3]


def test_a_data_file_that_has_changed_makes_it_another_run(place):
    number = place.folder / "number.txt"
    number.write_text("10")
    assert place.sweep("task.x=1,2", "task.reads=number.txt", folder="old").code == 0
    number.write_text("20")
    done = place.sweep("task.x=1,2", "task.reads=number.txt", "reuse=old", folder="new")
    assert "taken from" not in done.out
    assert sorted(one["metrics"]["value"]["value"] for one in place.records("new")) == [21, 22]


@pytest.mark.parametrize(
    "harm", ["changed", "gone", "pipe", "outside", "reserved", "link", "torn", "log", "newer", "no metrics"]
)
def test_what_is_not_what_its_record_says_runs(place, old, harm):
    """Whatever someone made of a record and what lies beside it."""
    records = place.records("old")
    first = records[0]
    folder = old / "runs" / first["run_id"]
    file = folder / "x.txt"
    secret = place.folder / "secret.txt"
    secret.write_text(file.read_text())
    if harm == "changed":
        file.write_text("9.0")
    elif harm == "gone":
        file.unlink()
    elif harm == "pipe":
        file.unlink()
        os.mkfifo(file)
    elif harm == "outside":
        first["artifacts"][0]["path"] = "../../../secret.txt"
    elif harm == "reserved":
        shutil.copy(file, folder / "result.json")
        first["artifacts"][0]["path"] = "result.json"
    elif harm == "link":
        file.unlink()
        file.symlink_to(secret)
    elif harm == "torn":
        first["metrics"] = "none"
    elif harm == "log":
        (folder / "log.txt").write_text("another")
    elif harm == "newer":
        first["schema_version"] = 2
    else:
        del first["metrics"]
    (old / "results.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    done = place.sweep("task.x=1,2", *POINTS[1:], "reuse=old", folder="new")
    assert done.code == 0, done.err
    assert "2 points: 2 ok, 1 of them taken from old" in done.out
    reused = {x: one["reused"] is not None for x, one in by_x(place.records("new")).items()}
    assert reused == {first["config"]["task"]["x"]: False} | {3 - first["config"]["task"]["x"]: True}
    assert sorted(one.name for one in place.folder.iterdir()) == ["new", "old", "secret.txt"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-m", "task.x=1,2", "reuse=nowhere"], "nowhere: there is no such file or folder"),
        (["-m", "task.x=1,2", "reuse='old/#1'"], "reuse: old/#1 is one point; give its sweep"),
        (["-m", "task.x=1,2", "reuse=old", "resume=false"], "reuse: resume=false runs all anew"),
        (["-m", "task.x=1,2", "reuse=old,new"], "says how the sweep runs and cannot be swept itself"),
        (["-m", "task.x=1,2", "reuse=old", "hydra/sweeper=basic"], "reuse: needs hydra/sweeper=a4eval"),
        (["reuse=old"], "reuse: is for a sweep; add -m"),
    ],
)
def test_what_cannot_be_meant_is_one_line(place, old, words, says):
    done = place.run("run", "experiment=probe", *words)
    assert done.code in (1, 2)
    assert says in done.err
    assert "Traceback" not in done.err


def test_only_the_command_says_whose_runs_are_taken(place, old):
    own = place.folder / "own" / "experiment"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("# @package _global_\nreuse: old\ntask: {name: probe}\n")
    done = place.run("run", "-m", "--config-dir=own", "experiment=mine", "task.x=1,2")
    assert done.code == 2
    assert "reuse: only the command says whose runs are taken for one's own" in done.err
    assert place.sweep("task.x=1,2", "reuse=old", folder="new").code == 0
    journal = place.folder / "new" / "results.jsonl"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    assert place.run("resume", "new").code == 0
    place.environment["XDG_STATE_HOME"] = str(place.folder / "other")
    sent = place.run("resume", "new")
    assert sent.code == 2
    assert "new/sweep.json asks for 'reuse=old', and nothing proves that you gave that command" in sent.err


def test_a_retry_takes_nothing(place, old):
    """The records' configs name the folder that the sweep took from; a retry is of what failed here."""
    assert place.sweep("task.x=3,4", "task.fail=[3]", "reuse=old", folder="new").code == 1
    shutil.rmtree(old)
    done = place.run("retry", "new")
    assert done.code == 1
    assert "1 point: 0 ok, 1 failed" in done.out, done.err


@pytest.mark.parametrize("command", ["retry", "resume"])
def test_on_another_executor_with_other_limits(place, command):
    """Each limit is that of the new command: a time that was too short, memory that was too little, an executor."""
    words = ("task.x=1,2", "task.seconds=1.5", "task.hoard=0.4", "executor.workers=1")
    assert place.sweep(*words, "timeout=0.1").code == 1
    if command == "resume":
        (place.folder / "sweep" / "results.jsonl").unlink()
    short = place.run(command, "sweep", "timeout=60", "executor.memory_limit=0.3")
    assert short.code == 1
    assert {one["error"]["type"] for one in place.records()[-2:]} == {"MemoryError"}
    done = place.run("retry", "sweep", "timeout=null", "executor.name=here")
    assert done.code == 0, done.err + done.out
    last = place.records()[-2:]
    assert {(one["status"], one["executor"]["name"], one["config"]["timeout"]) for one in last} == {
        ("ok", "here", None)
    }
