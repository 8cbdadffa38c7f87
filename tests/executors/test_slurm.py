"""Sweeps on a real Slurm of two nodes, with jobs killed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from contextlib import ExitStack
from importlib.util import find_spec
from textwrap import dedent

import pytest

from ..apps.apps import STARTS
from ..cluster.slurm_here import OPTIONS, NoSlurmError, slurm_here
from ..conftest import FOUND

if find_spec("submitit") is None:  # not imported here: it would close the log handlers of others
    pytest.skip("needs pip install 'a4eval[slurm]'", allow_module_level=True)


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """A Slurm of two nodes with one processor each; the packages are installed if A4EVAL_INSTALL_SLURM is set."""
    with ExitStack() as stack:
        try:
            conf = stack.enter_context(slurm_here(tmp_path_factory.mktemp("slurm")))
        except NoSlurmError as error:
            pytest.skip(str(error))
        yield conf


@pytest.fixture
def place(place, slurm, monkeypatch):
    monkeypatch.setenv("SLURM_CONF", str(slurm))
    place.environment["SLURM_CONF"] = str(slurm)
    return place


def test_a_sweep_as_an_array_of_jobs(place):
    (place.folder / "input.txt").touch()
    done = place.sweep("task.x=range(0,300)", "task.fail=[7]", "task.die=[5]", "task.needs=input.txt", *OPTIONS)
    assert done.code == 1, done.err
    assert place.ok() == [x for x in range(300) if x not in (5, 7)]
    messages = {one["error"]["message"] for one in place.records() if one["error"]}
    assert messages == {"killed by SIGSEGV", "told to fail at 7"}
    assert {one["executor"]["name"] for one in place.records()} == {"slurm"}
    assert len(list((place.folder / "sweep" / "slurm").glob("*/*_submission.sh"))) == 1, "one array"


@pytest.mark.parametrize("how", ["cancelled", "killed"])
def test_a_job_is_lost(place, how):
    sweep = ["task.x=range(0,60)", "task.seconds=0.25", *OPTIONS]
    process = place.start("run", "-m", "experiment=probe", "hydra.sweep.dir=sweep", *sweep)
    journal = place.folder / "sweep" / "results.jsonl"
    wait_for(lambda: journal.exists() and len(place.records()) > 8, process)
    job = random.choice(queue())
    if how == "cancelled":
        subprocess.run(["scancel", job], check=True)
    else:
        subprocess.run(["scancel", "--signal=KILL", "--full", job], check=True)
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, out + err
    assert place.ok() == list(range(60))


def test_submit_and_leave_then_resume(place):
    sweep = ["task.x=range(0,20)", "task.seconds=0.4", *OPTIONS, "executor.wait=false"]
    left = place.sweep(*sweep)
    assert left.code == 0, left.err
    assert "2 jobs submitted to Slurm; `a4eval resume sweep` waits for them" in left.out
    early = place.run("resume", "sweep")
    assert "still in Slurm's queue" in early.out
    wait_for(lambda: not queue())
    collected = place.run("resume", "sweep")
    assert collected.code == 0, collected.err
    assert "20 points: 20 ok, 20 of them earlier" in collected.out
    assert place.ok() == list(range(20))


def test_jobs_outlive_a_killed_parent_and_are_not_run_twice(place):
    sweep = ["task.x=range(0,30)", "task.seconds=0.3", *OPTIONS]
    process = place.start("run", "-m", "experiment=probe", "hydra.sweep.dir=sweep", *sweep)
    journal = place.folder / "sweep" / "results.jsonl"
    wait_for(lambda: journal.exists() and len(place.records()) > 3, process)
    process.kill()
    process.communicate()
    again = place.sweep(*sweep)
    assert again.code == 0, again.err
    assert place.ok() == list(range(30))


def test_ctrl_c_cancels_the_jobs(place):
    sweep = ["task.x=range(0,30)", "task.seconds=5", *OPTIONS]
    process = place.start("run", "-m", "experiment=probe", "hydra.sweep.dir=sweep", *sweep)
    wait_for(queue, process)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 130
    wait_for(lambda: not queue())


def test_a_wrong_partition_is_one_line(place):
    done = place.sweep("task.x=1,2", "executor=slurm", "executor.partition=nowhere")
    assert done.code == 2
    assert "executor: " in done.err
    assert "invalid partition" in done.err
    assert "Traceback" not in done.err


def test_what_becomes_of_sbatch_is_said(place, tmp_path):
    script = tmp_path / "bin" / "sbatch"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\nkill -9 $$\n")
    script.chmod(0o755)
    place.environment["PATH"] = f"{script.parent}:{place.environment['PATH']}"
    done = place.sweep("task.x=1,2", "executor=slurm", "executor.partition=debug")
    assert done.code == 2
    assert "executor: Command '['sbatch'," in done.err
    assert "died with <Signals.SIGKILL: 9>" in done.err
    assert "Traceback" not in done.err


def queue():
    """Return the ids of the jobs that wait or run."""
    return subprocess.run(["squeue", "-h", "-r", "-o", "%i"], capture_output=True, text=True, check=True).stdout.split()


def wait_for(condition, process=None, seconds=90):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.2)


APP = """
import os
import hydra

@hydra.main(version_base=None)
def train(cfg):
    if cfg.x == 3:
        raise ValueError("no 3")
    return {"twice": 2 * cfg.x, "job": int(os.environ["SLURM_JOB_ID"])}

if __name__ == "__main__":
    train()
"""


@STARTS
def test_an_app_of_the_users(place):
    (place.folder / "train.py").write_text(APP)
    words = [f"hydra.sweeper.{one.replace('executor=', 'executor.name=')}" for one in OPTIONS]
    command = [sys.executable, "train.py", "-m", "+x=range(8)", "hydra.sweep.dir=sweep", "hydra/sweeper=a4eval", *words]
    environment = {**place.environment, "PYTHONPATH": f"{FOUND}:{place.environment.get('PYTHONPATH', '')}"}
    done = subprocess.run(command, cwd=place.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "8 points: 7 ok, 1 failed" in done.stdout, done.stderr
    records = place.records()
    assert sorted(one["app"]["number"] for one in records) == list(range(8))
    assert {one["executor"]["name"] for one in records} == {"slurm"}
    assert len({one["metrics"]["job"]["value"] for one in records if one["metrics"]}) == 2
    assert all((place.folder / "sweep" / str(number) / ".hydra" / "config.yaml").is_file() for number in range(8))


def test_submitit_leaves_the_logging_of_others_alone(tmp_path):
    """Left to itself it closes every handler there is, and some close a stream that others still use."""
    code = """
        import logging, sys
        class Closing(logging.StreamHandler):
            def close(self):
                self.stream.close()
        theirs = Closing(open("theirs", "w"))
        logging.getLogger().addHandler(theirs)
        from a4eval.executors.slurm import _submitit
        _submitit()
        theirs.stream.write("still open")
        logging.getLogger("submitit").warning("a\\nb")
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr == "a4eval: warning: submitit: a b\n"
