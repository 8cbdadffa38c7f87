"""A tracker is given each finished record once, in a process of its own, and nothing that it does touches a run."""

from __future__ import annotations

import json
import os
import signal
import time
import warnings
from textwrap import dedent

import pytest

import a4eval
from a4eval.trackers.feeds import trackers_of

SINGLE = ("run", "experiment=probe", "hydra.run.dir=run")
MISBEHAVIOUR = {
    "raises": "tracked: OSError: no such server",
    "exits": "tracked: its process ended with exit status 1: I will not",
    "crashes": "tracked: its process was killed by signal 11",
    "hangs": "tracked: was ended after 2 s; what it has is not whole",
}


def tracked(folder):
    file = folder / "tracked.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_run_is_given_when_its_record_is_written(place):
    done = place.run(*SINGLE, "trackers=[tracked]")
    assert (done.code, done.err) == (0, ""), done.err
    (one,) = tracked(place.folder)
    assert one == {
        "run_id": done.record["run_id"],
        "status": "ok",
        "folder": str(place.folder / "run"),
        "cwd": str(place.folder),
    }
    assert "noise" not in done.out


def test_a_run_that_failed_is_given_as_well(place):
    done = place.run(*SINGLE, "task.x=7", "task.fail=[7]", "trackers=tracked")
    assert (done.code, [one["status"] for one in tracked(place.folder)]) == (1, ["failed"])


@pytest.mark.parametrize("how", MISBEHAVIOUR)
def test_what_a_tracker_does_is_a_warning_and_no_more(place, how):
    wait = 2 if "was ended after 2 s" in MISBEHAVIOUR[how] else 60
    given = f"trackers=[{{name: tracked, how: {how}, wait: {wait}}},{{name: tracked, to: other.jsonl}}]"
    done = place.run(*SINGLE, given)
    assert done.code == 0
    assert done.record["status"] == "ok"
    (line,) = (line for line in done.err.splitlines() if "waiting for" not in line)
    assert line.startswith(f"a4eval: warning: {MISBEHAVIOUR[how]}")
    assert (place.folder / "other.jsonl").exists()


def test_several_that_hang_are_waited_for_together(place):
    started = time.monotonic()
    one = "{name: tracked, how: hangs, wait: 5}"
    assert place.run(*SINGLE, f"trackers=[{','.join([one] * 12)}]").code == 0
    assert time.monotonic() - started < 45, "not one after the other, which takes a minute"


def test_ctrl_c_leaves_a_tracker_and_not_the_run(place):
    process = place.start(*SINGLE, "trackers=[{name: tracked, how: hangs, wait: 100}]")
    line = process.stderr.readline()
    assert line == "a4eval: waiting for tracked, 100 s at most; Ctrl-C leaves it\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "tracked: was ended; what it has is not whole" in err) == (0, True), err
    assert json.loads((place.folder / out.splitlines()[-1]).read_text())["status"] == "ok"


def test_what_is_wrong_is_said_before_anything_runs(cli, probe):
    done = cli(*SINGLE, "trackers=[trakced,{name: tracked, wiat: 3}]")
    first, second = done.err.splitlines()
    assert (done.code, (done.cwd / "run").exists()) == (2, False)
    assert first.startswith("a4eval: error: trackers[0].name: no tracker 'trakced'; did you mean 'tracked'")
    assert second.startswith("a4eval: error: trackers[1].wiat: unknown key; did you mean 'wait'?")
    assert "trackers: got 3, expected a list of trackers: [mlflow]" in cli(*SINGLE, "trackers=3").err


def test_what_lacks_a_method_is_no_tracker(site):
    code = """
        from dataclasses import dataclass
        from a4eval import Component, hookimpl
        A4EVAL_API = 1
        @dataclass
        class Empty:
            wait: float = 1.0
        @hookimpl
        def a4eval_components():
            return [Component(kind="tracker", name="empty", factory=Empty)]
    """
    site.add("emptiness", dedent(code))
    done = site.run("run", "experiment=assignment4/q5_l2_vs_iou", "trackers=[empty]")
    assert (done.code, "trackers[0]: 'empty' is no tracker: it lacks track" in done.err) == (2, True), done.err


@pytest.mark.parametrize("library", ["mlflow", "wandb", "tensorboard", "trackio"])
def test_a_missing_library_is_named_with_what_to_install(cli, monkeypatch, library):
    monkeypatch.setattr("a4eval.context.find_spec", lambda _name: None)
    done = cli("run", "experiment=assignment4/q5_l2_vs_iou", f"trackers=[{library}]")
    assert (done.code, f"pip install 'a4eval[{library}]'" in done.err) == (2, True), done.err


def test_they_are_no_part_of_what_a_run_is(cli, probe):
    plain = cli(*SINGLE).record["run_id"]
    assert cli("run", "experiment=probe", "hydra.run.dir=other", "trackers=[tracked]").record["run_id"] == plain


def test_a_sweep_gives_each_point_once(place):
    sweep = ("task.x=1,2,3", "task.fail=[3]", "trackers=[tracked]")
    done = place.sweep(*sweep)
    assert (done.code, "warning" in done.err) == (1, False), done.err
    seen = tracked(place.folder)
    assert sorted(one["status"] for one in seen) == ["failed", "ok", "ok"]
    assert {one["folder"] for one in seen} == {str(place.folder / "sweep" / "runs" / one["run_id"]) for one in seen}
    again = place.sweep(*sweep)
    assert (again.code, len(tracked(place.folder))) == (1, 3), "resumed points are not given twice"
    assert place.run("resume", "sweep").code == 1
    assert place.run("retry", "sweep").code == 1
    assert len(tracked(place.folder)) == 4, "the failed point ran again, and that is another record"


def test_points_that_ran_before_are_given_when_a_tracker_is_named(place):
    assert place.sweep("task.x=1,2").code == 0
    assert place.sweep("task.x=1,2", "trackers=[tracked]").code == 0
    assert len(tracked(place.folder)) == 2
    assert place.sweep("task.x=1,2", "trackers=[{name: tracked, to: other.jsonl}]").code == 0
    assert len((place.folder / "other.jsonl").read_text().splitlines()) == 2, "another tracker has its own account"


@pytest.mark.parametrize("sweeper", ["basic"])
def test_a_sweep_of_hydras_own_is_given_too(place, sweeper):
    done = place.sweep("task.x=1,2", "trackers=[tracked]", f"hydra/sweeper={sweeper}")
    assert (done.code, len(tracked(place.folder))) == (0, 2), done.err


def test_a_tracker_that_refuses_is_offered_them_another_time(place):
    done = place.sweep("task.x=range(8)", "trackers=[{name: tracked, how: raises}]")
    assert done.code == 0
    first, last = (line for line in done.err.splitlines() if "warning" in line)
    assert first.endswith("OSError: no such server")
    assert last == "a4eval: warning: tracked: it refused 3 records in a row and is given no more"
    lines = (place.folder / "sweep" / "trackers.jsonl").read_text().splitlines()
    assert [json.loads(line)[3] for line in lines] == [True, False] * 3


def test_a_slow_one_loses_its_copy_of_what_it_was_given_and_has_the_others_later(place):
    slow = "trackers=[{name: tracked, seconds: 1.5, wait: 4}]"
    done = place.sweep("task.x=range(6)", slow)
    assert (done.code, len(place.ok())) == (0, 6)
    assert "tracked: was ended after 4 s" in done.err
    had = len(tracked(place.folder))
    assert 0 < had < 6
    for _ in range(4):
        place.sweep("task.x=range(6)", slow)
    seen = [one["run_id"] for one in tracked(place.folder)]
    assert len(seen) == len(set(seen)), "none twice, however often it was ended"


def test_a_sweep_that_is_killed_leaves_no_tracker_behind(place):
    process = place.start(
        "run",
        "-m",
        "experiment=probe",
        "hydra.sweep.dir=sweep",
        "task.x=1,2",
        "trackers=[{name: tracked, how: hangs, wait: 500}]",
    )
    ledger = place.folder / "sweep" / "trackers.jsonl"
    while not (ledger.exists() and ledger.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.communicate(timeout=60)  # its streams are closed by the last that holds them
    assert place.sweep("task.x=1,2").code == 0
    assert place.ok() == [1, 2]


def test_a_ledger_of_someone_elses_is_left_alone(place):
    folder = place.folder / "sweep"
    folder.mkdir()
    (folder / "trackers.jsonl").write_text("my notes\n")
    done = place.sweep("task.x=1,2", "trackers=[tracked]")
    assert (done.code, "trackers.jsonl is no file of a4eval" in done.err) == (0, True), done.err
    assert (folder / "trackers.jsonl").read_text() == "my notes\n"
    (folder / "trackers.jsonl").unlink()
    os.mkfifo(folder / "trackers.jsonl")
    done = place.sweep("task.x=1,2", "trackers=[tracked]")
    assert (done.code, "trackers.jsonl is not a regular file" in done.err) == (0, True), done.err


def test_from_python(probe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    assert a4eval.run("probe", {"trackers": ["tracked"]}, directory="run").status == "ok"
    assert len(a4eval.sweep("probe", {"task.x": [1, 2]}, {"trackers": ["tracked"]}, directory="sweep")) == 2
    assert len(tracked(tmp_path)) == 3
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        a4eval.run("probe", {"trackers": [{"name": "tracked", "how": "raises"}]}, directory="other")
    assert [str(one.message) for one in seen] == ["tracked: OSError: no such server"]


def test_nothing_is_built_of_no_trackers():
    assert trackers_of([]) == []
