"""What a sweep over an app gives beside Hydra's: it goes on, tries again, and leaves records."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from hydra.core.utils import setup_globals
from omegaconf import OmegaConf

from a4eval.apps.again import later
from a4eval.apps.job import gather
from a4eval.runs.record import json_schema

from .apps import PATH, STARTS

pytestmark = STARTS

CODE = """
import logging, multiprocessing, os, signal, sys, time
from concurrent import futures
from dataclasses import dataclass
import hydra
from hydra.core.config_store import ConfigStore

import a4eval

@dataclass
class Config:
    x: int = 0
    do: str = "return"
    when: str = "${now:%H-%M-%S-%f}"
    out: str = "${hydra:runtime.output_dir}/model"

ConfigStore.instance().store(name="config", node=Config)
log = logging.getLogger(__name__)

@hydra.main(version_base=None, config_name="config")
def train(cfg):
    log.info("began %s", cfg.x)
    for step in range(3):
        a4eval.tracked("loss", cfg.x / (step + 1), step)
    if os.path.exists(f"{cfg.do}-{cfg.x}"):
        os.unlink(f"{cfg.do}-{cfg.x}")
        print("about to", cfg.do, flush=True)
        if cfg.do == "raise":
            raise ValueError(f"no {cfg.x}")
        if cfg.do == "exit":
            sys.exit(7)
        if cfg.do == "leave":
            os._exit(3)
        if cfg.do == "die":
            os.kill(os.getpid(), signal.SIGSEGV)
        if cfg.do == "hang":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
            time.sleep(60)
        if cfg.do == "fork" and os.fork() == 0:
            raise SystemExit
        if cfg.do == "threads":
            pool = futures.ThreadPoolExecutor(2)
            pool.submit(time.sleep, 30)  # and leaves it running
            pool.submit(abs, 1).result()
        if cfg.do == "processes":
            for way in ("fork", "spawn"):
                with futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(way)) as pool:
                    assert list(pool.map(abs, range(3))) == [0, 1, 2]
        if cfg.do == "print":
            for _ in range(100):
                os.write(1, b"x" * 100_000)
        if cfg.do == "done":
            sys.exit()
    return {"square": cfg.x ** 2, "top": {"half": cfg.x / 2}, "name": "a text"}

if __name__ == "__main__":
    train()
"""


class Folder:
    """A folder with an app in it."""

    def __init__(self, path):
        self.path = path
        (path / "train.py").write_text(CODE)
        self.environment = {**os.environ, "PYTHONPATH": PATH, "XDG_STATE_HOME": str(path / "state")}

    def start(self, *words):
        return subprocess.run(words, cwd=self.path, env=self.environment, capture_output=True, text=True, check=False)

    def sweep(self, *words):
        return self.start(sys.executable, "train.py", "-m", *words, "hydra/sweeper=a4eval")

    def a4eval(self, *words):
        return self.start(sys.executable, "-m", "a4eval", *words)

    def folders(self):
        return sorted(one.parent for one in (self.path / "multirun").rglob("results.jsonl"))

    def records(self, folder):
        return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_the_same_command_goes_on_and_then_begins_anew(folder):
    done = folder.sweep("x=range(6)")
    assert done.returncode == 0, done.stderr
    assert "6 points: 6 ok" in done.stdout
    (first,) = folder.folders()
    lines = (first / "results.jsonl").read_bytes().splitlines(keepends=True)
    (first / "results.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:50])  # as a crash leaves it
    again = folder.sweep("x=range(6)")
    assert again.returncode == 0, again.stderr
    assert "6 points: 6 ok, 4 of them earlier (hydra.sweeper.resume=false runs them again)" in again.stdout
    assert folder.folders() == [first]
    records = [json.loads(line) for line in (first / "results.jsonl").read_bytes().splitlines() if line[-1:] == b"}"]
    assert sorted(one["config"]["x"] for one in records) == list(range(6))
    assert {one["app"]["directory"] for one in records} == {str(first / str(number)) for number in range(6)}
    for record in records:
        jsonschema.validate(record, json_schema())
        assert record["config"]["out"] == f"{record['app']['directory']}/model"
        assert {name: one["value"] for name, one in record["metrics"].items()} == {
            "square": record["config"]["x"] ** 2,
            "top/half": record["config"]["x"] / 2,
        }
        assert record["warnings"] == ["returned name = str, which is no number, and is not kept"]
        assert [row["step"] for row in record["tables"]["tracked"]] == [0, 1, 2]
    assert folder.sweep("x=range(6)").returncode == 0  # nothing is left to do there: as Hydra does, a new folder
    assert len(folder.folders()) == 2
    assert folder.sweep("x=range(6)", "hydra.sweeper.version=2").returncode == 0
    assert len(folder.folders()) == 3


def test_a_second_that_has_a_sweep_already_has_no_other(tmp_path):
    setup_globals()
    config = OmegaConf.create({"hydra": {"sweep": {"dir": f"{tmp_path}/${{now:%H-%M-%S}}"}}})
    first = Path(config.hydra.sweep.dir)
    assert later(config) is None
    first.mkdir()
    (first / "sweep.json").touch()
    folder, now = later(config)
    assert folder == tmp_path / now["%H-%M-%S"] != first
    assert Path(config.hydra.sweep.dir) == folder  # and so know all that is composed from it
    (folder / "sweep.json").parent.mkdir()
    (folder / "sweep.json").touch()
    named = OmegaConf.create({"hydra": {"sweep": {"dir": str(folder)}}})  # by its user
    assert later(named) is None


def test_what_an_app_does_to_its_process_is_a_record(folder):
    doings = ["raise", "exit", "leave", "die", "hang", "fork", "print", "done", "threads", "processes"]
    for one in doings:
        (folder.path / f"{one}-1").touch()
    done = folder.sweep("x=1,2", f"do={','.join(doings)}", "hydra.sweep.dir=out", "hydra.sweeper.timeout=9")
    assert done.returncode == 1, done.stderr
    assert len(done.stderr) < 3000
    records = {(one["config"]["do"], one["config"]["x"]): one for one in folder.records(folder.path / "out")}
    assert len(records) == 2 * len(doings)
    said = {do: record["error"] and record["error"]["message"] for (do, x), record in records.items() if x == 1}
    assert said == {
        "raise": "no 1",
        "exit": "7",
        "leave": "ended its worker process with exit status 3",
        "die": "killed by SIGSEGV",
        "hang": "did not end 5 s after its timeout of 9 s and was killed by SIGKILL",
        "fork": None,
        "print": None,
        "done": None,
        "threads": None,
        "processes": None,
    }
    assert {record["status"] for (_, x), record in records.items() if x == 2} == {"ok"}
    failed = records["raise", 1]
    assert "ValueError: no 1" in failed["error"]["traceback"]
    assert failed["tables"]["tracked"][0]["value"] == 1
    for do in ("raise", "die", "print"):
        record = records[do, 1]
        (output,) = record["artifacts"]
        text = (folder.path / "out" / "runs" / record["run_id"] / output["path"]).read_text()
        assert "began 1" in text
        assert f"about to {do}" in text
    assert output["bytes"] > 10_000_000
    log = (folder.path / "out" / str(records["raise", 1]["app"]["number"]) / "train.log").read_text()
    assert "began 1" in log
    assert f"{sys.executable} train.py x=1 do=raise" in done.stdout
    # what made them fail is gone, so they are ok now
    again = folder.a4eval("retry", "out", "timeout=60")
    assert again.returncode == 0, again.stderr
    assert "20 points: 20 ok, 15 of them earlier" in again.stdout
    assert "no run failed" not in folder.a4eval("ls", "out", "status=failed").stdout


LATE = """
import os, subprocess, time
import hydra

@hydra.main(version_base=None, config_path=None)
def late(cfg):
    if cfg.i % 2:
        subprocess.Popen(["sh", "-c", f"while ! test -e {cfg.i + 1}; do sleep 0.01; done; echo late; touch {cfg.i}"])
        return
    print("mine", cfg.i, flush=True)
    open(str(cfg.i), "w").close()
    until = time.monotonic() + 9
    while not os.path.exists(str(cfg.i - 1)) and time.monotonic() < until:
        time.sleep(0.01)

if __name__ == "__main__":
    late()
"""


def test_what_a_run_left_behind_prints_into_no_other_runs_output(folder):
    (folder.path / "train.py").write_text(LATE)
    words = ["hydra.sweeper.executor.workers=1", "hydra.sweep.dir=out"]
    done = folder.sweep("+i=range(1,7)", *words)
    assert done.returncode == 0, done.stderr
    printed = sorted(one.read_text() for one in (folder.path / "out" / "runs").glob("*/output.txt"))
    assert printed == ["mine 2\n", "mine 4\n", "mine 6\n"]
    assert not list((folder.path / "out" / "runs").glob(".*"))


def test_what_a_point_printed_that_was_killed_for_good_is_its_output(tmp_path):
    """A search asks for another point in its place, so nobody comes back for it."""
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / ".0123456789abcdef.printed").write_text("about to\n")
    (runs / ".fedcba9876543210.printed").touch()
    gather(tmp_path)
    assert [one.relative_to(runs).as_posix() for one in runs.rglob("*") if one.is_file()] == [
        "0123456789abcdef/output.txt"
    ]
    assert (runs / "0123456789abcdef" / "output.txt").read_text() == "about to\n"


def test_retry_gives_the_command_as_it_was_given(folder):
    (folder.path / "raise-1").touch()
    assert folder.sweep("x=1", "do=raise", "hydra.sweep.dir=out").returncode == 1
    for _ in range(2):
        said = folder.a4eval("resume", "out").stderr.splitlines()[0]
        assert said.count("hydra.sweep.dir=") == said.count("hydra.sweeper.resume=") == 1
    done = folder.a4eval("retry", "out")
    assert done.returncode == 0, done.stderr
    assert "hydra.sweeper.resume=true" not in done.stderr.splitlines()[0]


def test_retries_and_the_first_failure(folder):
    (folder.path / "raise-1").touch()
    assert folder.sweep("x=1,2", "do=raise", "hydra.sweep.dir=out", "hydra.sweeper.retries=1").returncode == 0
    assert [one["executor"]["attempt"] for one in folder.records(folder.path / "out") if one["config"]["x"] == 1] == [
        1,
        2,
    ]
    (folder.path / "raise-0").touch()
    words = ["x=range(50)", "do=raise", "hydra.sweep.dir=more", "hydra.sweeper.executor.workers=1"]
    done = folder.sweep(*words, "hydra.sweeper.fail_fast=true")
    assert done.returncode == 1
    assert "not run" in done.stdout
    resumed = folder.a4eval("resume", "more", "fail_fast=false")
    assert "50 points: 49 ok, 1 failed" in resumed.stdout, resumed.stderr


def test_a_dry_run_writes_nothing(folder):
    done = folder.sweep("x=1,2,3", "do=a,b", "hydra.sweeper.dry_run=true")
    assert done.returncode == 0, done.stderr
    assert "6 points, into multirun" in done.stdout
    assert "x=3 do=b" in done.stdout
    typed = folder.sweep("x=1,2", "do=a long text,${hydra:job.num}", "hydra.sweeper.dry_run=true").stdout
    assert "do: a long text, ${hydra:job.num}  (2)" in typed
    assert "# x=2 do=${hydra:job.num}" in typed
    assert {one.name for one in folder.path.iterdir()} <= {"train.py", "state", "__pycache__"}


def test_another_sweep_does_not_write_over_a_finished_point(folder):
    assert folder.sweep("x=1,2", "hydra.sweep.dir=out").returncode == 0
    done = folder.sweep("x=0,1,2", "hydra.sweep.dir=out")
    assert done.returncode == 2
    assert "hydra.sweep.subdir" in done.stderr
    assert "'x=1'" in done.stderr
    words = ["hydra.sweep.dir=named", "hydra.sweep.subdir=${hydra.job.override_dirname}"]
    assert folder.sweep("x=1,2", *words).returncode == 0
    assert "3 points: 3 ok, 2 of them earlier" in folder.sweep("x=0,1,2", *words).stdout


@pytest.mark.parametrize(
    ("words", "message", "status"),
    [
        (["hydra.sweeper.retries=-1"], "hydra.sweeper.retries: got -1", 2),
        (["hydra.sweeper.timeout=soon"], "hydra.sweeper.timeout: got 'soon', expected", 2),
        (["hydra.sweeper.executor=nowhere"], "a4eval: error: hydra.sweeper.executor: no executor 'nowhere'", 2),
        (["hydra.sweeper.executor.name=nowhere"], "hydra.sweeper.executor.name: no executor 'nowhere'", 2),
        (["hydra.sweeper.executor.workers=x"], "hydra.sweeper.executor.workers: got 'x', expected", 2),
        (["hydra.sweeper.version=git"], "no working tree of git", 2),
        (["x=a,b"], "Value 'a' of type 'str' could not be converted to Integer", 1),
        (["y=1,2"], "Key 'y' not in 'Config'", 1),
        (["x=interval(0,1)"], "x: got 'x=interval(0,1)', expected a list", 2),
    ],
)
def test_a_slip_is_said_before_anything_runs(folder, words, message, status):
    done = folder.sweep(*words)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder.path / "multirun").exists()


def test_all_slips_are_said_at_once(folder):
    done = folder.sweep("hydra.sweeper.retries=x", "hydra.sweeper.timeout=-1", "hydra.sweeper.executor=foo")
    assert done.returncode == 2
    found = [line.partition(": got")[0].partition(": no")[0] for line in done.stderr.splitlines()]
    assert sorted(found) == [f"a4eval: error: hydra.sweeper.{key}" for key in ("executor", "retries", "timeout")]


@pytest.mark.parametrize("left", [None, b"", b'{"schema_version":4,"run'])
def test_the_same_command_goes_on_although_nothing_was_recorded(folder, left):
    assert folder.sweep("x=1,2").returncode == 0
    (first,) = folder.folders()
    if left is None:
        (first / "results.jsonl").unlink()
    else:
        (first / "results.jsonl").write_bytes(left)
    assert folder.sweep("x=1,2").returncode == 0
    assert folder.folders() == [first]
    assert len(list((folder.path / "multirun").rglob("sweep.json"))) == 1


def test_a_folder_from_elsewhere_starts_no_program(folder, tmp_path):
    assert folder.sweep("x=1,2", "hydra.sweep.dir=out").returncode == 0
    place = folder.path / "out" / "sweep.json"
    place.write_text(place.read_text().replace("train.py", "evil.py"))
    (folder.path / "evil.py").write_text("open('was-here', 'w')")
    for command in ("resume", "retry"):
        done = folder.a4eval(command, "out")
        assert done.returncode == 2
        assert "nothing proves that you started it" in done.stderr
    assert not (folder.path / "was-here").exists()


STDIN = """
import sys
import hydra
from omegaconf import OmegaConf
sys.argv = ["notebook", "-m", "+x=2,3", "hydra.sweep.dir=out", "hydra/sweeper=a4eval"]
factor = 10
OmegaConf.register_new_resolver("twice", lambda x: 2 * x)

class Model:
    def __call__(self, x):
        return factor * x

@hydra.main(version_base=None)
def task(cfg):
    return Model()(OmegaConf.create({"y": "${twice:%s}" % cfg.x}).y)

task()
print("went on")
"""
IN_A_MODULE = """
import sys
from shop import library
sys.argv = ["larger", "-m", "+x=2,3", "hydra.sweep.dir=out", "hydra/sweeper=a4eval"]
if __name__ == "__main__":
    library.task()
    print("went on")
"""
LIBRARY = "import hydra\nstate = 20\n\n@hydra.main(version_base=None)\ndef task(cfg):\n    return state * cfg.x\n"


@pytest.mark.parametrize("start", ["-c", "larger.py"])
def test_a_function_without_a_program_of_its_own(folder, start):
    (folder.path / "larger.py").write_text(IN_A_MODULE)
    (folder.path / "shop").mkdir()
    (folder.path / "shop" / "__init__.py").touch()
    (folder.path / "shop" / "library.py").write_text(LIBRARY)
    done = folder.start(sys.executable, start, *([STDIN] if start == "-c" else []))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("went on") == 1
    records = folder.records(folder.path / "out")
    assert {one["config"]["x"]: one["metrics"]["value"]["value"] for one in records} == {2: 40, 3: 60}
    again = folder.a4eval("resume", "out")
    if start == "-c":
        assert "started from within Python" in again.stderr
    else:
        assert "2 points: 2 ok, 2 of them earlier" in again.stdout, again.stderr


GPUS = """
import glob, os, time, hydra

@hydra.main(version_base=None)
def task(cfg):
    open("gpu-" + os.environ["CUDA_VISIBLE_DEVICES"], "w").close()
    end = time.monotonic() + 60  # a worker that starts late finds a point to do
    while len(glob.glob("gpu-*")) < cfg.seen and time.monotonic() < end:
        time.sleep(0.05)
    if cfg.x == 1 and not os.path.exists("died"):
        open("died", "w").close()
        os._exit(1)
    return {"gpu": int(os.environ["CUDA_VISIBLE_DEVICES"]), "threads": int(os.environ["OMP_NUM_THREADS"])}

task()
"""


def test_gpus_are_given_in_turn(folder):
    (folder.path / "train.py").write_text(GPUS)
    folder.environment["OMP_NUM_THREADS"] = "3"
    words = ["+x=range(8)", "+seen=2", "hydra.sweeper.executor.workers=3", "hydra.sweeper.executor.gpus=[5,7,5]"]
    done = folder.sweep(*words, "hydra.sweep.dir=out", "hydra.sweeper.retries=1")
    assert done.returncode == 0, done.stderr
    metrics = [one["metrics"] for one in folder.records(folder.path / "out") if one["metrics"]]
    assert {one["gpu"]["value"] for one in metrics} == {5, 7}
    assert {one["threads"]["value"] for one in metrics} == {3}
    folder.environment["CUDA_VISIBLE_DEVICES"] = "2,4"
    words = ["+x=range(8)", "+seen=4", "hydra.sweeper.executor.workers=2", "hydra.sweeper.executor.gpus=auto"]
    assert folder.sweep(*words, "hydra.sweep.dir=more").returncode == 0
    assert {one["metrics"]["gpu"]["value"] for one in folder.records(folder.path / "more")} == {2, 4}


def test_on_ray(folder):
    pytest.importorskip("ray", reason="the executor ray needs it")
    (folder.path / "raise-1").touch()
    done = folder.sweep("x=range(6)", "do=raise", "hydra.sweep.dir=out", "hydra.sweeper.executor=ray")
    assert done.returncode == 1, done.stderr
    assert "6 points: 5 ok, 1 failed" in done.stdout
    again = folder.a4eval("retry", "out", "executor=local")
    assert again.returncode == 0, again.stderr
    records = folder.records(folder.path / "out")
    assert {one["executor"]["name"] for one in records} == {"ray", "local"}
    assert {one["config"]["x"]: one["metrics"]["square"]["value"] for one in records if one["metrics"]} == {
        x: x**2 for x in range(6)
    }
