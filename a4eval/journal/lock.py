"""One sweep in a folder at a time."""

from __future__ import annotations

import fcntl
import os
import platform
import time
from typing import TYPE_CHECKING, Self

import msgspec

from a4eval.errors import ConfigError
from a4eval.regular import opened, to_write

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


LOCK_NAME = ".lock"


SECONDS_FOR_ORPHANS = 5.0
"""How long a new sweep waits for the workers of a killed one to notice that they are alone and leave."""


class Holder(msgspec.Struct):
    """Who runs a sweep in the folder, or did last, and where it began: what the lock's file says.

    How far it is, the journal says.
    """

    process: int
    node: str
    started: float
    """Seconds since 1970."""
    total: int
    """Points."""
    earlier: int = 0
    """Of those, how many were done before."""
    failed: int = 0
    """Of those done before."""
    offset: int = 0
    """Where in the journal its own records begin."""
    aside: int = 0
    """Of the total, how many were never run, and are not run now: failed points alone are."""


def holder(folder: Path) -> tuple[Holder | None, bool]:
    """Return what the lock's file in *folder* says, and whether the sweep is running.

    Raises:
        OSError: it cannot be read.
    """
    try:
        file = opened(folder / LOCK_NAME)
    except FileNotFoundError:
        return None, False
    with file:
        found = _said(file.fileno())
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return found, True
        return found, False


def _said(handle: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(handle, 4096, 0), type=Holder)
    except (msgspec.MsgspecError, RecursionError):
        return None


class FolderLock:
    """Keeps a second sweep out of the folder while the first, or a worker of it, is alive.

    The workers inherit :attr:`handle`; the lock is free only when all who hold it are gone.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_NAME
        self.handle = -1
        self._started = time.time()

    def __enter__(self) -> Self:
        try:
            self.handle = to_write(self._path)
        except OSError as error:
            raise ConfigError(f"{self._path}: {error.strerror}", path="hydra.sweep.dir") from error
        give_up = time.monotonic() + SECONDS_FOR_ORPHANS
        while True:
            try:
                fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > give_up:
                    os.close(self.handle)
                    message = f"another sweep is running in {self._path.parent}; wait for it, or choose another folder"
                    raise ConfigError(message, path="hydra.sweep.dir") from None
                time.sleep(0.05)
            else:
                return self

    def total(self) -> int:
        """Return how many points the sweep had that was last carried out here; 0 if that is not known."""
        found = _said(self.handle)
        return found.total if found else 0

    def note(self, total: int, earlier: int, failed: int, offset: int, aside: int = 0) -> None:
        """Note where the sweep begins, for whoever asks from elsewhere: see :class:`Holder`."""
        if os.fstat(self.handle).st_size and _said(self.handle) is None:
            return  # a file of the user's that happens to have this name
        counts = (total, earlier, failed, offset, aside)
        text = msgspec.json.encode(Holder(os.getpid(), platform.node(), self._started, *counts))
        os.pwrite(self.handle, text.ljust(os.fstat(self.handle).st_size), 0)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.handle)
