"""How far the sweep in a folder is, seen from elsewhere, and its end from there."""

from __future__ import annotations

import os
import platform
import shlex
import signal
import time
from pathlib import Path

from a4eval.errors import ConfigError, DataError
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
    parts = [f"{found.done:,}/{found.total:,} points"]
    if running and (fresh := found.done - found.earlier):
        seconds = max(time.time() - found.started, 1e-9)
        parts += [f"{fresh / seconds:.3g}/s", f"{duration((found.total - found.done) * seconds / fresh)} left"]
    if found.failed:
        parts.append(f"{found.failed:,} failed")
    how = f"running on {found.node} (process {found.process})" if running else "not running"
    again = "" if running or found.done == found.total else f"; `a4eval resume {shlex.quote(str(folder))}` goes on"
    return f"{how}: {', '.join(parts)}{again}"


def cancel(folder: Path) -> str:
    """End the sweep that runs in *folder*, as Ctrl-C does where it was started, and say how far it came.

    Raises:
        DataError: there is none.
        ConfigError: it is not running, or not on this machine.
    """
    found, running = _found(folder)
    if not running:
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
