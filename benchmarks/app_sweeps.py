"""What a point of a trivial Hydra app costs: Hydra's basic launcher against ``hydra/sweeper=a4eval``, in turns.

Run as ``python -m benchmarks.app_sweeps``; wall and processor seconds a point, the start of the program included.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APP = """
import hydra

@hydra.main(version_base=None)
def task(cfg):
    return cfg.x

if __name__ == "__main__":
    task()
"""
POINTS = {"basic": 40, "a4eval": 1000}
ROUNDS = 2


def sweep(sweeper: str, folder: Path, points: int) -> tuple[float, float]:
    """Return the wall and processor seconds of a sweep, those of its workers included."""
    words = [f"+x=range({points})", f"hydra.sweep.dir={folder}", f"hydra/sweeper={sweeper}"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "task.py", "-m", *words],
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "task.py").write_text(APP)
        print("sweeper  points  wall ms/point  processor ms/point")
        for turn in range(ROUNDS):
            for sweeper, points in POINTS.items():
                wall, cpu = sweep(sweeper, Path(name) / f"{sweeper}-{turn}", points)
                print(f"{sweeper:7}  {points:6}  {1000 * wall / points:13.1f}  {1000 * cpu / points:18.1f}", flush=True)


if __name__ == "__main__":
    main()
