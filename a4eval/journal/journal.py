"""The journal of a sweep: ``results.jsonl``, one record a line, written by many processes at once.

It is the one source of truth: whether a point is done is read from here and nowhere else, so a worker, the parent or
the machine may die at any moment.
Each line is appended by one writer at a time (a file lock that dies with its owner), whole or not at all; a line torn
by a crash is closed by the next writer and passed over by readers.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, TypeVar

import msgspec

from a4eval.errors import DataError
from a4eval.journal.standing import Standing
from a4eval.journal.views import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FILE_NAME = "results.jsonl"
T = TypeVar("T")


class Journal:
    """Appends to and follows the journal of one sweep folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.torn = 0
        """How many unreadable lines were passed over."""
        self.standing = Standing[Entry]()
        """What was followed so far."""
        self._handle = -1
        self._offset = 0
        self._decoder = msgspec.json.Decoder(Entry)

    def append(self, lines: bytes) -> None:
        """Append whole *lines*, each ending in a line break.

        Raises:
            DataError: the disk is full or the file cannot be written; nothing of *lines* is left behind.
        """
        try:
            if self._handle < 0:
                self._handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            try:
                self._write(lines)
            finally:
                fcntl.flock(self._handle, fcntl.LOCK_UN)
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written: {error.strerror}") from error

    def _write(self, lines: bytes) -> None:
        end = os.fstat(self._handle).st_size
        if end and os.pread(self._handle, 1, end - 1) != b"\n":
            lines = b"\n" + lines  # closes the line that a killed writer left torn
        try:
            left = memoryview(lines)
            while left:
                left = left[os.write(self._handle, left) :]
        except OSError:
            os.ftruncate(self._handle, end)
            raise

    def sync(self) -> None:
        """Wait until what was appended is on the disk."""
        if self._handle >= 0:
            os.fsync(self._handle)

    def follow(self) -> Iterator[Entry]:
        """Yield what was appended, by anyone, since the last call (at first: everything)."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # torn, or just being written: it is looked at again once it is closed
                offset, self._offset = self._offset, self._offset + len(line)
                try:
                    entry = self._decoder.decode(line)
                except (msgspec.MsgspecError, RecursionError):
                    self.torn += 1
                    continue
                entry.offset = offset
                self.standing.add(entry)
                yield entry

    def catch_up(self) -> Standing[Entry]:
        """Follow to the end and return which records count."""
        for _ in self.follow():
            pass
        return self.standing

    def read(self, entries: Sequence[Entry], kind: type[T]) -> Iterator[T]:
        """Yield what *kind* has of the record of each of *entries*.

        Raises:
            DataError: a line is not there any more, or is no such record.
        """
        if not entries:
            return  # and perhaps no file
        decoder = msgspec.json.Decoder(kind)
        with self.path.open("rb") as file:
            for entry in entries:
                file.seek(entry.offset)
                try:
                    yield decoder.decode(file.readline())
                except msgspec.MsgspecError as error:
                    raise DataError(f"{self.path}: the record of run {entry.run_id} cannot be read: {error}") from error
