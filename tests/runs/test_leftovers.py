"""One run leaves nothing behind for the next in its process."""

from __future__ import annotations

import decimal
import json
import os
import random
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from a4eval.runs.leftovers import leftovers_removed


def state():
    return {
        "directory": Path.cwd(),
        "environment": dict(os.environ),
        "path": (list(sys.path), list(sys.argv)),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "limit": sys.getrecursionlimit(),
        "handlers": [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGUSR1)],
        "mask": signal.pthread_sigmask(signal.SIG_BLOCK, []),
        "random": random.getstate(),
        "decimal": decimal.getcontext().prec,
        "numpy errors": np.geterr(),
        "numpy random": str(np.random.get_state()),  # noqa: NPY002  (what careless tasks use)
        "numpy print": np.get_printoptions(),
    }


def spoil(tmp_path):
    os.chdir(tmp_path)
    os.environ["A4EVAL_LEFT"] = "1"
    del os.environ["PATH"]
    os.umask(0o777)
    sys.path.insert(0, str(tmp_path))
    sys.argv.append("x")
    sys.stdout = None
    sys.setrecursionlimit(5000)
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGUSR1):
        signal.signal(one, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    random.seed(1)
    decimal.getcontext().prec = 3
    np.seterr(all="raise")
    np.random.seed(1)  # noqa: NPY002
    np.set_printoptions(precision=1)


def test_all_is_put_back(tmp_path):
    umask = os.umask(0o022)
    try:
        before = state()
        with leftovers_removed(3):
            spoil(tmp_path)
        after = state()
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(umask)
    assert after == before


def test_also_after_an_exception_and_from_a_folder_that_is_gone(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    before = Path.cwd()
    os.chdir(gone)
    gone.rmdir()
    try:
        with pytest.raises(ZeroDivisionError), leftovers_removed(3):
            os.environ["A4EVAL_LEFT"] = str(1 / 0)
        with leftovers_removed(3):
            os.environ["A4EVAL_LEFT"] = "1"
        assert "A4EVAL_LEFT" not in os.environ
    finally:
        os.chdir(before)


def test_global_generators_begin_from_the_seed():
    def numbers(seed):
        with leftovers_removed(seed):
            return random.random(), np.random.rand()  # noqa: NPY002

    assert numbers(3) == numbers(3)
    assert numbers(3) != numbers(4)
    with leftovers_removed(2**80):
        pass


def test_a_run_within_a_run_leaves_the_outer_ones_numbers():
    def two(within):
        with leftovers_removed(3):
            first = np.random.rand()  # noqa: NPY002
            if within:
                with leftovers_removed(4):
                    np.random.rand()  # noqa: NPY002
            return first, np.random.rand()  # noqa: NPY002

    assert two(within=True) == two(within=False)


def test_torch_too():
    torch = pytest.importorskip("torch")
    state, kind = torch.get_rng_state(), torch.get_default_dtype()
    with leftovers_removed(3):
        first = torch.rand(1)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
    assert (torch.get_default_dtype(), torch.is_grad_enabled()) == (kind, True)
    assert torch.equal(torch.get_rng_state(), state)
    with leftovers_removed(3):
        assert torch.equal(torch.rand(1), first)


LEAVER = """
import multiprocessing, os, random
from dataclasses import dataclass
from pathlib import Path
import numpy as np
from a4eval import Component, Result, Value, hookimpl

A4EVAL_API = 1

@hookimpl
def a4eval_components():
    return [Component(kind="task", name="leaver", factory="leaver:Leaver")]

@dataclass
class Leaver:
    x: int
    def run(self, run):
        values = {"left": Value(int("A4EVAL_LEFT" in os.environ)), "random": Value(random.random() + np.random.rand())}
        values["home"] = Value(int(Path("home").exists()))
        os.environ["A4EVAL_LEFT"] = "1"
        os.chdir("/")
        np.seterr(all="raise")
        run.artifact("x.txt").write_text("x")
        with multiprocessing.get_context("fork").Pool(2) as pool:
            values["pool"] = Value(sum(pool.map(abs, [-1, -2])))
        return Result(values)
"""


def test_in_the_worker_of_a_sweep(site, tmp_path):
    site.add("leaver", LEAVER)
    (tmp_path / "home").touch()
    words = ["task.name=leaver", "task.x=1,2,3", "executor.workers=1", "hydra.sweep.dir=sweep", "timeout=60"]
    done = site.run("run", "-m", *words, cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    records = [json.loads(line) for line in (tmp_path / "sweep" / "results.jsonl").read_text().splitlines()]
    values = [{name: metric["value"] for name, metric in one["metrics"].items()} for one in records]
    assert [(one["left"], one["home"], one["pool"]) for one in values] == [(0, 1, 3)] * 3
    assert len({one["random"] for one in values}) == 1
    assert all(len(one["artifacts"]) == 1 for one in records)


def test_a_single_run_that_goes_elsewhere_leaves_its_record_where_it_belongs(site, tmp_path):
    site.add("leaver", LEAVER)
    done = site.run("run", "task.name=leaver", "task.x=1", "hydra.run.dir=out", cwd=tmp_path)
    assert done.code == 0, done.err
    assert {one.name for one in (tmp_path / "out").iterdir()} == {"result.json", "heard.txt", "x.txt", ".a4eval"}
