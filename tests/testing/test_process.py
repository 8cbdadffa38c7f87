"""Experiments and plugins in a clean process, and what they must bear there."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import testing
from a4eval.testing import a_plugin, adversarial_arrays, adversarial_executors, run_a4eval, run_experiment

PLUGIN = """
from dataclasses import dataclass
from a4eval import Component, Result, Value, hookimpl, param

A4EVAL_API = 1

@dataclass
class Double:
    x: float = param(1.0, help="what to double")

    def run(self, run):
        return Result({"double": Value(2 * self.x + run.seed)})

@hookimpl
def a4eval_components():
    return [Component(kind="task", name="double", factory="doubling:Double")]

@hookimpl
def a4eval_config_packages():
    return ["doubling_configs"]
"""
EXPERIMENT = "# @package _global_\ntask: {name: double, x: 3}\n"


@pytest.fixture
def doubling(tmp_path):
    """A plugin with an experiment."""
    files = {
        "doubling.py": PLUGIN,
        "doubling_configs/__init__.py": "",
        "doubling_configs/experiment/six.yaml": EXPERIMENT,
    }
    return a_plugin(tmp_path / "installed", files, name="doubling")


def test_an_experiment_of_a_plugin_runs_in_a_clean_process(doubling, tmp_path):
    ran = run_experiment("experiment=six", folder=tmp_path, plugins=[doubling])
    assert ran.value("double") == 6
    assert ran.record["status"] == "ok"
    assert run_experiment("experiment=six", "task.x=nan", folder=tmp_path, plugins=[doubling]).records
    assert np.isnan(run_experiment("experiment=six", "task.x=nan", folder=tmp_path, plugins=[doubling]).value("double"))
    assert run_a4eval("plugins", folder=tmp_path, plugins=[doubling]).exit_status == 0
    assert "doubling" not in run_a4eval("plugins", folder=tmp_path).out


def test_another_end_than_the_expected_one_is_told(doubling, tmp_path):
    with pytest.raises(AssertionError, match=r"exit status 2, expected 0: .*task\.y"):
        run_experiment("experiment=six", "task.y=1", folder=tmp_path, plugins=[doubling])
    refused = run_experiment("experiment=six", "task.y=1", folder=tmp_path, plugins=[doubling], exit_status=2)
    assert refused.records == []


@adversarial_executors()
def test_a_sweep_comes_to_the_same(adversity, doubling, tmp_path):
    ran = run_experiment("-m", "experiment=six", "task.x=range(8)", *adversity, folder=tmp_path, plugins=[doubling])
    assert {one["config"]["task"]["x"]: one["metrics"]["double"]["value"] for one in ran.records} == {
        x: 2.0 * x for x in range(8)
    }
    assert {one["executor"]["name"] for one in ran.records} == {"adverse"}


def test_the_executor_does_its_worst(doubling, tmp_path):
    from a4eval.executors.contract import Job, Sweep
    from a4eval.executors.jobs import ExperimentRunner
    from a4eval.testing.adverse import Adverse

    executor = Adverse(workers=1, kills=1, reorders=True)
    executor.start(Sweep("sweep", tmp_path, "adverse", ExperimentRunner()))
    try:
        jobs = [Job(str(number), None) for number in range(6)]
        executor.submit(1, jobs)
        assert [job.run_id for job in executor._busy[0].jobs] != [job.run_id for job in jobs]
        (ended,) = executor.collect(5)
        assert (ended.chunk, ended.reason, ended.blame) == (1, "its machine was lost", False)
    finally:
        executor.stop()


@adversarial_arrays()
def test_the_values_stay_the_same(change):
    given = np.arange(6.0).reshape(2, 3)
    changed = change(given)
    assert changed.shape == given.shape
    assert changed.tolist() == given.tolist()
    same = (changed.flags.c_contiguous, changed.flags.writeable, changed.dtype.isnative)
    assert same != (True, True, True)


def test_all_names_are_there():
    assert all(callable(getattr(testing, name)) for name in testing.__all__)
