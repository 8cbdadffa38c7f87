"""Which records of a sweep a tracker was given, in a file beside the journal.

A record is noted before it is given, so that one is never given twice, whatever dies in between; one that the tracker
refused is noted again, and may be given another time.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "trackers.jsonl"
LONGEST = 4096
"""Bytes of a line of ours, at most."""


class Line(msgspec.Struct, array_like=True):
    """A record that was given to a tracker, or that it refused."""

    tracker: str
    run_id: str
    started: str
    given: bool


class Ledger:
    """The lines of one tracker.

    Args:
        folder: the sweep's.
        node: what the config says of the tracker: with other parameters it is another one.

    Raises:
        OSError: the file cannot be written, or is no regular one.
    """

    def __init__(self, folder: Path, node: Any) -> None:
        self._tracker = hashlib.sha256(msgspec.json.encode(node, order="deterministic")).hexdigest()[:16]
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        self._handle = os.open(folder / FILE_NAME, flags, 0o666)
        if not stat.S_ISREG(os.fstat(self._handle).st_mode):
            raise OSError(f"{folder / FILE_NAME} is not a regular file")
        self._given: set[tuple[str, str]] = set()
        with os.fdopen(os.dup(self._handle), "rb") as file:
            first = True
            while text := file.readline(LONGEST):
                try:
                    line = msgspec.json.decode(text, type=Line)
                except (msgspec.MsgspecError, RecursionError) as error:
                    if first:
                        raise OSError(f"{folder / FILE_NAME} is no file of a4eval; move it away") from error
                    continue  # torn by a crash
                first = False
                if line.tracker == self._tracker:
                    (self._given.add if line.given else self._given.discard)((line.run_id, line.started))

    def has(self, run_id: str, started: str) -> bool:
        """Was the record given already?"""
        return (run_id, started) in self._given

    def note(self, run_id: str, started: str, *, given: bool) -> None:
        """Note that a record is about to be given, or was refused."""
        text = msgspec.json.encode(Line(self._tracker, run_id, started, given)) + b"\n"
        fcntl.flock(self._handle, fcntl.LOCK_EX)  # several trackers write here
        try:
            end = os.fstat(self._handle).st_size
            torn = end and os.pread(self._handle, 1, end - 1) != b"\n"
            os.write(self._handle, b"\n" + text if torn else text)
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_UN)
        (self._given.add if given else self._given.discard)((run_id, started))
