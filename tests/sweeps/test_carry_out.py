"""Sweeps from the command line: what runs, what is left alone, what is said."""

from __future__ import annotations

import json
import os
import signal
import time

import jsonschema
import pytest

from a4eval.runs.record import json_schema


def test_every_point_leaves_a_valid_record_and_no_folder(place):
    done = place.sweep("task.x=range(0,30)", "seed=1,2")
    assert done.code == 0, done.err
    records = place.records()
    assert len({one["run_id"] for one in records}) == len(records) == 60
    for record in records:
        jsonschema.validate(record, json_schema())
    assert {one["sweep_id"] for one in records} == {records[0]["sweep_id"]}
    packages = records[0]["environment"]["installed"]
    there = {path.name for path in (place.folder / "sweep").iterdir()}
    assert there == {".lock", packages, "results.jsonl", "sweep.json"}
    assert "60 points: 60 ok" in done.out
    assert done.out.strip().splitlines()[-1] == "sweep/results.jsonl"
    assert {one["metrics"]["threads"]["value"] for one in records} == {1}


def test_a_small_sweep_shows_every_point(place):
    done = place.sweep("task.x=1.25,2.5", "task.y=a")
    assert done.code == 0
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[0][:2] == ["task.x", "value"]
    assert [line[:2] for line in lines[2:4]] == [["1.25", "1.25"], ["2.5", "2.5"]]
    whole = place.sweep("task.x=1.25,2.5", "task.y=a", "--show=all").out
    assert whole.count("a probe") == 2
    assert whole.index("1.25") < whole.index("2.5 ")


def test_artifacts_get_a_folder(place):
    assert place.sweep("task.x=1,2", "task.write=true,false").code == 0
    written = [one for one in place.records() if one["artifacts"]]
    assert len(written) == 2
    for record in written:
        text = (place.folder / "sweep" / "runs" / record["run_id"] / "x.txt").read_text()
        assert text == str(float(record["config"]["task"]["x"]))
    assert len(list((place.folder / "sweep" / "runs").iterdir())) == 2


def test_the_same_command_again_runs_what_is_missing(place):
    command = ["run", "-m", "experiment=probe", "task.x=range(0,25)"]
    first = place.run(*command)
    (folder,) = (place.folder / "multirun").iterdir()
    journal = folder / "results.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:20]) + lines[20][:100])  # as a crash leaves it: four gone, one torn
    again = place.run(*command, "executor.workers=1")
    assert (first.code, again.code) == (0, 0)
    assert "25 points: 25 ok, 20 of them earlier" in again.out
    assert "1 torn line" in again.out
    assert place.ok(folder) == list(range(25))
    third = place.run(*command)
    assert "25 of them earlier" in third.out
    assert len(place.records(folder)) == 25
    forced = place.run(*command, "resume=false")
    assert "25 points: 25 ok, " in forced.out
    assert "earlier" not in forced.out
    assert len(place.records(folder)) == 50
    listed = place.run("ls", folder, "--json")
    assert len(json.loads(listed.out)) == 25


def test_a_sweep_written_in_the_experiment(place):
    done = place.run("run", "-m", "experiment=swept", "hydra.sweep.dir=sweep")
    assert done.code == 0, done.err
    assert [
        (one["config"]["task"]["x"], one["seed"]) for one in sorted(place.records(), key=lambda one: one["overrides"])
    ]
    assert {(one["config"]["task"]["x"], one["seed"]) for one in place.records()} == {
        (x, seed) for x in (0, 1, 2) for seed in (7, 8)
    }


def test_failures_are_records_and_come_first_with_their_command(place):
    done = place.sweep("task.x=range(0,25)", "task.fail=[3]", "task.die=[5]", "task.leave=[9]", "seed=4")
    assert done.code == 1
    assert place.ok() == [x for x in range(25) if x not in (3, 5, 9)]
    failed = {one["config"]["task"]["x"]: one["error"] for one in place.records() if one["status"] == "failed"}
    assert failed[3]["type"] == "DataError"
    assert "told to fail" in failed[3]["traceback"]
    assert failed[5]["message"] == "killed by SIGSEGV"
    assert failed[9]["message"] == "ended its worker process with exit status 3"
    lines = [line.split() for line in done.out.splitlines()]
    assert next(n for n, line in enumerate(lines) if line[:2] == ["3", "failed;"]) < next(
        n for n, line in enumerate(lines) if line[:2] == ["task.x", "value"]
    )
    command = next(line for line in done.out.splitlines() if "task.x=3" in line)
    assert command.split("a4eval ")[1].startswith("run experiment=probe task.x=3")
    assert "25 points: 22 ok, 3 failed" in done.out
    for record in place.records():
        jsonschema.validate(record, json_schema())


def test_failed_points_are_left_alone_until_retried(place, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    assert place.sweep("task.x=1,2,3", f"task.flaky={marks}").code == 1
    again = place.sweep("task.x=1,2,3", f"task.flaky={marks}")
    assert again.code == 1
    assert "3 failed" in again.out
    assert len(place.records()) == 3
    retried = place.run("retry", "sweep")
    assert retried.code == 0, retried.out + retried.err
    assert place.ok() == [1, 2, 3]
    assert "no run failed here" in place.run("retry", "sweep").out


def test_retries(place, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    done = place.sweep("task.x=1,2,3", f"task.flaky={marks}", "retries=1")
    assert done.code == 0, done.out + done.err
    assert sorted(one["executor"]["attempt"] for one in place.records() if one["status"] == "ok") == [2, 2, 2]
    assert place.ok() == [1, 2, 3]
    always = place.sweep("task.x=5,6", "task.fail=[5]", "retries=2", folder="other")
    assert always.code == 1
    assert [one["executor"]["attempt"] for one in place.records("other") if one["status"] == "failed"] == [1, 2, 3]


def test_timeout(place):
    done = place.sweep("task.x=1,2", "task.seconds=0,30", "timeout=0.5")
    assert done.code == 1
    errors = [one["error"] for one in place.records() if one["error"]]
    assert [error["message"] for error in errors] == ["took longer than timeout=0.5 seconds"] * 2
    assert place.ok() == [1, 2]


def test_timeout_of_a_run_that_hears_no_exception(place):
    start = time.monotonic()
    done = place.sweep("task.x=1,2", "task.stuck=true", "task.seconds=0,60", "timeout=0.5")
    assert time.monotonic() - start < 40
    assert done.code == 1
    messages = {one["error"]["message"] for one in place.records() if one["error"]}
    assert messages == {"did not end 5 s after its timeout of 0.5 s and was killed by SIGKILL"}
    assert place.ok() == [1, 2]


def test_fail_fast(place):
    done = place.sweep(
        "task.x=range(0,1000)", "task.fail=[3]", "task.seconds=0.02", "fail_fast=true", "executor.workers=1"
    )
    assert done.code == 1
    assert "not run" in done.out
    assert len(place.records()) < 200
    assert 3 not in place.ok()


def test_memory_limit(place):
    done = place.sweep("task.x=1,2", "task.hoard=0,4", "executor.memory_limit=1")
    assert done.code == 1
    assert {one["error"]["type"] for one in place.records() if one["error"]} == {"MemoryError"}
    assert place.ok() == [1, 2]


def test_dry_run_prints_the_plan_and_writes_nothing(place):
    done = place.sweep("task.x=range(0,500)", "seed=1,2", "dry_run=true")
    assert done.code == 0, done.err
    assert "1,000 points" in done.out
    assert "x: 0\n" in done.out
    assert "task.x=499 seed=2" in done.out
    assert not (place.folder / "sweep").exists()


def test_a_dry_run_asks_hydra_for_what_its_points_hold(place):
    done = place.sweep("task.x=1,2", "description=point ${hydra:job.num}", "dry_run=true")
    assert done.code == 0, done.err
    assert "description: point 0\n" in done.out


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("task.x=1,-1", "task: x must not be -1 (in the point seed=1 task.x=-1)"),
        ("task.x=1,two", "task.x: got 'two', expected float"),
        ("executor.workers=0", "executor.workers: got 0, expected at least 1 and at most 1024"),
        ("executor.workers=100000", "executor.workers: got 100000, expected at least 1 and at most 1024"),
        ("executor.worker=1", "executor.worker: unknown key; did you mean 'workers'?"),
        ("executor=lokal", "executor: there is no 'lokal'; did you mean 'local'?"),
        ("retries=-1", "retries: got -1, expected a non-negative integer"),
        ("timeout=0", "timeout: got 0, expected a number of seconds above 0, or null"),
        ("hydra.sweep.dir=/proc/none", "hydra.sweep.dir: cannot make the folder '/proc/none'"),
    ],
)
def test_a_bad_config_is_one_line_and_runs_nothing(place, override, text):
    done = place.run("run", "-m", "experiment=probe", "seed=1,2", override)
    assert done.code == 2
    assert done.err.startswith(f"a4eval: error: {text}")
    assert len(done.err.splitlines()) == 1
    assert not (place.folder / "multirun").exists()


def test_ctrl_c_keeps_what_is_done(place):
    process = place.start(
        "run", "-m", "experiment=probe", "task.x=range(0,400)", "task.seconds=0.05", "hydra.sweep.dir=sweep"
    )
    wait_for(lambda: (place.folder / "sweep" / "results.jsonl").exists() and len(place.records()) > 10)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert "interrupted" in err
    assert "not run" in out
    done = len(place.records())
    assert 10 < done < 400
    again = place.sweep("task.x=range(0,400)", "task.seconds=0.05", timeout=300)
    assert again.code == 0
    assert place.ok() == list(range(400))


def test_a_second_sweep_into_the_folder_refuses(place):
    process = place.start("run", "-m", "experiment=probe", "task.x=1,2", "task.seconds=60", "hydra.sweep.dir=sweep")
    wait_for((place.folder / "sweep" / "sweep.json").exists)
    second = place.sweep("task.x=1,2", "seed=5")
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert second.code == 2
    assert "hydra.sweep.dir: another sweep is running in sweep" in second.err


def test_two_sweeps_one_after_the_other_share_a_folder(place):
    assert place.sweep("task.x=1,2").code == 0
    assert place.sweep("task.x=2,3").code == 0
    assert place.ok() == [1, 2, 3]


def test_resume_goes_on_where_the_command_stopped(place):
    assert place.sweep("task.x=1,2,3", "task.seconds=0").code == 0
    journal = place.folder / "sweep" / "results.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:1]))
    done = place.run("resume", "sweep")
    assert done.code == 0, done.err
    assert "3 points: 3 ok, 1 of them earlier" in done.out
    assert place.ok() == [1, 2, 3]


def test_progress_in_plain_lines(place, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import a4eval.progress\na4eval.progress.SECONDS_BETWEEN_LINES = 0.5\n")
    place.environment["PYTHONPATH"] += f"{os.pathsep}{tmp_path}"
    done = place.sweep("task.x=range(0,40)", "task.seconds=0.1", "task.fail=[1]")
    assert done.code == 1
    lines = [line for line in done.err.splitlines() if "/40 points" in line]
    assert lines
    assert all("/s, " in line and " left" in line for line in lines if not line.startswith("0/"))
    assert lines[-1].endswith("1 failed")


def test_chunks_grow_with_cheap_points(place):
    """A crash takes only its own run along, although its chunk held hundreds."""
    done = place.sweep("task.x=range(0,3000)", "task.die=[1500]", "task.signal=6", timeout=200)
    assert done.code == 1
    assert place.ok() == [x for x in range(3000) if x != 1500]
    (failed,) = (one for one in place.records() if one["status"] == "failed")
    assert failed["error"]["message"] == "killed by SIGABRT"


def test_an_executor_of_another_plugin(place):
    done = place.sweep("task.x=range(0,30)", "task.fail=[3]", "retries=1", "executor.name=here")
    assert done.code == 1, done.err
    assert place.ok() == [x for x in range(30) if x != 3]
    assert {one["executor"]["name"] for one in place.records()} == {"here"}


def test_what_lacks_a_method_is_no_executor(place, site):
    place.environment["PYTHONPATH"] += f"{os.pathsep}{site.folder}"
    site.add(
        "half",
        "from dataclasses import dataclass\nfrom a4eval import Component, hookimpl\nA4EVAL_API = 1\n"
        "@dataclass\nclass Half:\n    chunk_seconds = 1.0\n    def start(self, sweep): ...\n    def stop(self): ...\n"
        "@hookimpl\ndef a4eval_components():\n"
        "    return [Component(kind='executor', name='half', factory='half:Half', summary='half of one')]\n",
    )
    done = place.sweep("task.x=1,2", "executor.name=half")
    assert done.code == 2
    assert done.err == "a4eval: error: executor: 'half' is no executor: it lacks collect, slots, submit\n"
    assert not (place.folder / "sweep").exists()


def test_plugins_hear_of_runs_and_sweeps(place, tmp_path):
    place.environment["A4EVAL_PROBE_NOTES"] = str(tmp_path / "notes")
    assert place.sweep("task.x=1,2,3", "task.fail=[2]", "task.die=[3]").code == 1
    notes = (tmp_path / "notes").read_text().splitlines()
    assert sorted(notes[:3]) == sorted(f"run {one['run_id']}" for one in place.records())
    assert notes[3:] == [f"sweep {place.records()[0]['sweep_id']} 1 2"]


@pytest.mark.parametrize(("executor", "module"), [("ray", "ray"), ("slurm", "submitit")])
def test_a_missing_extra_is_named_with_its_command(place, tmp_path, executor, module):
    hide = (
        "import importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == {!r} else find(name, *rest)\n"
    )
    (tmp_path / "sitecustomize.py").write_text(hide.format(module))
    place.environment["PYTHONPATH"] += f"{os.pathsep}{tmp_path}"
    done = place.sweep("task.x=1,2", f"executor={executor}")
    assert done.code == 2
    assert done.err == f"a4eval: error: this needs {module}: pip install 'a4eval[{executor}]'\n"
    assert not (place.folder / "sweep").exists()


def wait_for(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def test_a_point_whose_record_is_gone_from_the_journal_runs_again(place):
    process = place.start("run", "-m", "experiment=probe", "task.x=range(0,8)", "task.seconds=0.5", "hydra.sweep.dir=s")
    journal = place.folder / "s" / "results.jsonl"
    until = time.monotonic() + 60
    while not journal.exists() or len(journal.read_bytes().splitlines()) < 3:
        assert time.monotonic() < until
        time.sleep(0.05)
    edited = journal.with_name("edited")
    edited.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[1:]))
    edited.replace(journal)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert "8 points: 8 ok" in out
    assert "was replaced while it was read; what was gone from it was run again" in err
    assert place.ok("s") == list(range(8))
    again = place.run("run", "-m", "experiment=probe", "task.x=range(0,8)", "task.seconds=0.5", "hydra.sweep.dir=s")
    assert (again.code, "8 points: 8 ok, 8 of them earlier" in again.out) == (0, True), again.out


def test_points_of_a_file_that_changed_under_the_sweep_are_told(place):
    number = place.folder / "number.txt"
    number.write_text("10")
    points = ('zip="task.x=1,2; task.seconds=0,1"', "task.reads=number.txt", "executor.workers=1")
    process = place.start("run", "-m", "experiment=probe", "hydra.sweep.dir=sweep", *points)
    until = time.monotonic() + 30
    while not ((place.folder / "sweep" / "results.jsonl").exists() and place.records()) and time.monotonic() < until:
        time.sleep(0.01)
    number.write_text("20")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "1 ok, 1 of data files that have changed since: the same command runs them again" in " ".join(out.split())
    assert "failed" not in out
    done = place.sweep(*points)
    assert (done.code, "2 points: 2 ok, 1 of them earlier" in done.out) == (0, True)
    assert sorted(one["metrics"]["value"]["value"] for one in place.records()) == [11, 21, 22]
