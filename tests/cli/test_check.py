"""From the command line: what used to pass fails with exit status 3, and what used to be blamed passes."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import pytest

from a4eval.registry import registry

MUTANTS = Path(__file__).resolve().parent.parent / "mutants"

FAILED = {
    "SmallColumnHasNoGradient": "gradient",  # judged by the largest entry of the whole array it is all but right
    "SmallValuesHaveNoGradient": "magnitudes",
    "BatchesOfThreeAndMore": "batch",
    "OneRowOfManyIsWrong": "gradient",
    "BrokenByViews": "structure",
    "OddSizeLosesTheLast": "sizes",
    "TapeDestroyedByUse": "tape",
    "SwallowsNan": "missing",
    "Leak": "leak",
}
RIGHT = ("TinyParameters", "ReluAtZero", "TwoInputsNestedParameters", "Embedding", "StateInAndOut")
PLUGIN = """
from dataclasses import dataclass, is_dataclass

from a4eval import Component, hookimpl

A4EVAL_API = 1


@hookimpl
def a4eval_components():
    from mutants import layer_base, metric_base, right_layers, wrong_gradients, wrong_layers
    from mutants import wrong_metrics, wrong_readers

    parts = [
        ("layer", layer_base.WRONG | layer_base.RIGHT),
        ("metric", metric_base.WRONG),
        ("reader", wrong_readers.WRONG | {"Table": wrong_readers.Table}),
    ]
    return [
        Component(kind=kind, name=name, factory=part if is_dataclass(part) else dataclass(part))
        for kind, some in parts
        for name, part in some.items()
    ]
"""


@pytest.fixture
def check(cli, tmp_path, monkeypatch):
    """Check a part from the command line; returns how it ended and its record."""
    site = tmp_path / "site"
    info = site / "mutants_of_ours-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "mutants").symlink_to(MUTANTS)
    (site / "mutants_of_ours.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mutants-of-ours\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[a4eval]\nmutants_of_ours = mutants_of_ours\n")
    monkeypatch.syspath_prepend(str(site))
    registry.cache_clear()

    folders = (f"run{number}" for number in count())

    def run(task, *overrides):
        folder = next(folders)
        done = cli("run", f"task.name={task}", *overrides, f"hydra.run.dir={folder}")
        assert not done.err, done.err
        return done, json.loads((tmp_path / folder / "result.json").read_text())

    yield run
    registry.cache_clear()


def failed(record):
    """Return the names of the checks that failed."""
    return {row["check"] for row in record["tables"]["checks"] if row["verdict"] == "failed"}


@pytest.mark.parametrize("name", FAILED)
def test_a_wrong_layer_is_a_verdict_failed_and_exit_status_3(check, name):
    done, record = check("check_layer", f"task.layer={name}")
    assert (done.code, record["status"], record["verdict"]["outcome"]) == (3, "ok", "failed"), done.err
    assert FAILED[name] in failed(record)
    assert any(reason.startswith(f"{FAILED[name]} failed") for reason in record["verdict"]["reasons"])
    assert done.out.splitlines()[1].startswith("verdict: failed")


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_layer_that_used_to_be_blamed_passes(check, name):
    done, record = check("check_layer", f"task.layer={name}")
    assert (done.code, record["verdict"]) == (0, {"outcome": "passed", "reasons": []}), done.out


def test_a_tolerance_that_zeros_would_meet_is_no_pass(check):
    done, record = check("check_layer", "task.layer=Dense", "task.tolerance=1.5")
    assert (done.code, record["verdict"]["outcome"]) == (4, "undecided")
    done, record = check("check_layer", "task.layer=ForgottenParameter", "task.tolerance=1.5")
    assert (done.code, record["verdict"]["outcome"]) == (3, "failed")


def test_a_wrong_metric_and_a_wrong_reader_end_so_too(check, tmp_path):
    (tmp_path / "table.txt").write_text("query score relevance\nq0 0.5 1\nq1 0.25 0\nq0 0.75 0\nq1 0.1 1\n")
    done, record = check("check_metric", "task.metric=WeightsIgnored", "task.data={name: Table, path: table.txt}")
    assert (done.code, "weights" in failed(record)) == (3, True), done.err
    done, record = check("check_reader", "task.data={name: WordsAreZero, path: table.txt}")
    assert (done.code, failed(record)) == (3, {"word_for_number"}), done.err


def test_a_sweep_ends_with_its_worst_verdict(check, cli):
    done = cli(
        "run", "-m", "task.name=check_layer", "task.layer=Dense,Leak", "hydra.sweep.dir=sweep", "executor.workers=1"
    )
    assert done.code == 3, done.err
