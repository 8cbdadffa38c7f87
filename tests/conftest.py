"""Shared by the core's tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

import a4eval
from a4eval.testing import a_plugin

ROOT = Path(__file__).resolve().parent.parent
FOUND = str(Path(a4eval.__file__).resolve().parents[1])
"""Where the tests find a4eval: among the sources, or where it is installed."""
PLUGINS = ("ap_metric", "box_metrics", "deconv", "frameworks", "rnn_bptt")
SHARED = ROOT.parent / "shared"
STRANGER = Path(__file__).resolve().parent / "stranger"
PROBE = Path(__file__).resolve().parent / "probe"
"""A plugin that misbehaves on demand."""
ACCURACIES = Path(__file__).resolve().parent / "accuracies"
"""A metric simple enough to know the answer."""


def pytest_sessionstart() -> None:
    """Say what of ours is lacking, rather than let a thousand tests fail for it."""
    lacking = [one for one in PLUGINS if find_spec(f"a4eval_{one}") is None]
    if lacking:
        folders = " ".join(f"plugins/{one}" for one in lacking)
        raise pytest.UsageError(f"the core's tests run its plugins: pip install {folders} (in {ROOT})")
    if find_spec("a4eval.configs") is None:
        raise pytest.UsageError(
            f"{FOUND} holds the sources of a4eval without its configs: `pytest`, not `python -m pytest`, which looks "
            f"here before it looks at what is installed; or pip install -e {FOUND}"
        )


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str
    cwd: Path

    @property
    def record(self):
        """The record whose path stands on the last line."""
        return json.loads((self.cwd / self.out.strip().splitlines()[-1]).read_text())


@dataclass
class Site:
    """A folder on the module path of a fresh process, where fake distributions are dropped."""

    folder: Path
    environment: dict

    def add(self, distribution, code, *, entry=None, version="1.0"):
        """Drop a distribution with one plugin module into the folder."""
        a_plugin(
            self.folder, code, name=entry or distribution.replace("-", "_"), distribution=distribution, version=version
        )

    def run(self, *arguments, cwd=None, **environment):
        """Run a4eval in a fresh process that sees the folder."""
        done = subprocess.run(
            [sys.executable, "-m", "a4eval", *arguments],
            cwd=cwd or self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr, Path(cwd or self.folder))


@pytest.fixture
def site(tmp_path):
    """A fresh process that also has the stranger's plugin, as if installed."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "a4eval_stranger").symlink_to(STRANGER / "a4eval_stranger")
    info = folder / "a4eval_stranger-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a4eval-stranger\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[a4eval]\nstranger = a4eval_stranger.plugin\n")
    return Site(folder, {**os.environ, "PYTHONPATH": str(folder)})


@pytest.fixture
def cli(tmp_path, monkeypatch, capfd):
    """Run a4eval in this process, in an empty folder; what a command allows ends with the test."""
    monkeypatch.chdir(tmp_path)
    for name in ("A4EVAL_ALLOW_ENV", "A4EVAL_ALLOW_IMPORT"):
        monkeypatch.setenv(name, "")

    def run(*arguments):
        from a4eval.cli.main import main

        monkeypatch.setattr(sys, "argv", ["a4eval", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        seen = capfd.readouterr()
        return Finished(ended.value.code or 0, seen.out, seen.err, tmp_path)

    return run


@dataclass
class Place:
    """An empty folder, and the command line in it, which knows the task ``probe``."""

    folder: Path
    environment: dict

    def start(self, *arguments, **keywords):
        """Start a4eval."""
        return subprocess.Popen(
            [sys.executable, "-m", "a4eval", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **keywords,
        )

    def run(self, *arguments, timeout=120):
        """Run a4eval to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=timeout)
        return Finished(process.returncode, out, err, self.folder)

    def sweep(self, *overrides, folder="sweep", timeout=120):
        """Run a sweep of the probe into *folder*."""
        return self.run("run", "-m", "experiment=probe", f"hydra.sweep.dir={folder}", *overrides, timeout=timeout)

    def records(self, folder="sweep"):
        """Read the journal, torn lines left out."""
        found = []
        for line in (self.folder / folder / "results.jsonl").read_bytes().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def ok(self, folder="sweep"):
        """Return the values of x that are done, one for each record."""
        return sorted(one["config"]["task"].get("x", 0) for one in self.records(folder) if one["status"] == "ok")


@pytest.fixture
def place(tmp_path):
    """An empty folder and the command line."""
    path = os.pathsep.join(filter(None, [str(PROBE), os.environ.get("PYTHONPATH")]))
    return Place(tmp_path, {**os.environ, "PYTHONPATH": path})


@pytest.fixture
def probe(monkeypatch):
    """The task ``probe``, in this process."""
    from a4eval.registry import registry

    monkeypatch.syspath_prepend(str(PROBE))
    registry.cache_clear()
    yield
    registry.cache_clear()


@pytest.fixture
def hits(cli, tmp_path, monkeypatch):
    """Run ``evaluate`` on hits, a number a unit, into a folder, and return that."""
    from a4eval.registry import registry

    monkeypatch.syspath_prepend(str(ACCURACIES))
    registry.cache_clear()

    def run(folder, values, *overrides, interval="{resamples: 400}", **columns):
        data = {"hits": [float(one) for one in values], **columns}
        done = cli(
            "run",
            "task.name=evaluate",
            "task.data.name=hits",
            *(f"task.data.{key}={json.dumps(value)}" for key, value in data.items()),
            "task.metrics.accuracy=accuracy_of_hits",
            *([f"task.interval={interval}"] if interval else []),
            f"hydra.run.dir={folder}",
            *overrides,
        )
        assert done.code == 0, done.err
        return tmp_path / folder

    yield run
    registry.cache_clear()


@pytest.fixture
def sweep_of(hits, tmp_path):
    """Write the journal of a sweep whose points have given configs, seeds and accuracies, and return its folder."""
    import hashlib

    import numpy as np

    from a4eval.comparisons.kept import Kept, write
    from a4eval.statistics.resampled import resample

    template = json.loads((hits("template", [0.0, 1.0], interval=None) / "result.json").read_text())

    def kept(folder, values, seed):
        folder.mkdir(parents=True)
        drawn = resample(
            lambda weights: {"accuracy": weights @ np.asarray(values) / weights.sum(axis=1)},
            len(values),
            np.random.default_rng(seed),
            resamples=300,
        )
        write(folder / "resamples.npz", {"accuracy": Kept(np.arange(len(values)), drawn, None)})
        content = (folder / "resamples.npz").read_bytes()
        return {"path": "resamples.npz", "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}

    def make(name, points, *, drawn_by=None):
        """Points are ({key of the task: value}, seed, accuracy); an accuracy may be one number a unit."""
        folder = tmp_path / name
        folder.mkdir()
        lines = []
        for number, (task, seed, accuracy) in enumerate(points):
            record = json.loads(json.dumps(template))
            values = np.atleast_1d(accuracy)
            mean = float(values.mean())
            record |= {"run_id": hashlib.sha256(f"{name} {number}".encode()).hexdigest()[:12], "seed": seed}
            record["config"] = {"task": {"name": "train", **task}, "seed": seed}
            record["metrics"] = {"accuracy": {**record["metrics"]["accuracy"], "value": mean}}
            if len(values) > 1:
                units = kept(folder / "runs" / record["run_id"], values, drawn_by(seed) if drawn_by else 0)
                record["artifacts"] = [units]
            lines.append(json.dumps(record))
        (folder / "results.jsonl").write_text("\n".join(lines) + "\n")
        return folder

    return make


@pytest.fixture
def sweep_folder(tmp_path):
    """A sweep of 300 points, of which two failed."""
    from .pages import sweep_lines

    folder = tmp_path / "sweep"
    folder.mkdir()
    (folder / "results.jsonl").write_bytes(b"\n".join(sweep_lines()) + b"\n")
    return folder
