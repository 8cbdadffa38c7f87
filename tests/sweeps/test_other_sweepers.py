"""Hydra's own sweepers and launchers run and leave the same records."""

from __future__ import annotations

from importlib.util import find_spec

import jsonschema
import pytest
import yaml

from a4eval.runs.record import json_schema


def plugin(name):
    """Skip without the Hydra plugin *name*; looked up, not imported: it may warn."""
    found = find_spec("hydra_plugins") is not None and find_spec(f"hydra_plugins.{name}") is not None
    return pytest.mark.skipif(not found, reason=f"needs pip install {name.replace('_', '-')}")


LAUNCHERS = [
    pytest.param("basic", id="basic"),
    pytest.param("joblib", id="joblib", marks=plugin("hydra_joblib_launcher")),
]


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_the_records_are_those_of_our_own_sweeper(place, launcher):
    theirs = place.sweep(
        "task.x=1,2,3", "seed=4,5", "task.fail=[2]", "hydra/sweeper=basic", f"hydra/launcher={launcher}"
    )
    ours = place.sweep("task.x=1,2,3", "seed=4,5", "task.fail=[2]", folder="ours")
    assert (theirs.code, ours.code) == (1, 1), theirs.err
    assert identities(place.records()) == identities(place.records("ours"))
    for record in place.records():
        jsonschema.validate(record, json_schema())
        assert record["executor"]["name"] == launcher
    assert "6 points: 4 ok, 2 failed" in theirs.out
    assert "told to fail at 2" in theirs.out


def identities(records):
    """Return all that must not depend on who ran it."""
    return sorted(
        (
            one["run_id"],
            one["status"],
            one["sweep_id"],
            str(one["config"]),
            str(one["metrics"].get("value")),
            str(one["overrides"]),
        )
        for one in records
    )


def test_again_runs_only_what_failed(place, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    command = ["task.x=1,2", f"task.flaky={marks}", "hydra/sweeper=basic"]
    assert place.sweep(*command).code == 1
    assert place.sweep(*command).code == 0
    assert place.sweep(*command).code == 0
    assert len(place.records()) == 4


@plugin("hydra_optuna_sweeper")
def test_optuna_optimises_the_objective(place):
    search = ["task.x=interval(-1.0,4.0)", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=10"]
    done = place.sweep(*search, "hydra.sweeper.direction=maximize", "hydra.sweeper.sampler.seed=1", "objective=value")
    assert done.code == 0, done.err
    best = yaml.safe_load((place.folder / "sweep" / "optimization_results.yaml").read_text())
    assert best["best_value"] == max(one["metrics"]["value"]["value"] for one in place.records())
    assert len(place.records()) == 10


@plugin("hydra_optuna_sweeper")
def test_optuna_takes_several_objectives(place):
    search = ["task.x=interval(-1.0,4.0)", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=4"]
    directions = ["hydra.sweeper.direction=[maximize,minimize]", "hydra/sweeper/sampler=nsgaii"]
    done = place.sweep(*search, *directions, "objective=[value,threads]")
    assert done.code == 0, done.err
    best = yaml.safe_load((place.folder / "sweep" / "optimization_results.yaml").read_text())
    assert all(len(one["values"]) == 2 for one in best["solutions"])


@plugin("hydra_optuna_sweeper")
@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([], "objective: is missing"),
        (["objective=valu"], "objective: there is no metric 'valu'; did you mean 'value'?"),
    ],
)
def test_a_search_without_its_metric_says_so(place, given, text):
    done = place.sweep("task.x=interval(-1.0,4.0)", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", *given)
    assert done.code == 2
    assert text in done.err
    assert "Traceback" not in done.err


def test_a_dry_run_needs_our_sweeper(place):
    done = place.sweep("task.x=1,2", "hydra/sweeper=basic", "dry_run=true")
    assert done.code == 2
    assert "dry_run: needs hydra/sweeper=a4eval" in done.err
