"""Sharded evaluation: bit for bit what one process gives, and no part is lost or repeated."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter

import pytest

from a4eval.journal.query import files


@pytest.fixture
def heights(place):
    """Evaluate the heights in shards; returns how it ended."""
    (place.folder / "seed.txt").write_text("3")

    def evaluate(shards, *overrides, folder="run", start=place.run):
        return start("run", "experiment=heights", f"task.shards={shards}", f"hydra.run.dir={folder}", *overrides)

    evaluate.result = lambda folder="run": json.loads((place.folder / folder / "result.json").read_text())
    evaluate.begun = lambda: Counter((place.folder / "begun.txt").read_text().split())
    return evaluate


def same(first, second):
    """Say whether two records tell the same of the same data, to the last bit."""
    return all(first[key] == second[key] for key in ("status", "metrics", "tables", "data", "warnings"))


@pytest.mark.parametrize("shards", [2, 7, 1003])
def test_shards_give_what_one_process_gives(heights, shards):
    assert heights(1, "task.data.n=1000", folder="whole").code == 0
    done = heights(shards, "task.data.n=1000")
    assert done.code == 0, done.err
    assert same(heights.result("whole"), heights.result())
    rounded, few = heights.result()["warnings"]
    assert rounded == "heights are rounded"
    assert "an interval from 7 drawn units" in few
    assert heights.result()["metrics"]["mean"]["interval"] is not None
    if shards == 1003:
        return
    assert heights.begun() == {"0/1": 1} | {f"{index}/{shards}": 1 for index in range(shards)}


def test_a_doubt_of_some_shards_says_of_how_many(heights):
    assert heights(4, "task.data.doubt=[1,3]").code == 0
    assert heights.result()["warnings"][:2] == ["heights are rounded", "some are odd (so in 2 of 4 shards)"]


def test_nothing_of_the_parts_is_left_behind(heights, place):
    assert heights(3).code == 0
    assert sorted(one.name for one in (place.folder / "run").iterdir()) == [".a4eval", "resamples.npz", "result.json"]


def test_a_lost_shard_is_run_again(heights):
    assert heights(1, folder="whole").code == 0
    done = heights(4, "retries=1", "task.data.die=[2]")
    assert done.code == 0, done.err
    assert same(heights.result("whole"), heights.result())
    assert heights.begun() == {"0/1": 1, "0/4": 1, "1/4": 1, "2/4": 2, "3/4": 1}


def test_a_killed_evaluation_goes_on_with_what_it_had(heights, place):
    assert heights(1, folder="whole").code == 0
    process = heights(4, "task.data.wait=1", "executor.workers=4", start=place.start)
    journal = place.folder / "run" / "unfinished" / "results.jsonl"
    until = time.monotonic() + 30
    while not journal.exists() or journal.read_bytes().count(b"\n") < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert files(place.folder / "run") == [], "its parts are no runs"
    had = {json.loads(line)["config"]["task"]["index"] for line in journal.read_bytes().splitlines()}
    done = heights(4, "task.data.wait=1", "executor.workers=4")
    assert done.code == 0, done.err
    assert same(heights.result("whole"), heights.result())
    assert all(heights.begun()[f"{index}/4"] == (1 if index in had else 2) for index in range(4))


def test_changed_data_is_read_again(heights, place):
    done = heights(3, "task.data.crash=[1]")
    assert done.code == 1
    (place.folder / "seed.txt").write_text("4")
    assert heights(1, folder="whole").code == 0
    assert heights(3).code == 0
    assert same(heights.result("whole"), heights.result())


def test_a_file_that_all_shards_found_changed_is_refused(heights, place):
    done = heights(2, "task.data.rewrite=4", "executor.workers=1")
    assert (done.code, done.err.splitlines()[-1]) == (
        1,
        "a4eval: error: seed.txt: changed while it was read; run again once nobody writes to it",
    )
    assert heights(2, "task.data.rewrite=4", folder="again").code == 0


def test_a_part_that_fails_fails_the_whole(heights):
    done = heights(4, "task.data.fail=[3]")
    assert (done.code, done.err.splitlines()[-1]) == (1, "a4eval: error: seed.txt: part 3 is wrong")
    assert heights.result()["error"]["type"] == "DataError"


def test_a_part_that_kills_its_process_is_named(heights):
    done = heights(4, "task.data.crash=[1]")
    assert done.code == 1
    assert "part 2 of 4: WorkerDiedError: killed by SIGKILL; its record is in" in done.err


def test_a_state_that_changed_is_refused(heights, place):
    once = ("task.data.die=[1]", "executor.workers=1")
    assert heights(2, *once).code == 1
    (state,) = (place.folder / "run" / "unfinished" / "runs").glob("*/state.bin")
    state.write_bytes(b"something else")
    done = heights(2, *once)
    assert done.code == 1
    assert "state.bin: has changed since it was written; remove" in done.err


def test_in_a_sweep_a_run_stays_whole(heights, place):
    done = place.run("run", "-m", "experiment=heights", "task.shards=1,3", "hydra.sweep.dir=sweep")
    assert done.code == 0, done.err
    first, second = place.records()
    assert same(first, second)
    assert heights.begun() == {"0/1": 2}


def test_shards_need_a_reader_that_can_give_parts(place):
    done = place.run("run", "experiment=assignment4/q3_interpolated_ap", "task.shards=2")
    assert done.code == 2
    assert "InlineRanking cannot give parts of its data: it has no method part" in done.err
    done = place.run("run", "experiment=heights", "task.shards=0")
    assert (done.code, "task.shards: got 0, expected at least 1" in done.err) == (2, True)
