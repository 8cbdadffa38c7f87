"""Which record of a run counts: one rule, and everything that speaks of a run keeps to it."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def anew(place):
    """Run two points ok, then make the same command fail; returns what starts it, and the file that decides."""
    mark = place.folder / "mark"
    mark.touch()

    def sweep(*overrides):
        return place.sweep("task.x=1,2", f"task.needs={mark}", *overrides)

    assert sweep().code == 0
    mark.unlink()
    return sweep, mark


def statuses(place):
    """Return what `a4eval ls` says of each run."""
    return [row["status"] for row in json.loads(place.run("ls", "sweep", "--json", "--columns", "status").out)]


def test_a_new_attempt_that_fails_is_what_everything_says(place, anew):
    sweep, mark = anew
    forced = sweep("resume=false")
    assert forced.code == 1
    assert "2 failed; `a4eval retry sweep` runs them again, or one by one:" in forced.out
    assert forced.out.count("DataError: ") == 2
    assert "2 points: 0 ok, 2 failed, " in forced.out
    assert "earlier" not in forced.out
    assert statuses(place) == ["failed", "failed"]
    for later in (sweep(), place.run("resume", "sweep")):
        assert later.code == 1
        assert "2 points: 0 ok, 2 failed, 2 of them earlier" in later.out
        assert later.out.count("DataError: ") == 2
    assert len(place.records()) == 4
    still = place.run("retry", "sweep")
    assert (still.code, "2 points: 0 ok, 2 failed, " in still.out) == (1, True), still.out
    mark.touch()
    mended = place.run("retry", "sweep")
    assert (mended.code, "2 points: 2 ok, " in mended.out) == (0, True), mended.out
    assert statuses(place) == ["ok", "ok"]
    assert "no run failed here" in place.run("retry", "sweep").out
    assert "2 points: 2 ok, 2 of them earlier" in sweep().out
    assert len(place.records()) == 8


def test_so_it_is_with_hydras_own_sweeper(place, anew):
    sweep, mark = anew
    forced = sweep("resume=false", "hydra/sweeper=basic")
    assert (forced.code, "2 points: 0 ok, 2 failed" in forced.out) == (1, True), forced.out
    assert statuses(place) == ["failed", "failed"]
    mark.touch()
    mended = sweep("hydra/sweeper=basic")
    assert (mended.code, "2 points: 2 ok" in mended.out) == (0, True), mended.out
    assert len(place.records()) == 6


def test_so_it_is_with_the_parts_of_a_run(place):
    mark = place.folder / "mark"
    mark.touch()
    (place.folder / "seed.txt").write_text("3")

    def evaluate(*overrides):
        crash = ("task.data.crash=[1]", "executor.workers=1")
        where = ("hydra.run.dir=run", f"task.data.needs={mark}")
        return place.run("run", "experiment=heights", "task.shards=2", *where, *crash, *overrides)

    assert "part 2 of 2: WorkerDiedError" in evaluate().err
    mark.unlink()
    assert "the first part found no mark" in evaluate("resume=false").err
    mark.touch()
    assert "part 2 of 2: WorkerDiedError" in evaluate().err
    assert (place.folder / "begun.txt").read_text().split() == ["0/2", "1/2", "0/2", "0/2", "1/2"]


def test_a_file_that_was_missing_is_back(place):
    number = place.folder / "number.txt"
    command = ("task.x=1,2", "task.reads=number.txt")
    number.write_text("10")
    assert place.sweep(*command).code == 0
    number.unlink()
    gone = place.sweep(*command)
    assert (gone.code, "2 points: 0 ok, 2 failed" in gone.out) == (1, True), gone.out
    assert "2 failed, 2 of them earlier" in place.sweep(*command).out
    number.write_text("10")
    back = place.sweep(*command)
    assert (back.code, "2 points: 2 ok, 2 of them earlier" in back.out) == (0, True), back.out
    assert len(place.records()) == 4
    assert "no run failed here" in place.run("retry", "sweep").out


def test_a_failure_whose_data_was_mended_is_still_to_be_retried(place):
    number = place.folder / "number.txt"
    number.write_text("no number")
    assert place.sweep("task.x=1,2", "task.reads=number.txt").code == 1
    number.write_text("10")
    retried = place.run("retry", "sweep")
    assert (retried.code, "2 points: 2 ok" in retried.out) == (0, True), retried.out
