"""How far the sweep in a folder is, seen from elsewhere, and its end from there."""

from __future__ import annotations

import os
import platform
import shlex
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from a4eval.errors import ConfigError, DataError
from a4eval.executors.slurm import cancel_left
from a4eval.journal.journal import Journal
from a4eval.journal.lock import LOCK_NAME, Holder, holder
from a4eval.plurals import counted
from a4eval.sweeps.meter import duration

if TYPE_CHECKING:
    from collections.abc import Iterable

SECONDS_TO_END = 60.0
"""How long a sweep may take to stop its workers and show what came of it."""


def status(folder: Path) -> str:
    """Say in one line how far the sweep in *folder* is.

    Raises:
        DataError: there is none.
    """
    found, running = _found(folder)
    journal = Journal(folder)
    standing = journal.catch_up()
    last = [standing.of_every_state(run_id)[-1] for run_id in standing]
    far = progress(found, running=running, end=journal.end, ended=((one.offset, one.status) for one in last))
    how = f"running on {found.node} (process {found.process})" if running else "not running"
    again = "" if running or far.done >= far.total else f"; `a4eval resume {shlex.quote(str(folder))}` goes on"
    return f"{how}: {far.said()}{again}"


def never_run(folder: Path) -> int:
    """Return how many points of the sweep in *folder* have no record, as far as its lock's file says how many it has.

    Raises:
        DataError: its journal cannot be read.
    """
    found, _ = holder(folder)
    return 0 if found is None else max(found.total - len(Journal(folder).catch_up()), 0)


class Progress(NamedTuple):
    """How far a sweep is.

    Args:
        done: points that have ended, in this sweep or an earlier one in its folder.
        total: points that it has.
        failed: how many of those done failed.
        rate: points a second of this sweep; None where none has ended, or it is not running.
        left: seconds that the rest takes at that rate; None where there is none.
    """

    done: int
    total: int
    failed: int
    rate: float | None
    left: float | None

    def said(self) -> str:
        """Return it in words."""
        parts = [f"{self.done:,}/{self.total:,} points"]
        if self.rate is not None and self.left is not None:
            parts += [f"{self.rate:.3g}/s", f"{duration(self.left)} left"]
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        return ", ".join(parts)


def progress(found: Holder, *, running: bool, end: int, ended: Iterable[tuple[int, str]]) -> Progress:
    """Say how far a sweep is.

    Args:
        found: what its lock's file says.
        running: whether somebody holds the lock.
        end: up to which byte its journal was read.
        ended: of each run that counts, where in the journal its record begins, and its status.
    """
    gone = end < found.offset  # what was done earlier is not there any more: count all that is
    begin, earlier, failed = (0, 0, 0) if gone else (found.offset, found.earlier, found.failed)
    fresh = [status for offset, status in ended if offset >= begin and status != "interrupted"]
    done = min(found.total, earlier + len(fresh))
    rate = len(fresh) / max(time.time() - found.started, 1e-9) if running and fresh else None
    left = None if rate is None else max(found.total - found.aside - done, 0) / rate
    return Progress(done, found.total, failed + fresh.count("failed"), rate, left)


def cancel(folder: Path) -> str:
    """End the sweep that runs in *folder*, as Ctrl-C does where it was started, and say how far it came.

    Where none runs, take the jobs that were left to Slurm out of its queue.

    Raises:
        DataError: there is none.
        ConfigError: it is not running, or not on this machine.
    """
    found, running = _found(folder)
    if not running:
        if left := cancel_left(folder):
            return f"{counted(left, 'job')} taken out of Slurm's queue; {status(folder)}"
        raise ConfigError(f"no sweep is running in {folder}")
    if found.node != platform.node() or not _holds(found.process, folder / LOCK_NAME):
        where = f"process {found.process} on {found.node}"
        raise ConfigError(f"the sweep in {folder} is {where}, which cannot be told from here; press Ctrl-C there")
    os.kill(found.process, signal.SIGTERM)
    until = time.monotonic() + SECONDS_TO_END
    while holder(folder)[1]:
        if time.monotonic() > until:
            raise ConfigError(f"the sweep in {folder} has not ended {SECONDS_TO_END:g} s after it was told to")
        time.sleep(0.1)
    return status(folder)


def _found(folder: Path) -> tuple[Holder, bool]:
    found, running = holder(folder)
    if found is None:
        raise DataError(f"{folder}: no sweep is, or was, running there")
    return found, running


def _holds(process: int, lock: Path) -> bool:
    """Say whether *process* has the lock open: the file may come from anyone, and name any process."""
    try:
        return any(one.exists() and one.samefile(lock) for one in Path(f"/proc/{process}/fd").iterdir())
    except OSError:
        return False
