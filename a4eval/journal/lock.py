"""One sweep in a folder at a time."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING, Self

from a4eval.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


LOCK_NAME = ".lock"


SECONDS_FOR_ORPHANS = 5.0
"""How long a new sweep waits for the workers of a killed one to notice that they are alone and leave."""


class FolderLock:
    """Keeps a second sweep out of the folder while the first, or a worker of it, is alive.

    The workers inherit :attr:`handle`; the lock is free only when all who hold it are gone.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_NAME
        self.handle = -1

    def __enter__(self) -> Self:
        self.handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.handle)
