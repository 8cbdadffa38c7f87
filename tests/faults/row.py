"""A row of the fault table, and one attempt at it in an empty folder."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..conftest import PROBE, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SWEEP = "sweep"


class BrokenError(Exception):
    """A promise was not held; the text says how."""


class UntriedError(Exception):
    """It cannot be tried on this machine; the text says why."""


class Row(NamedTuple):
    """A row.

    Args:
        name: what is done.
        promise: what holds all the same.
        trials: how often it is tried for the table.
        attempt: tries it in a folder, a given number of times; yields after each that held.
        at_once: how many trials one attempt, mostly one sweep, bears.
    """

    name: str
    promise: str
    trials: int
    attempt: Callable[[Place, random.Random, int], Iterator[None]]
    at_once: int = 1


def attempted(row: Row, seed: int, trials: int) -> list[str]:
    """Try a row and return, for each trial, how it was broken; nothing if it held.

    Raises:
        UntriedError: it cannot be tried here.
    """
    found = []
    with tempfile.TemporaryDirectory(prefix="a4eval-fault-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        work = folder / "work"
        work.mkdir()
        path = os.pathsep.join(filter(None, [str(PROBE), os.environ.get("PYTHONPATH")]))
        place = Place(work, {**os.environ, "PYTHONPATH": path, "XDG_STATE_HOME": str(folder / "state")})
        try:
            found.extend("" for _ in row.attempt(place, random.Random(seed), trials))
            check(len(found) == trials, f"{len(found)} of {trials} trials came about")
        except (BrokenError, TimeoutError, subprocess.TimeoutExpired) as error:
            found.append(str(error) or type(error).__name__)
        finally:
            for one in inside(work):
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
    return found


def check(holds: object, text: str) -> None:
    """Say that a promise is broken, if it is.

    Raises:
        BrokenError: it is.
    """
    if not holds:
        raise BrokenError(" ".join(text.split())[-400:])


def inside(folder: Path) -> list[int]:
    """Return the processes whose working directory *folder* is: a command there and its workers, wherever they run."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (one / "cwd").samefile(folder) and (one / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(int(one.name))
    return found


def all_gone(folder: Path, seconds: float = 10) -> None:
    """Check that nothing is at work in *folder* any more, or soon."""
    until = time.monotonic() + seconds
    while left := inside(folder):
        check(time.monotonic() < until, f"{len(left)} process(es) stayed behind")
        time.sleep(0.05)


def whole(place: Place, points: int, *command: str) -> None:
    """Check that the same command, and ``a4eval retry``, make the sweep whole: each point ok, and once."""
    done = place.run(*command, timeout=300)
    check(done.code in (0, 1), f"exit status {done.code} in the end: {done.err}")
    if done.code:
        done = place.run("retry", SWEEP, timeout=300)
        check(done.code == 0, f"exit status {done.code} of the retry: {done.err}{done.out}")
    found = place.ok()
    check(len(set(found)) == points, f"{points - len(set(found))} points were lost")
    check(len(found) == points, f"{len(found) - points} points were run twice")
    ids = {one["run_id"] for one in place.records() if one["status"] == "ok"}
    check(len(ids) == points, f"{len(ids)} ids of {points} points")


def politely(done: object) -> None:
    """Check that a command that could not do its work said so in a line, without a traceback."""
    err = getattr(done, "err", "")
    check("Traceback" not in err, f"a traceback: {err}")
