"""Sweeps on a real Ray: one started for the sweep, and a cluster of two nodes of which one is killed."""

from __future__ import annotations

import importlib.util
import json
import random
import time
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="needs pip install 'a4eval[ray]'")


def load(name):
    """Import a script of tests/cluster."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "cluster" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def cluster(place, monkeypatch):
    place.environment["RAY_AUTH_MODE"] = "disabled"
    monkeypatch.setenv("PYTHONPATH", place.environment["PYTHONPATH"])
    nodes = load("ray_two_nodes").Cluster(random.randrange(20000, 30000))
    yield nodes
    nodes.stop()


def test_a_sweep_on_a_ray_of_its_own(place):
    (place.folder / "input.txt").touch()
    options = ["executor=ray", "task.die=[5]", "task.fail=[7]", "timeout=60", "task.needs=input.txt"]
    done = place.sweep("task.x=range(0,500)", *options)
    assert done.code == 1, done.err
    assert place.ok() == [x for x in range(500) if x not in (5, 7)]
    messages = {one["error"]["message"] for one in place.records() if one["error"]}
    assert messages == {"killed by SIGSEGV", "told to fail at 7"}
    assert {one["executor"]["name"] for one in place.records()} == {"ray"}
    assert {one["metrics"]["threads"]["value"] for one in place.records() if not one["error"]} == {1}


def test_shards_of_one_evaluation(place):
    (place.folder / "seed.txt").write_text("3")
    for shards in (1, 5):
        evaluate = ["experiment=heights", f"task.shards={shards}", "task.data.die=[2]", "retries=1", "executor=ray"]
        done = place.run("run", *evaluate, f"hydra.run.dir={shards}")
        assert done.code == 0, done.err
    whole, merged = (json.loads((place.folder / one / "result.json").read_text()) for one in ("1", "5"))
    assert whole["metrics"] == merged["metrics"]
    assert (place.folder / "begun.txt").read_text().count("2/5") == 2


def test_a_node_is_killed(place, cluster):
    (place.folder / "input.txt").touch()
    points = ["task.x=range(0,80)", "task.seconds=0.4", "task.needs=input.txt"]
    sweep = [*points, "executor=ray", f"executor.address={cluster.address}"]
    process = place.start("run", "-m", "experiment=probe", "hydra.sweep.dir=sweep", *sweep)
    journal = place.folder / "sweep" / "results.jsonl"
    until = time.monotonic() + 60
    while not journal.exists() or len({one["metrics"]["pid"]["value"] for one in place.records()}) < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "only one of the nodes works"
        time.sleep(0.1)
    cluster.kill(1)
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, out + err
    assert place.ok() == list(range(80))
    again = place.sweep(*points)
    assert "80 of them earlier" in again.out


def test_no_cluster_at_the_address(place):
    done = place.sweep("task.x=1,2", "executor=ray", "executor.address=127.0.0.1:9", timeout=180)
    assert done.code == 2
    assert "executor.address: cannot connect to '127.0.0.1:9'" in done.err
    assert "Traceback" not in done.err
