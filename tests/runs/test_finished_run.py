"""A finished run always leaves its record, whatever its task and the plugins around it do."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from a4eval import Result, Value
from a4eval.errors import ConfigError
from a4eval.experiment import Experiment
from a4eval.runs import record
from a4eval.runs.runner import Prepared, execute, run_id


@dataclass
class Task:
    """What a task does, as a function."""

    do: Any

    def run(self, run):
        return self.do(run)


def run(do, directory, **root):
    """Run it and return its record, as it is read back."""
    config = {"task": {"name": "task"}, "seed": 0, **root}
    experiment = Experiment(None, config, (), directory)
    prepared = Prepared(experiment, Task(do), [], "0123456789abcdef", experiment.root)
    found = json.loads(record.encode(execute(prepared, directory)), parse_constant=pytest.fail)
    jsonschema.validate(found, record.json_schema(), cls=jsonschema.Draft202012Validator)
    return found


def raises(error):
    def do(_run):
        raise error

    return do


class MuteError(Exception):
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class Odd(BaseException):
    pass


FAILURES = {
    "SystemExit": SystemExit(3),
    "CancelledError": asyncio.CancelledError(),
    "GeneratorExit": GeneratorExit(),
    "Odd": Odd("of no known kind"),
    "MuteError": MuteError(),
    "BaseExceptionGroup": BaseExceptionGroup("several", [MuteError(), SystemExit(1)]),
    "UnicodeError": UnicodeError("half \ud800 a pair"),
    "ValueError": ValueError("a" * 1_000_000),
}


@pytest.mark.parametrize(("name", "error"), FAILURES.items(), ids=FAILURES)
def test_whatever_a_task_raises_is_a_failed_record(tmp_path, name, error):
    found = run(raises(error), tmp_path)
    assert (found["status"], found["error"]["type"]) == ("failed", name)


def test_an_exception_without_a_text(tmp_path):
    assert run(raises(MuteError()), tmp_path)["error"]["message"] == "(its text cannot be had: RuntimeError)"


def test_ctrl_c_is_an_interrupted_record(tmp_path):
    assert run(raises(KeyboardInterrupt()), tmp_path)["status"] == "interrupted"


def test_half_a_surrogate_pair_in_a_name(tmp_path):
    tables = {"\udcff": [{"\udcff": "\udcff"}]}
    found = run(lambda _run: Result({"ä\udcff": Value(1.0)}, tables), tmp_path)
    assert found["metrics"]["ä\\udcff"]["value"] == 1
    assert found["tables"] == {"\\udcff": [{"\\udcff": "\\udcff"}]}


@pytest.mark.parametrize(
    "result",
    [
        Result({1: Value(1.0), "1": Value(2.0)}),
        Result({"\ud800": Value(1.0), "\\ud800": Value(2.0)}),
        Result({}, {"t": [{1: 2, "1": 3}]}),
        Result({}, {1: [], "1": []}),
    ],
)
def test_two_names_that_are_one_in_json_lose_nothing_in_silence(tmp_path, result):
    found = run(lambda _run: result, tmp_path)
    assert found["status"] == "failed"
    assert "the same in JSON" in found["error"]["message"]


def test_two_such_keys_in_a_config_are_an_error_of_it():
    with pytest.raises(ConfigError, match="task: two of the keys 1, '1' are the same in JSON"):
        run_id({"task": {"options": {1: "a", "1": "b"}}, "seed": 0}, [])


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.binary()
    | st.complex_numbers()
    | st.dates()
    | st.just(object())
    | st.builds(np.float32, st.floats(width=32))
    | st.builds(np.array, st.lists(st.integers(-9, 9))),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner)
        | st.dictionaries(st.text(st.characters(codec=None)) | st.integers() | st.none(), inner)
        | st.sets(st.integers())
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(anything.filter(lambda key: isinstance(key, (str, int, float, bytes, type(None)))), anything),
    anything,
    anything,
)
def test_whatever_a_task_gives_back_there_is_a_record(metrics, tables, doubt):
    def do(one):
        one.warn(doubt)
        values = {name: Value(value) for name, value in metrics.items()}
        return Result(values, {"t": tables} if isinstance(tables, list) else tables)

    run(do, Path("nowhere"))


def test_an_artifact_that_cannot_be_read_any_more_is_a_doubt(tmp_path, monkeypatch):
    def do(one):
        one.artifact("x").touch()
        return Result()

    def refused(*_given):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("a4eval.runs.runner._artifact", refused)
    found = run(do, tmp_path)
    doubts = [one for one in found["warnings"] if not one.startswith("the defaults of the task")]  # it has no plugin
    assert (found["status"], doubts) == ("ok", ["the artifact x cannot be read: Permission denied"])


def test_many_warnings_cost_seconds(tmp_path):
    """Minutes, were each compared with all before."""

    def do(one):
        warnings.simplefilter("default")
        for number in range(100_000):
            one.warn(f"row {number} is odd")
            warnings.warn(f"line {number} is odd", stacklevel=1)
        return Result()

    assert sum(one.endswith("is odd") for one in run(do, tmp_path)["warnings"]) == 200_000


def test_a_forked_child_that_returns_writes_nothing(tmp_path):
    owner = os.getpid()

    def do(_run):
        for fails in (False, True):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                child = os.fork()
            if child == 0 and fails:
                raise SystemExit(7)
            if child == 0:
                return Result()
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == int(fails)
        return Result({"one": Value(1.0)})

    assert run(do, tmp_path)["metrics"]["one"]["value"] == 1
    assert os.getpid() == owner


PLUGINS = {
    "SystemExit": "raise SystemExit(3)",
    "CancelledError": "import asyncio; raise asyncio.CancelledError",
    "GeneratorExit": "raise GeneratorExit",
    "mute": "\n class MuteError(Exception):\n  def __str__(self): return {}[1]\n raise MuteError",
}


@pytest.mark.parametrize("code", PLUGINS.values(), ids=PLUGINS)
def test_a_plugin_breaks_alone_on_import_and_loses_no_record(site, tmp_path, code):
    site.add("falling", f"A4EVAL_API = 1\nif True:\n {code}\n")
    site.add("vague", f"from a4eval import hookimpl\nA4EVAL_API = 1\n@hookimpl\ndef a4eval_provenance():\n {code}\n")
    site.add("deaf", f"from a4eval import hookimpl\nA4EVAL_API = 1\n@hookimpl\ndef a4eval_run_finished():\n {code}\n")
    done = site.run("run", "experiment=stranger/heads", "hydra.run.dir=out", cwd=tmp_path)
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "out" / "result.json").read_text())
    assert found["metrics"]["heads"]["value"] == 0.6
    assert found["warnings"][0].startswith("plugin 'vague': a4eval_provenance failed: ")
    assert "plugin 'falling' of falling 1.0 is broken: " in done.err
    assert "plugin 'deaf': a4eval_run_finished failed: " in done.err


DEAF = """
import signal, time
from dataclasses import dataclass
from a4eval import Component, Result, Value, hookimpl

A4EVAL_API = 1

@hookimpl
def a4eval_components():
    return [Component(kind="task", name="deaf", factory="deaf_tasks:Deaf")]

@dataclass
class Deaf:
    how: str
    def run(self, run):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if self.how == "blocked":
                    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
                if self.how == "compiled":
                    sum(range(10**11))
                if self.how == "late":
                    time.sleep(0.8)
                    return Result({"one": Value(1.0)})
                time.sleep(0.05)
            except BaseException:
                pass
"""


@pytest.mark.parametrize("how", ["swallows", "blocked", "compiled"])
def test_a_run_that_does_not_hear_its_timeout_ends_with_a_record(site, tmp_path, how):
    site.add("deaf-tasks", DEAF)
    start = time.monotonic()
    done = site.run("run", "task.name=deaf", f"task.how={how}", "timeout=0.3", "hydra.run.dir=out", cwd=tmp_path)
    assert time.monotonic() - start < 45
    message = "did not end 5 s after its timeout of 0.3 s and was ended"
    assert (done.code, done.err) == (1, f"a4eval: error: {message}\n")
    assert done.out.splitlines()[-1] == "out/result.json"
    found = json.loads((tmp_path / "out" / "result.json").read_text())
    jsonschema.validate(found, record.json_schema())
    assert (found["status"], found["error"]["type"], found["error"]["message"]) == (
        "failed",
        "RunTimeoutError",
        message,
    )
    assert found["timing"]["wall_seconds"] > 5
    assert {one.name for one in (tmp_path / "out").iterdir()} == {"result.json"}


def test_a_run_within_its_timeout_is_left_alone(site, tmp_path):
    site.add("deaf-tasks", DEAF)
    done = site.run("run", "task.name=deaf", "task.how=late", "timeout=30", "hydra.run.dir=out", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")


def test_a_second_ctrl_c_while_the_record_is_made_does_not_lose_it(tmp_path, monkeypatch):
    def impatient(_registry, **_where):
        os.kill(os.getpid(), signal.SIGINT)
        return facts

    from a4eval.registry import registry
    from a4eval.runs import provenance

    facts = provenance.environment(registry())
    monkeypatch.setattr(provenance, "environment", impatient)
    assert run(raises(KeyboardInterrupt()), tmp_path)["status"] == "interrupted"
