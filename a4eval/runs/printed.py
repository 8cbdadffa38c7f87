"""What a run prints, standard output and error, is kept beside its record.

Caught are the file descriptors 1 and 2, so C code and the programs that a run starts are heard, too.
They lead into a file, never a pipe, which could be full: a run does not wait for whoever reads.
Of a lot the beginning and the end are kept.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import sys
import tempfile
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from a4eval import terminal
from a4eval.environment import hidden
from a4eval.ownership import LOG, claim
from a4eval.regular import opened, to_write
from a4eval.runs.record import FileRecord

if TYPE_CHECKING:
    from pathlib import Path

EITHER_END = 100_000
"""Bytes kept of the beginning, and of the end."""
ROOM = 100 * EITHER_END
"""How large the file may become while a run goes on, before its middle makes room."""
SECONDS_BETWEEN_LOOKS = 0.1
_OUTPUTS = (1, 2)
_C = ctypes.CDLL(None)
_HOLE = 1 | 2
"""Linux's ``FALLOC_FL_KEEP_SIZE`` and ``FALLOC_FL_PUNCH_HOLE``."""
_of_worker: int | None = None
"""The file that the owner of this process gave it."""


def new_file() -> int:
    """Return a file without a name for what is printed; whoever writes, writes at its end."""
    with tempfile.TemporaryFile(buffering=0) as file:
        handle = os.dup(file.fileno())
    fcntl.fcntl(handle, fcntl.F_SETFL, os.O_APPEND)
    return handle


def go_to(handle: int) -> None:
    """From here on what runs print in this process goes to the file of its owner, who looks after it."""
    global _of_worker  # noqa: PLW0603  (a process has one owner)
    os.set_inheritable(handle, False)
    _of_worker = handle


def content(handle: int) -> bytes:
    """Return what was printed to the file *handle*, without the middle of a lot."""
    size = os.fstat(handle).st_size
    if size <= 2 * EITHER_END:
        return os.pread(handle, size, 0) if size else b""
    return os.pread(handle, EITHER_END, 0) + _gap(size) + os.pread(handle, EITHER_END, size - EITHER_END)


def shorten(handle: int, seen: int | None = None) -> None:
    """Give back the room of the middle of what was printed to the file *handle*, if it is far more than is kept.

    Whoever writes meanwhile loses nothing: the file stays as long as it is, with a hole in it.
    """
    size = os.fstat(handle).st_size if seen is None else seen
    if size > ROOM and hasattr(_C, "fallocate"):
        _C.fallocate(handle, _HOLE, ctypes.c_longlong(EITHER_END), ctypes.c_longlong(size - 2 * EITHER_END))


def _without_secrets(text: bytes) -> bytes:
    """Return *text* without the values of environment variables that the config used."""
    hidden_text: str = hidden(text.decode(errors="surrogateescape"))
    return hidden_text.encode(errors="surrogateescape")


def _gap(size: int) -> bytes:
    return f"\n… {size - 2 * EITHER_END:,} bytes are left out here …\n".encode()


class Printed:
    """Catches what this process prints from :meth:`begin` to :meth:`end`.

    In a worker it goes to its owner's file; else it is shown on standard error as well, as it comes.
    """

    def __init__(self) -> None:
        self._handle = -1
        self._before: list[int] = []
        self._shower: threading.Thread | None = None

    def begin(self) -> None:
        """Begin to catch."""
        self._handle = new_file() if _of_worker is None else _of_worker
        _flush()
        self._before = [os.dup(one) for one in _OUTPUTS]
        if _of_worker is None:
            terminal.show_on(self._before[1])
            self._ended = threading.Event()
            self._shower = threading.Thread(target=self._show, daemon=True)
            self._shower.start()
        for one in _OUTPUTS:
            os.dup2(self._handle, one)

    def end(self) -> None:
        """Stop, and give standard output and error back."""
        if not self._before:
            return
        with suppress(OSError):  # the run may have closed anything
            _flush()
        for one, before in zip(_OUTPUTS, self._before, strict=True):
            with suppress(OSError):
                os.dup2(before, one)
        _reopen()
        if self._shower is not None:
            self._ended.set()
            self._shower.join()
            terminal.show_on(None)
        for before in self._before:
            with suppress(OSError):
                os.close(before)
        self._before = []

    def keep(self, directory: Path) -> FileRecord | None:
        """Write what was printed into the run's folder; return None if that is nothing.

        Raises:
            DataError: a file of that name is there, which a4eval did not make.
            OSError: it cannot be written, or the run closed its file.
        """
        if self._handle < 0:
            return None
        try:
            text = content(self._handle)
            if _of_worker is not None and text:
                os.ftruncate(self._handle, 0)
        finally:
            if _of_worker is None:
                os.close(self._handle)
            self._handle = -1
        if not text:
            return None
        text = _without_secrets(text)
        directory.mkdir(parents=True, exist_ok=True)
        claim(directory, LOG)
        with os.fdopen(to_write(directory / LOG, os.O_WRONLY | os.O_TRUNC), "wb") as file:
            file.write(text)
        return FileRecord(LOG, hashlib.sha256(text).hexdigest(), len(text))

    def _show(self) -> None:
        """Show what comes until the end, and keep the file from growing without end."""
        at, ended = 0, False
        while not ended:
            ended = self._ended.wait(SECONDS_BETWEEN_LOOKS)
            with suppress(OSError):
                size = os.fstat(self._handle).st_size
                while at < size and (some := os.pread(self._handle, 1 << 16, at)):
                    os.write(self._before[1], _without_secrets(some))
                    at += len(some)
                shorten(self._handle, at)


def log_of(directory: Path) -> str:
    """Return what the run in *directory* printed; a link or a pipe in its place, from whoever sent it, is not read."""
    path = directory / LOG
    try:
        with opened(path) as file:
            return "" if path.is_symlink() else content(file.fileno()).decode(errors="replace")
    except OSError:
        return ""


def last_lines(directory: Path, number: int) -> list[str]:
    """Return the last lines of that, as a terminal would show them: of a bar that is drawn anew, its last state."""
    found = [line.rstrip("\r").rpartition("\r")[2] for line in log_of(directory).split("\n")]
    return [line for line in found if line.strip()][-number:]


def _reopen() -> None:
    """Let what a run closed lead nowhere, so that no other file, such as the journal, takes its number."""
    for one in (0, *_OUTPUTS):
        try:
            os.fstat(one)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != one:
                os.dup2(nowhere, one)
                os.close(nowhere)


def _flush() -> None:
    """Let what is buffered, by Python and by C, go where it belongs."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # a stream of a stranger's, or a closed one
            stream.flush()
    _C.fflush(None)
