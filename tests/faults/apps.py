"""kill -9 while a user's own Hydra app sweeps: an app of five lines, or one of twenty config groups, unchanged."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from ..apps.apps import TREE, plain
from ..conftest import FOUND, Place
from .kills import PROMISE, killed, on_local, on_ray, on_slurm
from .row import Row

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from .kills import Where

POINTS = 120
FIVE_LINES = plain(body="return cfg.x")
OF_GROUPS = plain(
    'version_base=None, config_path="conf", config_name="config"', "return cfg.group3.size + cfg.group19.size + cfg.x"
)
APPS = {
    "an app of five lines": ({"app.py": FIVE_LINES}, [f"+x=range({POINTS})"]),
    "an app of twenty config groups": (
        {"app.py": OF_GROUPS, **TREE},
        [f"+x=range({POINTS // 4})", "group3=first,second", "group19=first,second"],
    ),
}


class AppPlace(Place):
    """A folder with an app, whose sweep stands where a4eval's own would."""

    def start(self, *arguments, **keywords):
        """Start the app for ``run``, and a4eval for all else."""
        if arguments[0] != "run":
            return super().start(*arguments, **keywords)
        return subprocess.Popen(
            [sys.executable, "app.py", *map(str, arguments[1:])],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **keywords,
        )

    def ok(self, folder="sweep"):
        """Return the overrides of the points that are done."""
        return sorted(tuple(one["overrides"]) for one in self.records(folder) if one["status"] == "ok")


@contextmanager
def by_name(where: Where, place: Place) -> Iterator[tuple[list[str], Callable[[], list[int]]]]:
    """Give an executor as an app's config takes it when it has parameters."""
    with where(place) as (options, others):
        yield [one.replace("executor=", "executor.name=") for one in options], others


def app_killed(where: Where, app: str, place: Place, rng: random.Random, trials: int) -> Iterator[None]:
    """Kill the app's program, its workers or both, as :func:`killed` does."""
    files, words = APPS[app]
    for name, text in {"seeing.py": "def see(cfg): pass\n", **files}.items():
        path = place.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    path = os.pathsep.join([FOUND, place.environment["PYTHONPATH"]])
    there = AppPlace(place.folder, {**place.environment, "PYTHONPATH": path})
    sweep = ["-m", *words, "hydra/sweeper=a4eval"]
    yield from killed(
        partial(by_name, where), "any", there, rng, trials, sweep=sweep, points=POINTS, prefix="hydra.sweeper."
    )


ROWS = [
    Row(
        f"kill -9 of {app} on {name}: its program, workers or both",
        PROMISE["both"],
        trials,
        partial(app_killed, where, app),
        at_once,
    )
    for name, where, trials, at_once in (
        ("local", on_local, 50, 20),
        ("Ray", on_ray, 50, 5),
        ("Slurm", on_slurm, 50, 5),
    )
    for app in APPS
]
