"""The journal of a sweep: ``results.jsonl``, one record a line, written by many processes at once.

It is the one source of truth: whether a point is done is read from here and nowhere else, so a worker, the parent or
the machine may die at any moment.
Each line is appended by one writer at a time (a file lock that dies with its owner), whole or not at all; a line torn
by a crash is closed by the next writer and passed over by readers.
"""

from __future__ import annotations

import fcntl
import os
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import msgspec

from a4eval.errors import DataError, OutputError
from a4eval.journal.following import LONGEST, Follower
from a4eval.journal.standing import Standing
from a4eval.journal.views import Entry
from a4eval.ownership import JOURNAL
from a4eval.regular import opened, to_write
from a4eval.runs.record import SCHEMA_VERSION, schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FILE_NAME = JOURNAL
BEGINNING = b'{"schema_version":'
"""How a record begins, even one torn by a crash."""
T = TypeVar("T")


def _is_open(handle: int) -> bool:
    try:
        os.fstat(handle)
    except OSError:
        return False
    return True


class Journal:
    """Appends to and follows the journal of one sweep folder: the file that is at its path, whatever was there before.

    An editor or ``sed -i`` puts another file in its place: writers go on in that one, and readers read it anew.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.unknown: set[int] = set()
        """The versions of the record's schema that were met and are not ours."""
        self.standing = Standing[Entry]()
        """What was followed so far."""
        self._handle = -1
        self._decoder = msgspec.json.Decoder(Entry)
        self._file = Follower(self.path, self._entry, self._forget)

    def append(self, lines: bytes) -> None:
        """Append whole *lines*, each ending in a line break.

        Raises:
            OutputError: the disk is full or the file cannot be written; nothing of *lines* is left behind.
        """
        try:
            while True:
                if self._handle < 0:
                    self._handle = to_write(self.path, os.O_RDWR | os.O_APPEND)
                elif not _is_open(self._handle):  # a run has closed it
                    self._handle = -1
                    continue
                fcntl.flock(self._handle, fcntl.LOCK_EX)
                try:
                    if self._current():
                        self._write(lines)
                        if self._current():
                            return
                finally:
                    fcntl.flock(self._handle, fcntl.LOCK_UN)
                os.close(self._handle)
                self._handle = -1
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written: {error.strerror}") from error

    def _current(self) -> bool:
        """Is the open file the one at the journal's path?"""
        try:
            return os.path.samestat(os.fstat(self._handle), self.path.stat())
        except FileNotFoundError:
            return False

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
        """Yield what was appended, by anyone, since the last call (at first, or when it was replaced: everything).

        Raises:
            DataError: it cannot be read, or is no regular file.
        """
        try:
            for offset, entry in self._file.follow():
                entry.offset = offset
                self.standing.add(entry)
                yield entry
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read: {error.strerror}") from error

    def _forget(self) -> None:
        self.standing = Standing()

    @property
    def end(self) -> int:
        """Up to which byte it was followed."""
        return self._file.end

    @property
    def torn(self) -> int:
        """How many unreadable lines were passed over."""
        return self._file.torn

    @property
    def replaced(self) -> int:
        """How often another file was put in its place, or it was written anew."""
        return self._file.replaced

    def _opened(self) -> BinaryIO:
        try:
            return opened(self.path)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read: {error.strerror}") from error

    def _entry(self, line: bytes) -> Entry | None:
        try:
            entry = self._decoder.decode(line)
        except (msgspec.MsgspecError, RecursionError):
            return None
        if entry.schema_version != SCHEMA_VERSION:
            self.unknown.add(entry.schema_version)
        return entry

    def check(self) -> None:
        """Make sure that what is at the journal's path is one, or nothing.

        Raises:
            DataError: it is another file, which must not be written to.
        """
        if not os.path.lexists(self.path):
            return
        if self.path.is_symlink():
            raise DataError(f"{self.path}: is a link, and nothing is written where that may lead; name its folder")
        with self._opened() as file:
            ours = file.seek(0, os.SEEK_END) == 0
            file.seek(0)
            lines = iter(partial(file.readline, LONGEST), b"")
            ours = ours or any(self._entry(line) or line.startswith(BEGINNING) for line in lines)
        if not ours:
            raise DataError(f"{self.path}: is no journal of a4eval; choose another folder, or move it away")

    def doubts(self) -> list[str]:
        """Return a line for each thing that was odd about the file."""
        found = []
        if self.replaced:
            found.append(f"{self.path} was replaced while it was read; what was gone from it was run again")
        return found + [f"{self.path} holds records of {schema(version)}" for version in sorted(self.unknown)]

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
        with self._opened() as file:
            for entry in entries:
                file.seek(entry.offset)
                try:
                    yield decoder.decode(file.readline(LONGEST))
                except (msgspec.MsgspecError, RecursionError) as error:
                    raise DataError(f"{self.path}: the record of run {entry.run_id} cannot be read: {error}") from error
