"""One run from the command line: exit status, record, errors, interrupts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from a4eval.runs.record import json_schema

TASKS = """
import time
from dataclasses import dataclass
from a4eval import Component, DataError, Result, Value, Verdict, hookimpl, param

A4EVAL_API = 1

@hookimpl
def a4eval_components():
    return [Component(kind="task", name=name, factory=f"odd_tasks:{name.title()}") for name in
            ("sleeper", "failing", "random", "strange", "writer", "nothing", "careless", "exiting", "slipping",
             "judging")]

@dataclass
class Sleeper:
    seconds: float = 60
    def run(self, run):
        print("ready", flush=True)
        time.sleep(self.seconds)
        return Result()

@dataclass
class Failing:
    kind: str = "bug"
    def run(self, run):
        if self.kind == "data":
            raise DataError("scores.csv, row 3: got 'x', expected a number")
        return {}["absent"]

@dataclass
class Random:
    size: int = 3
    def run(self, run):
        numbers = run.generator().random(self.size).tolist() + run.generator(1).random(1).tolist()
        return Result({f"r{i}": Value(number) for i, number in enumerate(numbers)})

@dataclass
class Strange:
    def run(self, run):
        import numpy as np
        metrics = {"nan": Value(float("nan")), "inf": Value(np.float32("inf")), "minus": Value(-float("inf")),
                   "int": Value(np.int64(7), "pixels", True, np.int64(3))}
        return Result(metrics, {"rows": [{"a": np.float64("nan"), "b": np.bool_(True), "c": None}]})

@dataclass
class Writer:
    def run(self, run):
        run.artifact("deep/inside.txt").write_text("hello")
        run.source(__file__)
        return Result({"one": Value(1.0)})

@dataclass
class Nothing:
    def run(self, run):
        return None

@dataclass
class Exiting:
    def run(self, run):
        raise SystemExit(3)

@dataclass
class Slipping:
    slip: str
    def run(self, run):
        import numpy as np
        metrics, tables = {"m": Value(1.0)}, {"t": [{"a": 1}]}
        if self.slip == "outside":
            run.artifact("../outside.txt")
        elif self.slip.startswith("table"):
            tables = {"table": {"t": 5}, "table row": {"t": [1, 2]}, "table cell": {"t": [{"a": [1]}]}}[self.slip]
        else:
            metrics = {"m": eval(self.slip)}
        return Result(metrics, tables)

@dataclass
class Judging:
    outcome: str
    def run(self, run):
        reasons = () if self.outcome == "passed" else ("2 > 1",)
        return Result({"one": Value(1.0)}, verdict=Verdict(self.outcome, reasons))

@dataclass
class Careless:
    def run(self, run):
        import warnings
        for _ in range(3):
            warnings.warn("odd scores")
        run.warn("two boxes look swapped")
        return Result({"one": Value(1.0)})
"""


@pytest.fixture
def odd(site):
    site.add("odd-tasks", TASKS)
    return site


def run(odd, tmp_path, *arguments, **environment):
    return odd.run("run", "hydra.run.dir=out", *arguments, cwd=tmp_path, **environment)


def record_of(tmp_path):
    record = json.loads((tmp_path / "out" / "result.json").read_text(), parse_constant=pytest.fail)
    jsonschema.validate(record, json_schema(), cls=jsonschema.Draft202012Validator)
    return record


def test_a_run_leaves_one_valid_record_and_shows_its_numbers(odd, tmp_path):
    done = run(odd, tmp_path, "experiment=stranger/heads", "seed=7")
    assert done.code == 0
    assert done.out.splitlines()[-1] == "out/result.json"
    assert "heads" in done.out
    assert "0.6" in done.out
    record = record_of(tmp_path)
    assert next(iter(record)) == "schema_version"
    assert record["status"] == "ok"
    assert record["experiment"] == "stranger/heads"
    assert record["overrides"] == ["hydra.run.dir=out", "experiment=stranger/heads", "seed=7"]
    assert record["seed"] == record["config"]["seed"] == 7
    assert record["metrics"] == {
        "heads": {"value": 0.6, "unit": "1", "higher_is_better": True, "n": 5, "interval": None}
    }
    assert [(one["kind"], one["name"]) for one in record["components"]] == [
        ("metric", "heads"),
        ("reader", "flips"),
        ("task", "evaluate"),
    ]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"result.json", "heard.txt"}


def test_same_config_same_numbers_and_same_id(odd, tmp_path):
    records = []
    for name, arguments in {"a": [], "b": [], "c": ["seed=1"], "d": ["task.size=4"]}.items():
        odd.run("run", "task.name=random", f"hydra.run.dir={name}", *arguments, cwd=tmp_path)
        records.append(json.loads((tmp_path / name / "result.json").read_text()))
    first, again, other_seed, _ = records
    assert first["metrics"] == again["metrics"]
    assert first["run_id"] == again["run_id"]
    assert first["metrics"] != other_seed["metrics"]
    assert len({one["run_id"] for one in records}) == 3
    values = [first["metrics"][f"r{index}"]["value"] for index in range(3)]
    assert values == np.random.default_rng(np.random.SeedSequence(0)).random(3).tolist()


@pytest.mark.parametrize(("outcome", "code"), [("passed", 0), ("undecided", 4), ("failed", 3)])
def test_a_verdict_is_in_the_record_shown_first_and_the_exit_status(odd, tmp_path, outcome, code):
    done = run(odd, tmp_path, "task.name=judging", f"task.outcome={outcome}")
    assert done.code == code, done.err
    reasons = [] if outcome == "passed" else ["2 > 1"]
    assert done.record["verdict"] == {"outcome": outcome, "reasons": reasons}
    assert done.record["status"] == "ok"
    assert done.out.splitlines()[1:][: 1 + len(reasons)] == [f"verdict: {outcome}", *(f"  {one}" for one in reasons)]


def test_a_task_that_measures_gives_no_verdict(odd, tmp_path):
    assert run(odd, tmp_path, "task.name=writer").record["verdict"] is None


def test_a_failing_run_is_a_record_with_its_traceback(odd, tmp_path):
    done = run(odd, tmp_path, "task.name=failing")
    assert done.code == 1
    record = record_of(tmp_path)
    assert (record["status"], record["error"]["type"], record["metrics"]) == ("failed", "KeyError", {})
    assert 'return {}["absent"]' in record["error"]["traceback"]
    assert done.err == "a4eval: error: KeyError: 'absent' (the record holds the traceback)\n"
    assert done.out.splitlines()[-1] == "out/result.json"


def test_bad_data_is_one_line_and_a_failed_record(odd, tmp_path):
    done = run(odd, tmp_path, "task.name=failing", "task.kind=data")
    assert done.code == 1
    assert done.err == "a4eval: error: scores.csv, row 3: got 'x', expected a number\n"
    assert record_of(tmp_path)["error"]["type"] == "DataError"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_a_record_too(odd, tmp_path, number):
    command = [sys.executable, "-m", "a4eval", "run", "task.name=sleeper", "hydra.run.dir=out"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=odd.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr.readline() == "ready\n"
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors == "a4eval: interrupted\n"
    assert record_of(tmp_path)["status"] == "interrupted"


def test_a_killed_run_leaves_no_half_record(odd, tmp_path):
    command = [sys.executable, "-m", "a4eval", "run", "task.name=sleeper", "hydra.run.dir=out"]
    with subprocess.Popen(command, cwd=tmp_path, env=odd.environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "ready\n"
        process.kill()
    assert not (tmp_path / "out" / "result.json").exists()
    assert run(odd, tmp_path, "experiment=stranger/heads").code == 0


def test_numbers_that_json_cannot_hold(odd, tmp_path):
    assert run(odd, tmp_path, "task.name=strange").code == 0
    record = record_of(tmp_path)
    values = {name: metric["value"] for name, metric in record["metrics"].items()}
    assert values == {"nan": "NaN", "inf": "Infinity", "minus": "-Infinity", "int": 7}
    assert record["metrics"]["int"] == {
        "value": 7,
        "unit": "pixels",
        "higher_is_better": True,
        "n": 3,
        "interval": None,
    }
    assert record["tables"] == {"rows": [{"a": "NaN", "b": True, "c": None}]}


def test_artifacts_and_data_are_listed_with_their_hash(odd, tmp_path):
    assert run(odd, tmp_path, "task.name=writer").code == 0
    record = record_of(tmp_path)
    sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert record["artifacts"] == [{"path": "deep/inside.txt", "sha256": sha256, "bytes": 5}]
    assert record["data"][0]["bytes"] == len(TASKS)


def test_warnings_of_task_and_python_go_into_the_record_once(odd, tmp_path):
    done = run(odd, tmp_path, "task.name=careless")
    expected = ["UserWarning: odd scores", "two boxes look swapped"]
    assert record_of(tmp_path)["warnings"] == expected
    assert done.err == "".join(f"a4eval: warning: {one}\n" for one in expected)


def test_a_task_that_returns_no_result_is_named(odd, tmp_path):
    done = run(odd, tmp_path, "task.name=nothing")
    assert (done.code, done.err) == (1, "a4eval: error: the task must return an a4eval.Result, got None\n")


SLIPS = [
    "0.5", "Value(1j)", "Value(None)", "Value('good')", "Value(np.array([1, 2]))", "Value(np.bool_(True))",
    "Value(1.0, n=2.5)", "Value(1.0, unit=None)", "Value(1.0, higher_is_better=1)", "Value(1.0, interval=3)",
    "table", "table row", "table cell", "outside",
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_what_a_record_cannot_hold_is_a_failed_record(odd, tmp_path, slip):
    done = run(odd, tmp_path, "task.name=slipping", f'task.slip="{slip}"')
    assert done.code == 1
    assert done.err.startswith("a4eval: error: ")
    assert record_of(tmp_path)["status"] == "failed"
    assert not (tmp_path / "outside.txt").exists()


def test_a_task_that_exits_is_a_failed_record(odd, tmp_path):
    assert run(odd, tmp_path, "task.name=exiting").code == 1
    assert record_of(tmp_path)["error"]["type"] == "SystemExit"


def test_provenance_that_is_no_json_only_warns(odd, tmp_path):
    odd.add(
        "vague",
        "from a4eval import hookimpl\nA4EVAL_API = 1\n"
        "@hookimpl\ndef a4eval_provenance():\n    return {'x': object()}\n",
    )
    assert run(odd, tmp_path, "experiment=stranger/heads").code == 0
    assert "plugin 'vague': a4eval_provenance failed: TypeError" in record_of(tmp_path)["warnings"][0]


def test_only_one_run_at_a_time_works_in_a_folder(odd, tmp_path):
    command = [sys.executable, "-m", "a4eval", "run", "task.name=sleeper", "hydra.run.dir=out"]
    with subprocess.Popen(command, cwd=tmp_path, env=odd.environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "ready\n"
        second = run(odd, tmp_path, "experiment=stranger/heads")
        process.kill()
    assert second.code == 2
    assert second.err == "a4eval: error: hydra.run.dir: another run is at work in 'out'; choose another\n"


def test_a_dry_run_checks_the_config_and_writes_nothing(odd, tmp_path):
    done = run(odd, tmp_path, "experiment=stranger/heads", "dry_run=true")
    assert done.code == 0
    assert "the config is right" in done.out
    assert not (tmp_path / "out").exists()
    assert run(odd, tmp_path, "experiment=stranger/heads", "dry_run=true", "task.data.flips=3").code == 2


def test_an_encoding_that_lacks_a_letter_costs_only_the_letter(odd, tmp_path):
    done = run(odd, tmp_path, "experiment=stranger/heads", "description='ünï…'", PYTHONIOENCODING="ascii")
    assert (done.code, done.record["config"]["description"]) == (0, "ünï…")


def test_a_record_that_cannot_be_written_still_shows_its_numbers(odd, tmp_path):
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 1; exec "$@"', "-", sys.executable, "-m", "a4eval", "run",
         "task.name=random", "task.size=300", "hydra.run.dir=out"],
        cwd=tmp_path, env={**odd.environment, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "a4eval: error: the record cannot be written to out: File too large\n"
    assert "r299" in done.stdout
    assert not (tmp_path / "out" / "result.json").exists()


def test_a_finished_run_is_not_overwritten_but_a_failed_one_is(odd, tmp_path):
    assert run(odd, tmp_path, "task.name=failing").code == 1
    assert run(odd, tmp_path, "experiment=stranger/heads").code == 0
    before = (tmp_path / "out" / "result.json").read_bytes()
    again = run(odd, tmp_path, "task.name=failing")
    assert again.code == 2
    message = "hydra.run.dir: out/result.json holds a finished run; choose another folder, or remove it"
    assert again.err == f"a4eval: error: {message}\n"
    assert (tmp_path / "out" / "result.json").read_bytes() == before


def test_the_working_directory_stays_and_runs_do_not_collide(odd, tmp_path):
    paths = {odd.run("run", "experiment=stranger/heads", cwd=tmp_path).out.splitlines()[-1] for _ in range(3)}
    assert len(paths) == 3
    assert {path.name for path in tmp_path.iterdir()} == {"outputs", "site"}
    assert all((tmp_path / path).is_file() and path.startswith("outputs/") for path in paths)


WRONG = {
    "no task": ([], "task: is missing; choose an experiment: `a4eval experiments` lists them"),
    "experiment": (
        ["experiment=stranger/haeds"],
        "experiment: there is no experiment 'stranger/haeds'; did you mean 'stranger/heads'? "
        "(`a4eval experiments` lists them; one of a plugin is there once that is installed)",
    ),
    "task": (["task.name=evaluat"], "task.name: no task 'evaluat'; did you mean 'evaluate' (a4eval 0.1.0)?"),
    "metric": (
        ["experiment=stranger/heads", "task.metrics.heads=haeds"],
        "task.metrics.heads.name: no metric 'haeds'; did you mean 'heads' (a4eval-stranger 1.0)?",
    ),
    "key": (["experiment=stranger/heads", "task.data.flip=[H]"], "task.data.flip: unknown key; did you mean 'flips'?"),
    "type": (["experiment=stranger/heads", "task.data.flips=3"], "task.data.flips: got 3, expected list[str]"),
    "inner type": (
        ["experiment=stranger/heads", "task.data.flips=[H,1]"],
        "task.data.flips: got ['H', 1], expected list[str] (at [1])",
    ),
    "missing": (["task.name=evaluate"], "task.data: is missing; set task.data=… (where the batches come from)"),
    "value": (["experiment=stranger/square", "task.coordinates=0"], "task.coordinates: got 0, expected at least 1"),
    "no parameters": (
        ["experiment=stranger/heads", "task.metrics.heads.k=1"],
        "task.metrics.heads.k: unknown key; it takes no parameters (on the command line)",
    ),
    "root key": (["sead=1"], "sead: unknown key; did you mean 'seed'?"),
    "added root key": (["+sead=1", "task.name=evaluate"], "sead: unknown key; did you mean 'seed'?"),
    "seed": (["seed=one", "experiment=stranger/heads"], "seed: got 'one', expected int"),
    "negative seed": (["seed=-1", "experiment=stranger/heads"], "seed: got -1, expected a non-negative integer"),
    "pictures": (
        ["pictures=maybe", "experiment=stranger/heads"],
        "pictures: got 'maybe', expected bool | 'auto'",
    ),
    "syntax": (["seed=["], "got 'seed=[', where [ and ] are not as many; quote it for the shell"),
    "special character": (
        ["hydra.run.dir=ünï"],
        "hydra.run.dir: cannot read 'ünï'; quote a text with special characters",
    ),
    "double dot": (["task..data=1"], "got 'task..data=1', whose key cannot be read; expected KEY=VALUE"),
    "no such experiment key": (["experiment=null", "~seed"], ""),
    "a number for a name": (["experiment=3"], ""),
    "a group that is none": (["@task=1"], ""),
    "no value": (["seed"], "got 'seed', expected KEY=VALUE"),
    "option": (["--fast"], "there is no option '--fast'; `a4eval run --help` lists them"),
    "interpolation": (["task.name=${nowhere}"], "task.name: ${nowhere} refers to a key that is not there"),
    "hydra key": (["hydra.nope=1"], "hydra.nope: cannot be set; of Hydra a4eval offers run.dir, sweep.dir"),
    "config folder": (["--config-dir=nowhere"], "--config-dir: there is no folder 'nowhere'"),
    "part": (["--cfg=jobs"], "--cfg: got 'jobs', expected job or resolved"),
    "sweep without -m": (["seed=1,2"], "seed: got 1,2: with -m it is swept over; [1,2] is a list"),
    "folder": (
        ["experiment=stranger/heads", "hydra.run.dir=/dev/null/out"],
        "hydra.run.dir: cannot make the folder '/dev/null/out': Not a directory",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
def test_a_bad_config_is_a_line_for_each_fault_and_writes_nothing(site, tmp_path, arguments, message):
    done = site.run("run", *arguments, cwd=tmp_path)
    assert done.code == 2
    assert done.err.startswith(f"a4eval: error: {message}")
    assert all(line.startswith("a4eval: error: ") for line in done.err.splitlines())
    assert done.err.count("\n") <= 3
    assert done.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_broken_yaml_of_the_user_is_located(site, tmp_path):
    folder = tmp_path / "mine" / "experiment"
    folder.mkdir(parents=True)
    (folder / "bad.yaml").write_text("# @package _global_\ntask: {name: evaluate\nseed: 1\n")
    done = site.run("run", "--config-dir=mine", "experiment=bad", cwd=tmp_path)
    assert done.code == 2
    assert done.err.startswith("a4eval: error: ")
    assert "bad.yaml, line 3: not valid YAML" in done.err
    assert done.err.count("\n") == 1


HEADLESS = {
    "no header": "task: {name: evaluate}\n",
    "header in the second line": "# mine\n# @package _global_\ntask: {name: evaluate}\n",
}


@pytest.mark.parametrize("text", HEADLESS.values(), ids=HEADLESS)
def test_a_forgotten_package_header_is_named(site, tmp_path, text):
    folder = tmp_path / "mine" / "experiment"
    folder.mkdir(parents=True)
    (folder / "e.yaml").write_text(text)
    done = site.run("run", "--config-dir=mine", "experiment=e", cwd=tmp_path)
    message = "experiment: the YAML file of e must begin with the line `# @package _global_`"
    assert (done.code, done.err) == (2, f"a4eval: error: {message}\n")


ODD_FILES = {
    "not UTF-8": b"\xff\xfe",
    "in a circle": b"# @package _global_\ntask: &a {name: evaluate, data: *a}\n",
    "defaults in a circle": b"# @package _global_\ndefaults: [e]\n",
    "a number": b"# @package _global_\n0\n",
    "a key that is none": b"# @package _global_\nnull: 1\n",
}


@pytest.mark.parametrize("content", ODD_FILES.values(), ids=ODD_FILES)
def test_an_odd_yaml_is_one_line(site, tmp_path, content):
    folder = tmp_path / "mine" / "experiment"
    folder.mkdir(parents=True)
    (folder / "e.yaml").write_bytes(content)
    done = site.run("run", "--config-dir=mine", "experiment=e", cwd=tmp_path)
    assert done.code == 2
    assert done.err.startswith("a4eval: error: ")
    assert done.err.count("\n") == 1
    assert site.run("experiments", "--config-dir=mine", cwd=tmp_path).code == 0


def test_an_experiment_of_the_user(site, tmp_path):
    folder = tmp_path / "mine" / "experiment"
    folder.mkdir(parents=True)
    (folder / "tails.yaml").write_text(
        "# @package _global_\ndescription: All tails.\ndefaults: [stranger/heads]\ntask: {data: {flips: [T, T]}}\n"
    )
    done = site.run("run", "--config-dir=mine", "experiment=tails", cwd=tmp_path)
    assert done.record["metrics"]["heads"]["value"] == 0
    listed = {
        one["experiment"]: one
        for one in json.loads(site.run("experiments", "--config-dir", tmp_path / "mine", "--json").out)
    }
    expected = {"experiment": "tails", "provider": "--config-dir", "description": "All tails.", "needs": []}
    assert listed["tails"] == expected
    assert listed["stranger/heads"]["provider"] == "stranger"


def test_the_composed_config_is_printed(site, tmp_path):
    done = site.run("run", "--cfg", "job", "experiment=stranger/heads", "task.data.flips=[T]", cwd=tmp_path)
    assert done.code == 0
    assert "description: The share of heads among five flips is 3/5.\n" in done.out
    assert "    flips:\n    - T\n" in done.out
    assert "hydra:" not in done.out
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_help_explains_itself(site):
    text = site.run("run", "--help").out
    assert "\\b" not in text
    for word in ("experiment=", "--multirun", "--config-dir", "--cfg", "task.KEY=VALUE", "Exit status"):
        assert word in text


def test_a_full_disk_loses_no_earlier_record(odd, tmp_path, monkeypatch):
    from a4eval.runs import record

    assert run(odd, tmp_path, "task.name=failing").code == 1
    path = tmp_path / "out" / "result.json"
    earlier = record.read(path)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        record.write(earlier, path.parent)
    assert record.read(path) == earlier
    assert sorted(one.name for one in Path(path.parent).iterdir()) == ["heard.txt", "result.json"]


def test_a_signal_that_was_to_be_ignored_is_ignored(odd, tmp_path):
    """As nohup and a shell that starts something in the background tell it."""
    command = [sys.executable, "-m", "a4eval", "run", "task.name=sleeper", "task.seconds=1", "hydra.run.dir=out"]
    deaf = ["sh", "-c", 'trap "" HUP INT; exec "$@"', "-", *command]
    with subprocess.Popen(deaf, cwd=tmp_path, env=odd.environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert record_of(tmp_path)["status"] == "ok"
