"""How far a sweep is, asked from another terminal, and its end from there."""

from __future__ import annotations

import re
import time

import pytest

from a4eval.journal.lock import LOCK_NAME, Holder
from a4eval.sweeps.status import progress


def test_a_running_sweep_is_seen_and_ended_from_elsewhere(place):
    sweep = ["task.x=range(0,200)", "task.seconds=0.2", "task.fail=[1]", "hydra.sweep.dir=sweep"]
    process = place.start("run", "-m", "experiment=probe", *sweep)
    until = time.monotonic() + 60
    said = ""
    while not re.search(r", \d+ s left|min .* left", said):
        assert time.monotonic() < until, said
        assert process.poll() is None
        time.sleep(0.3)
        said = place.run("status", "sweep").out if (place.folder / "sweep").exists() else ""
    assert re.fullmatch(
        rf"running on \S+ \(process {process.pid}\): \d+/200 points, \S+/s, .* left(, 1 failed)?\n", said
    )
    ended = place.run("cancel", "sweep")
    assert ended.code == 0, ended.err
    assert re.fullmatch(r"not running: \d+/200 points(, 1 failed)?; `a4eval resume sweep` goes on\n", ended.out), (
        ended.out
    )
    assert process.wait(60) == 130
    process.communicate()
    again = place.run("cancel", "sweep")
    assert (again.code, again.err) == (2, "a4eval: error: no sweep is running in sweep\n")


def test_a_finished_sweep(place):
    assert place.sweep("task.x=1,2,3", "task.fail=[2]").code == 1
    assert place.run("status", "sweep").out == "not running: 3/3 points, 1 failed\n"


def test_where_there_is_none(place):
    done = place.run("status", ".")
    assert (done.code, done.err) == (2, "a4eval: error: .: no sweep is, or was, running there\n")


def test_the_file_of_a_stranger_ends_no_process(place):
    """Whatever it names: only who holds the lock is told."""
    process = place.start("run", "-m", "experiment=probe", "task.x=1", "task.seconds=30", "hydra.sweep.dir=sweep")
    lock = place.folder / "sweep" / LOCK_NAME
    until = time.monotonic() + 60
    while not (lock.exists() and lock.read_bytes()):
        assert time.monotonic() < until
        time.sleep(0.1)
    lock.write_text(lock.read_text().replace(f'"process":{process.pid}', '"process":1'))
    done = place.run("cancel", "sweep")
    assert done.code == 2
    assert "press Ctrl-C there" in done.err
    process.terminate()
    process.communicate(timeout=60)


@pytest.mark.parametrize("text", ["mine", '{"process": 1}'])
def test_a_file_of_the_user_of_that_name_stays(place, text):
    (place.folder / "sweep").mkdir()
    (place.folder / "sweep" / LOCK_NAME).write_text(text)
    assert place.sweep("task.x=1,2").code == 0
    assert (place.folder / "sweep" / LOCK_NAME).read_text() == text


def test_how_far_it_is_the_journal_says(place):
    assert place.sweep("task.x=1,2,3", "task.fail=[2]").code == 1
    journal = place.folder / "sweep" / "results.jsonl"
    assert place.run("retry", "sweep").code == 1
    assert place.run("status", "sweep").out == "not running: 3/3 points, 1 failed\n"
    assert place.sweep("task.x=1,2,3,4,5").code == 0
    assert place.run("status", "sweep").out == "not running: 5/5 points\n"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[-1])
    said = place.run("status", "sweep").out
    assert said == "not running: 1/5 points; `a4eval resume sweep` goes on\n"
    journal.unlink()
    assert place.run("status", "sweep").out == "not running: 0/5 points; `a4eval resume sweep` goes on\n"


def test_points_that_were_never_run_are_told_after_a_retry(place):
    """As a killed sweep leaves its folder: the lock's file knows of points that have no record."""
    marks = place.folder / "marks"
    marks.mkdir()
    assert place.sweep("task.x=1,2,3,4,5", f"task.flaky={marks}").code == 1
    journal = place.folder / "sweep" / "results.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:2]))
    done = place.run("retry", "sweep")
    assert "2 points: 2 ok" in done.out
    told = "a4eval: warning: 3 points were never run; `a4eval resume sweep` goes on\n"
    assert (done.code, done.err) == (0, told)
    assert place.run("status", "sweep").out == "not running: 2/5 points; `a4eval resume sweep` goes on\n"
    again = place.run("retry", "sweep")
    assert (again.code, again.out, again.err) == (0, "no run failed here\n", told)


def test_what_is_left_of_a_retry_is_its_own_points():
    found = Holder(1, "here", time.time() - 10, total=300, earlier=1, aside=251)
    seen = progress(found, running=True, end=100, ended=[(number, "ok") for number in range(24)])
    assert (seen.done, seen.total, round(seen.left)) == (25, 300, 10)


def test_jobs_that_were_left_to_slurm_are_cancelled_if_they_write_there(place):
    """Whatever number a file names: a job that writes elsewhere is another's business."""
    assert place.sweep("task.x=1,2").code == 0
    logs = place.folder / "sweep" / "slurm"
    logs.mkdir()
    (logs / "jobs.txt").write_text("7_0\n7_1\n8\n10; touch pwned\n")
    shown = {"7_0": logs / "a" / "7_0_0_log.out", "8": "/home/me/thesis.out", "9": logs / "9.out"}
    programs = {
        "squeue": "echo 7_0 8 9",
        "scontrol": 'case "$3" in '
        + " ".join(f"{job}) echo '   StdOut={path}';;" for job, path in shown.items())
        + " esac",
        "scancel": 'echo "$@" >> cancelled',
    }
    for name, line in programs.items():
        program = place.folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
    place.environment["PATH"] = f"{place.folder / 'bin'}:{place.environment['PATH']}"
    done = place.run("cancel", "sweep")
    assert (done.code, done.out) == (0, "1 job taken out of Slurm's queue; not running: 2/2 points\n"), done.err
    assert (place.folder / "cancelled").read_text() == "7_0\n"
    assert not (place.folder / "pwned").exists()
