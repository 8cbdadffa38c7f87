"""kill -9 of the parent, of workers, of both, at any moment of a sweep of 2,000 points."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from ..cluster.ray_two_nodes import Cluster, descendants
from ..cluster.slurm_here import OPTIONS, NoSlurmError, slurm_here
from .row import SWEEP, Row, UntriedError, all_gone, check, inside, whole

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from ..conftest import Place

    Where = Callable[[Place], AbstractContextManager[tuple[list[str], Callable[[], list[int]]]]]
    """Gives the options of an executor, and what finds its workers beside those that stand in the folder."""

POINTS = 2000
SECONDS = 300.0
"""How long a sweep may stand still."""


@contextmanager
def on_local(_place: Place) -> Iterator[tuple[list[str], Callable[[], list[int]]]]:
    """Two processes of this machine."""
    yield ["executor.workers=2"], list


@contextmanager
def on_ray(place: Place) -> Iterator[tuple[list[str], Callable[[], list[int]]]]:
    """A cluster of two nodes, which stays while the sweep's processes, and Ray's own that serve it, are killed."""
    if find_spec("ray") is None:
        raise UntriedError("needs pip install 'a4eval[ray]'")
    place.environment["RAY_AUTH_MODE"] = "disabled"
    try:
        with patch.dict(os.environ, place.environment):
            cluster = Cluster(random.randrange(20000, 30000))
    except TimeoutError as error:
        raise UntriedError(str(error)) from error
    try:
        options = ["executor=ray", f"executor.address={cluster.address}"]
        yield options, lambda: [one for node in cluster.nodes for one in descendants(node.pid) if _serves(one)]
    finally:
        cluster.stop()


def _serves(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/comm").read_text().startswith("ray::host")
    except OSError:
        return False


@contextmanager
def on_slurm(place: Place) -> Iterator[tuple[list[str], Callable[[], list[int]]]]:
    """Two nodes with accounting."""
    try:
        with slurm_here(place.folder.parent / "slurm") as conf:
            place.environment["SLURM_CONF"] = str(conf)
            yield OPTIONS, list
    except NoSlurmError as error:
        raise UntriedError(str(error)) from error


def killed(
    where: Where,
    victim: str,
    place: Place,
    rng: random.Random,
    trials: int,
    *,
    sweep: Sequence[str] = ("-m", "experiment=probe", f"task.x=range(0,{POINTS})"),
    points: int = POINTS,
    prefix: str = "",
) -> Iterator[None]:
    """Kill *trials* times while a sweep runs; after each, what was there is there, and in the end all is, once.

    Args:
        where: gives the executor.
        victim: a key of :data:`WHO`, or ``any`` of them each time.
        place: the folder.
        rng: says when, and whom.
        trials: how often.
        sweep: what follows ``run``.
        points: how many points that is.
        prefix: of the keys that say how a sweep is run.
    """
    with where(place) as (options, others):
        about = [f"{prefix}{one}" for one in ("retries=2", *options)]
        command = ["run", *sweep, f"hydra.sweep.dir={SWEEP}", *about]
        process, known = place.start(*command), set[str]()
        for number, moment in enumerate(sorted(rng.uniform(-0.1, 0.9) for _ in range(trials)), 1):
            process = _reach(moment * points, place, rng, process, command)
            whom = rng.choice(list(WHO)) if victim == "any" else victim
            process = _strike(whom, place, rng, process, command, others)
            known = _still_there(place, known)
            if number == trials:
                _, err = process.communicate(timeout=SECONDS)
                check(process.returncode in (0, 1), f"exit status {process.returncode}: {err}")
                check("Traceback" not in err, err)
                whole(place, points, *command)
                all_gone(place.folder)
            yield


def _reach(
    enough: float, place: Place, rng: random.Random, process: subprocess.Popen[str], command: list[str]
) -> subprocess.Popen[str]:
    """Wait until enough points are done; before the first one, for some time."""
    if enough < 0:
        time.sleep(rng.uniform(0, 1.5))
        return process
    until = time.monotonic() + SECONDS
    while _done(place) < enough:
        if process.poll() is not None:
            _, err = process.communicate()
            check(process.returncode in (0, 1), f"exit status {process.returncode}: {err}")
            process = place.start(*command)
        check(time.monotonic() < until, "it stands still")
        time.sleep(0.01)
    return process


def _done(place: Place) -> float:
    """Return about how many points have a record."""
    journal = place.folder / SWEEP / "results.jsonl"
    if not journal.exists():
        return 0
    with journal.open("rb") as file:
        return journal.stat().st_size / max(len(file.readline()), 1)


def _submits(process: int) -> bool:
    """Say whether a process is Slurm's own: if it is killed, the command says so and ends (tests/executors)."""
    with suppress(OSError):
        return Path(f"/proc/{process}/comm").read_text().strip() in ("sbatch", "squeue", "scancel")
    return False


def _strike(
    victim: str,
    place: Place,
    rng: random.Random,
    process: subprocess.Popen[str],
    command: list[str],
    others: Callable[[], list[int]],
) -> subprocess.Popen[str]:
    """Kill, and give the command again if it is gone."""
    until = time.monotonic() + SECONDS
    while True:
        workers = [one for one in inside(place.folder) if one != process.pid and not _submits(one)] + others()
        if victim == "parent" or workers or process.poll() is not None:
            break
        check(time.monotonic() < until, "no worker comes")
        time.sleep(0.02)
    rng.shuffle(workers)
    if victim == "worker":
        workers = workers if rng.random() < 0.2 else workers[:1]
    for one in workers if victim != "parent" else ():
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    if victim == "worker" and process.poll() is None:
        return process
    process.kill()
    process.communicate()
    return place.start(*command)


def _still_there(place: Place, known: set[str]) -> set[str]:
    """Check that no record has gone and none came twice; return the ids of the runs that are ok."""
    if not (place.folder / SWEEP / "results.jsonl").exists():
        check(not known, "the journal is gone")
        return known
    found = [one["run_id"] for one in place.records() if one["status"] == "ok"]
    check(len(found) == len(set(found)), f"{len(found) - len(set(found))} points were run twice")
    check(known <= set(found), f"{len(known - set(found))} records are gone")
    return set(found)


PROMISE = {
    "parent": "no record is lost, no point is run twice, no worker stays; the same command goes on",
    "worker": "no record is lost, no point is run twice; the sweep goes on by itself",
    "both": "no record is lost, no point is run twice; the same command goes on",
}
WHO = {"parent": "the parent", "worker": "a worker, or all", "both": "parent and workers"}


def rows(name: str, where: Where, trials: dict[str, int], at_once: int) -> list[Row]:
    """Return the rows of an executor."""
    return [
        Row(f"kill -9 on {name}: {WHO[victim]}", PROMISE[victim], count, partial(killed, where, victim), at_once)
        for victim, count in trials.items()
    ]


ROWS = [
    *rows("local", on_local, {"parent": 170, "worker": 170, "both": 160}, 10),
    *rows("Ray", on_ray, {"parent": 34, "worker": 33, "both": 33}, 11),
    *rows("Slurm", on_slurm, {"parent": 7, "worker": 7, "both": 6}, 4),
]
