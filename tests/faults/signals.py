"""Ctrl-C, a polite kill and a closed terminal, while a sweep starts and while it writes."""

from __future__ import annotations

import signal
import time
from functools import partial
from typing import TYPE_CHECKING

from .row import SWEEP, Row, all_gone, check, whole

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from ..conftest import Place

POINTS = 300
SECONDS = 90


def told(moment: str, place: Place, rng: random.Random, _trials: int) -> Iterator[None]:
    """Send a signal to the parent."""
    command = [
        "run",
        "-m",
        "experiment=probe",
        f"task.x=range(0,{POINTS})",
        f"hydra.sweep.dir={SWEEP}",
        "task.seconds=0.01",
    ]
    process = place.start(*command, "executor.workers=2")
    sweep, until = place.folder / SWEEP, time.monotonic() + SECONDS
    awaited = sweep / (".lock" if moment == "start" else "results.jsonl")
    while not awaited.exists() and process.poll() is None:
        check(time.monotonic() < until, "it does not start")
        time.sleep(0.002)
    time.sleep(rng.uniform(0, 0.2 if moment == "start" else 1))
    one = rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    process.send_signal(one)
    out, err = process.communicate(timeout=SECONDS)
    ended = process.returncode == 130 or (process.returncode == 0 and f"{POINTS} ok" in out)
    check(ended, f"exit status {process.returncode} after {one.name}: {err}")
    check("Traceback" not in err, f"a traceback: {err}")
    all_gone(place.folder)
    journal = sweep / "results.jsonl"
    for line in journal.read_bytes().splitlines(keepends=True) if journal.exists() else ():
        check(line.endswith(b"}\n"), "a line is torn")
    whole(place, POINTS, *command)
    yield


ROWS = [
    Row(
        f"SIGINT, SIGTERM, SIGHUP {when}",
        "one line, exit status 130, no worker stays, no line is torn; the same command goes on",
        count,
        partial(told, moment),
    )
    for moment, when, count in (("start", "while it starts", 15), ("write", "while it writes", 15))
]
