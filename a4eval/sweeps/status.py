"""How far the sweep in a folder is, seen from elsewhere, and its end from there."""

from __future__ import annotations

import os
import platform
import shlex
import signal
import time
from pathlib import Path

from a4eval.errors import ConfigError, DataError
from a4eval.executors.slurm import cancel_left
from a4eval.journal.journal import Journal
from a4eval.journal.lock import LOCK_NAME, Holder, holder
from a4eval.sweeps.meter import duration

SECONDS_TO_END = 60.0
"""How long a sweep may take to stop its workers and show what came of it."""


def status(folder: Path) -> str:
    """Say in one line how far the sweep in *folder* is.

    Raises:
        DataError: there is none.
    """
    found, running = _found(folder)
    done, fresh, failed = _counted(folder, found)
    parts = [f"{done:,}/{found.total:,} points"]
    if running and fresh:
        seconds = max(time.time() - found.started, 1e-9)
        parts += [f"{fresh / seconds:.3g}/s", f"{duration((found.total - done) * seconds / fresh)} left"]
    if failed:
        parts.append(f"{failed:,} failed")
    how = f"running on {found.node} (process {found.process})" if running else "not running"
    again = "" if running or done >= found.total else f"; `a4eval resume {shlex.quote(str(folder))}` goes on"
    return f"{how}: {', '.join(parts)}{again}"


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
            return f"{left} job(s) taken out of Slurm's queue; {status(folder)}"
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


def _counted(folder: Path, found: Holder) -> tuple[int, int, int]:
    """Return how many points are done by the journal, how many of them by this sweep, and how many failed."""
    journal = Journal(folder)
    standing = journal.catch_up()
    gone = journal.end < found.offset  # what was done earlier is not there any more: count all that is
    begin, earlier, failed = (0, 0, 0) if gone else (found.offset, found.earlier, found.failed)
    last = [standing.of_every_state(run_id)[-1] for run_id in standing]
    fresh = [one.status for one in last if one.offset >= begin and one.status != "interrupted"]
    return min(found.total, earlier + len(fresh)), len(fresh), failed + fresh.count("failed")


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
