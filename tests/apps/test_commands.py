"""The commands on what a sweep over an app has left."""

from __future__ import annotations

import sys

import pytest

from .apps import STARTS
from .test_again import Folder

pytestmark = STARTS

CODE = """
from dataclasses import dataclass, field
from typing import Any

import hydra
from hydra.core.config_store import ConfigStore

import a4eval


@dataclass
class Model:
    size: int = 1


@dataclass
class Config:
    defaults: list[Any] = field(default_factory=lambda: ["_self_", {"model": "small"}])
    model: Any = None
    data: int = 1
    seed: int = 0
    worse: float = 0.0


store = ConfigStore.instance()
store.store(name="config", node=Config)
store.store(group="model", name="small", node=Model(1))
store.store(group="model", name="large", node=Model(100))


@hydra.main(version_base=None, config_name="config")
def train(cfg):
    for step in range(3):
        a4eval.tracked("loss", 1 / (step + 1), step)
    if cfg.data == 3:
        raise ValueError(f"no data {cfg.data}")
    loss = 1 / cfg.model.size + cfg.data + cfg.seed / 100 + cfg.worse
    return {"loss": loss, "top": {"1": 1 - loss / 10}}


if __name__ == "__main__":
    train()
"""
SEEDS = "seed=range(16)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = Folder(tmp_path_factory.mktemp("app"))
    (found.path / "train.py").write_text(CODE)
    found.environment["COLUMNS"] = "80"
    directions = "hydra.sweeper.directions={loss:minimize,top/1:maximize}"
    assert found.sweep("model=small,large", "data=1,2,3", "hydra.sweep.dir=one", directions).returncode == 1
    for name, worse in {"good": 0, "bad": 1}.items():
        done = found.sweep("model=small,large", SEEDS, f"worse={worse}", f"hydra.sweep.dir={name}", directions)
        assert done.returncode == 0, done.stderr
    return found


def said(folder, *words, status=0):
    done = folder.a4eval(*words)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "--traceback" in words or all(len(line) <= 80 for line in done.stdout.splitlines())
    return done.stdout


def test_ls_names_what_was_chosen_and_finds_by_it(folder):
    """Also a key that a record has as well, such as ``data``."""
    lines = said(folder, "ls", "one", "model=large", "data<3", "--sort", "loss").splitlines()
    table = [line.split() for line in lines if line[:1].isdigit()][:2]
    assert [row[-4:] for row in table] == [["1", "large", "1.01", "0.899"], ["2", "large", "2.01", "0.799"]]
    assert "2 of 6 meet the conditions" in lines[-2]
    everything = said(folder, "ls", "one")
    assert everything.count("small") == everything.count("large") == 3
    assert "6 runs: 4 ok, 2 failed" in everything


def test_show_a_point(folder):
    large = [one for one in folder.records(folder.path / "one") if one["config"]["model"]["size"] == 100]
    good, bad = (f"one/{one['run_id'][:8]}" for data in (1, 3) for one in large if one["config"]["data"] == data)
    shown = said(folder, "show", good)
    assert shown.startswith("train model=large data=1\n")
    assert "loss     1.01\ntop/1   0.899\n" in shown
    assert said(folder, "show", good, "--table", "tracked").count("loss") == 3
    assert "failed: ValueError: no data 3 (--traceback shows where)" in said(folder, "show", bad)
    trace = said(folder, "show", bad, "--traceback")
    assert f'File "{folder.path}/train.py", line ' in trace
    assert trace.endswith("ValueError: no data 3\n")


def test_compare_and_gate(folder):
    compared = said(folder, "compare", "good", "bad")
    assert "worse" in compared
    assert "16 seeds" in compared
    assert "failed" in said(folder, "gate", "good", "bad", "--metric", "loss", status=3)
    assert "passed" in said(folder, "gate", "bad", "good", "--metric", "loss")
    assert "passed: loss <= 3: it is" in said(folder, "gate", "good", "bad", "loss<=3")
    assert "failed: loss <= 2: it is" in said(folder, "gate", "good", "bad", "loss<=2", status=3)


@pytest.mark.parametrize("what", ["one", "good/#1"])
def test_report(folder, what):
    said(folder, "report", what, "-o", "page.html")
    page = (folder.path / "page.html").read_text()
    assert "a4eval run" not in page
    assert f"{sys.executable} train.py model=" in page
    if what == "one":
        assert "ValueError" in page
        assert "no data 3" in page
    else:
        assert "tracked" in page


def test_an_app_that_has_no_direction_is_told_so(folder):
    done = folder.sweep("seed=1,2", "hydra.sweep.dir=none", "hydra.sweeper.directions.loss=down")
    assert done.returncode == 2
    assert "hydra.sweeper.directions: got {'loss': 'down'}, expected" in done.stderr
