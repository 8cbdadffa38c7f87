"""Shared by the core's tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
STRANGER = Path(__file__).resolve().parent / "stranger"


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

    def add(self, distribution, code, *, entry=None, version="1.0", files=()):
        """Drop a distribution with one plugin module into the folder."""
        module = distribution.replace("-", "_")
        info = self.folder / f"{module}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[a4eval]\n{entry or module} = {module}\n")
        (self.folder / f"{module}.py").write_text(code)

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
    """Run a4eval in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        from a4eval.cli.main import main

        monkeypatch.setattr(sys, "argv", ["a4eval", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        seen = capfd.readouterr()
        return Finished(ended.value.code or 0, seen.out, seen.err, tmp_path)

    return run
