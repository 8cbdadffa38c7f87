"""Shared by the tests of sweeps: a plugin that misbehaves on demand, and commands in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROBE = Path(__file__).resolve().parent / "probe"


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str


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
        return Finished(process.returncode, out, err)

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
