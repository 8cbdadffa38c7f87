"""What a point of a Hydra app costs beside what the app does: Hydra's launchers against ``hydra/sweeper=a4eval``.

``python benchmarks/app_sweeps.py [--write]``

Each sweeper runs few points and many, in turns; a point costs the difference over the difference of their numbers, and
the rest is the start of the program and its workers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from harness import environment, publish, table

ROOT = Path(__file__).resolve().parent.parent
APP = """
{imports}
import hydra

@hydra.main(version_base=None)
def task(cfg):
    return cfg.x

if __name__ == "__main__":
    task()
"""
APPS = {"trivial": "", "imports torch": "import torch"}
SWEEPERS = {
    "Hydra's basic launcher": (["hydra/launcher=basic"], 2, 12),
    "Hydra's joblib launcher, 2 processes": (["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"], 2, 12),
    "`hydra/sweeper=a4eval`, 2 processes": (["hydra/sweeper=a4eval", "hydra.sweeper.executor.workers=2"], 50, 350),
}
ROUNDS = 3
POINTS = 1000
"""Of the sweep whose whole time is told."""


def seconds(words: list[str], folder: Path, points: int) -> float:
    """Return how long a sweep takes, the start of the program included."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "task.py", "-m", f"+x=range({points})", f"hydra.sweep.dir={folder}", *words],
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - start


def main(place: Path) -> None:
    """Print the tables."""
    parts = [
        f"What a point costs, median of {ROUNDS} rounds in turns; a sweep of {POINTS:,} is start and as many points."
    ]
    for name, imports in APPS.items():
        took: dict[str, list[tuple[float, float]]] = {sweeper: [] for sweeper in SWEEPERS}
        app = place / name.replace(" ", "_")
        app.mkdir()
        (app / "task.py").write_text(APP.format(imports=imports))
        for turn in range(ROUNDS):
            for number, (sweeper, (words, few, many)) in enumerate(SWEEPERS.items()):
                short = seconds(words, app / f"few-{number}-{turn}", few)
                long = seconds(words, app / f"many-{number}-{turn}", many)
                point = (long - short) / (many - few)
                took[sweeper].append((point, short - few * point))
        costs = {one: [median(column) for column in zip(*found, strict=True)] for one, found in took.items()}
        ours, our_start = costs["`hydra/sweeper=a4eval`, 2 processes"]
        rows = [
            (
                sweeper,
                1000 * point,
                start,
                start + POINTS * point,
                f"{(start + POINTS * point) / (our_start + POINTS * ours):.3g}",
                f"{ours / point:.1%}",
            )
            for sweeper, (point, start) in costs.items()
        ]
        header = ["sweeper", "ms a point", "start, s", f"{POINTS:,} points, s", "× a4eval", "a4eval's point is"]
        parts.append(f"An app that is {name}:" if name == "trivial" else f"An app that {name}:")
        parts.append(table(header, rows))
    parts.append(f"{environment('hydra-core', 'hydra-joblib-launcher', 'torch')}; `python benchmarks/app_sweeps.py`")
    publish("app_sweeps", "\n\n".join(parts))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:  # one to the end: ext4 is slow where many files have just gone
        main(Path(folder))
