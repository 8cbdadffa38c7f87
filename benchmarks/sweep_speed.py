"""Sweeps: points a second from the command to the last record, against Hydra's own launchers.

``python benchmarks/sweep_speed.py [--full] [--write]``; ``--full`` adds 100,000 points.
The task does nothing, so that everything measured is overhead; it stands in ``tests/probe``.
One sweep runs a real ``evaluate``: the worksheet's Q3, four metrics and a table.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from harness import environment, publish, table

PROBE = Path(__file__).parent.parent / "tests" / "probe"


@dataclass(frozen=True)
class Sweep:
    """A sweep that is over: seconds from the command to its end, and between its first and last record."""

    seconds: float
    between: float
    rest: float
    peak_mb: float
    points: int


def sweep(*overrides: str, experiment: str = "probe") -> Sweep:
    """Run a sweep of *experiment* in a fresh process and an empty folder."""
    path = os.pathsep.join(filter(None, [str(PROBE), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as folder:
        given = [f"experiment={experiment}", "hydra.sweep.dir=sweep", *overrides]
        command = [sys.executable, "-m", "a4eval", "run", "-m", *given]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        began, start = time.time(), time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, **quiet)
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, resident_mb(process.pid))
            time.sleep(0.02)
        seconds = time.perf_counter() - start
        with (Path(folder) / "sweep" / "results.jsonl").open() as lines:
            records = [json.loads(line) for line in lines]
    assert all(one["status"] == "ok" for one in records)
    starts = [datetime.fromisoformat(one["started"]).timestamp() for one in records]
    ends = [datetime.fromisoformat(one["finished"]).timestamp() for one in records]
    return Sweep(seconds, max(ends) - min(starts), max(ends) - began, peak, len(records))


def resident_mb(pid: int) -> float:
    """Return the largest resident set of process *pid* so far."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(line.split()[1]) / 1024


def main() -> None:
    rows = []

    def add(route: str, done: Sweep) -> float:
        rate = done.points / done.seconds
        rows.append([route, f"{done.points:,}", done.seconds, rate, done.points / done.between, f"{done.peak_mb:.0f}"])
        return rate

    few = "task.x=range(0,60)"
    basic = add("Hydra's basic launcher", sweep(few, "hydra/sweeper=basic"))
    if find_spec("joblib") and find_spec("hydra_plugins.hydra_joblib_launcher"):
        joblib = ["hydra/sweeper=basic", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
        add("Hydra's joblib launcher, 2 processes", sweep(few, *joblib))
    thousand = add("a4eval, local, 2 workers", sweep("task.x=range(0,1000)", "executor.workers=2"))
    ten = add("a4eval, local, 2 workers", sweep("task.x=range(0,10000)", "executor.workers=2"))
    q3 = sweep("seed=range(0,10000)", "executor.workers=2", experiment="assignment4/q3_interpolated_ap")
    real = add("a4eval, local, 2 workers: Q3 of the worksheet", q3)
    if "--full" in sys.argv:
        add("a4eval, local, 2 workers", sweep("task.x=range(0,100000)", "executor.workers=2"))
    if find_spec("ray"):
        add("a4eval, ray, 2 processors", sweep("task.x=range(0,10000)", "executor=ray"))
    header = ["route", "points", "seconds", "points a second", "between first and last record", "parent, MB"]

    long = sweep("task.x=range(0,20)", "task.seconds=1", "executor.workers=2")
    one = sweep("task.x=range(0,10)", "task.spin=1", "executor.workers=1")
    two = sweep("task.x=range(0,20)", "task.spin=1", "executor.workers=2")
    facts = [
        ["10,000 points, points a second", ten, "≥ 1,500"],
        ["10,000 points of Q3, points a second", real, "≥ 1,000"],
        ["1,000 points, times the basic launcher", thousand / basic, "≥ 100"],
        ["points that wait 1 s, 2 workers: overhead", f"{(long.between / 10 - 1):.2%}", "≤ 2 %"],
        ["points that compute 1 s: 2 workers against 1", 2 * one.between / two.between, "≥ 1.9"],
    ]
    text = f"""### Sweeps of a task that does nothing, and of a small evaluation

{environment("hydra-core", "hydra-joblib-launcher", "joblib", "ray")}.
`python benchmarks/sweep_speed.py --full`

{table(header, rows)}

{table(["", "measured", "wanted"], facts)}
"""
    publish("sweep_speed", text)


if __name__ == "__main__":
    main()
