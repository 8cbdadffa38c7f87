"""Plugins and experiments in a clean process: as a user has them, not as this process has left them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Ran:
    """How a command of a4eval ended.

    Args:
        exit_status: 0, or 1 of a failed run, 2 of a wrong config, 3 of a failed verdict, 4 of an undecided one.
        out: what it printed.
        err: what it printed to standard error.
        folder: where it ran; of an experiment, where its record is.
    """

    exit_status: int
    out: str
    err: str
    folder: Path

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records that were written: one of a run, one for each point of a sweep."""
        single, journal = self.folder / "result.json", self.folder / "results.jsonl"
        if single.exists():
            return [json.loads(single.read_bytes())]
        return [json.loads(line) for line in journal.read_bytes().splitlines()] if journal.exists() else []

    @property
    def record(self) -> dict[str, Any]:
        """The one record."""
        (record,) = self.records
        return record

    def value(self, name: str) -> float:
        """Return a value of the one record; those that JSON cannot hold are floats again."""
        return float(self.record["metrics"][name]["value"])


@dataclass(frozen=True)
class InstalledPlugin:
    """A plugin on the module path of processes that are given it, as if it were installed.

    Args:
        name: the name of its entry point.
        path: the folder that is put on the path.
    """

    name: str
    path: Path


def a_plugin(
    folder: Path,
    files: Mapping[str, str] | str,
    *,
    name: str = "a_plugin",
    distribution: str | None = None,
    version: str = "1.0",
) -> InstalledPlugin:
    """Write a plugin into a folder: with :func:`run_a4eval` and :func:`run_experiment` it is as if it were installed.

    Args:
        folder: an empty folder, such as ``tmp_path``; several plugins may share one.
        files: path to text, such as ``my_plugin.py`` or ``my_plugin/configs/experiment/x.yaml``; or the code of the
            one module. The module of the hooks is called as *distribution*, with underscores.
        name: of its entry point.
        distribution: its name for pip; the entry point's when absent.
        version: of the distribution.
    """
    distribution = distribution or name
    module = distribution.replace("-", "_")
    for path, text in ({f"{module}.py": files} if isinstance(files, str) else files).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    info = folder / f"{module}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[a4eval]\n{name} = {module}\n")
    return InstalledPlugin(name, folder)


def run_a4eval(
    *arguments: str,
    folder: Path,
    plugins: Sequence[InstalledPlugin] = (),
    environment: Mapping[str, str] | None = None,
    timeout: float = 600,
) -> Ran:
    """Run a command of a4eval in a process of its own.

    Args:
        arguments: such as ``"plugins", "--json"``.
        folder: where it runs.
        plugins: what is installed there besides.
        environment: variables besides those of this process.
        timeout: seconds.

    Raises:
        subprocess.TimeoutExpired: it took longer.
    """
    path = [*(str(one.path) for one in plugins), *filter(None, [os.environ.get("PYTHONPATH")])]
    # our own interpreter and our own command
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-P", "-m", "a4eval", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr, Path(folder))


def run_experiment(
    *arguments: str,
    folder: Path,
    plugins: Sequence[InstalledPlugin] = (),
    environment: Mapping[str, str] | None = None,
    timeout: float = 600,
    exit_status: int = 0,
) -> Ran:
    """Run an experiment, or with ``-m`` a sweep, in a process of its own, into a new folder below *folder*.

    ::

        def test_two_of_three(tmp_path):
            assert run_experiment("experiment=accuracy", folder=tmp_path).value("accuracy") == 2 / 3

    Args:
        arguments: what follows ``a4eval run``.
        folder: where it runs.
        plugins: what is installed there besides.
        environment: variables besides those of this process.
        timeout: seconds.
        exit_status: how it must end.

    Raises:
        AssertionError: it ended otherwise; the text is what it said.
        subprocess.TimeoutExpired: it took longer.
    """
    name = next(name for name in (f"run_{number}" for number in count(1)) if not (folder / name).exists())
    where = "hydra.sweep.dir" if "-m" in arguments or "--multirun" in arguments else "hydra.run.dir"
    ran = run_a4eval(
        "run", *arguments, f"{where}={name}", folder=folder, plugins=plugins, environment=environment, timeout=timeout
    )
    if ran.exit_status != exit_status:
        said = (ran.err or ran.out).strip()
        raise AssertionError(f"it ended with exit status {ran.exit_status}, expected {exit_status}: {said}")
    return replace(ran, folder=folder / name)
