"""A sweep and a run on disk, as far as they are known; each reads again only what has changed."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from a4eval.errors import DataError
from a4eval.journal.following import LONGEST, Follower
from a4eval.journal.lock import Holder, holder
from a4eval.journal.standing import Standing
from a4eval.journal.views import Row
from a4eval.ownership import folder_of
from a4eval.regular import opened
from a4eval.runs.record import Record
from a4eval.sweeps.status import Progress, progress

if TYPE_CHECKING:
    from collections.abc import Iterable

SECONDS_BETWEEN_RATES = 5.0
"""After which a running sweep counts as changed: its rate has."""
_ROW = msgspec.json.Decoder(Row)
_RECORD = msgspec.json.Decoder(Record)


def decoded(text: bytes) -> Row:
    """Return a record without its bulk.

    What a stranger may have put into its free parts is made what the pages take it for.

    Raises:
        msgspec.MsgspecError: it is none.
        RecursionError: it is too deep.
    """
    row = _ROW.decode(text)
    row.config = row.config.copy()  # else it keeps all of the text alive
    row.error = {key: str(value) for key, value in row.error.items()} if row.error else None
    row.timing = {key: value for key, value in row.timing.items() if isinstance(value, float)}
    return row


def short(text: str) -> str:
    """Return a name for an address, which no path or id of a stranger's can turn into another one.

    >>> short("multirun/2026-01-02/results.jsonl")
    '150f44418153'
    """
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


class _File:
    """A file that is looked at again only once it has changed.

    Args:
        root: the folder that is viewed.
        name: of the file, below it.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.name = root, name
        self.key = short(name)
        self.path = root / name
        self.version = 0
        """Counts its changes."""
        self._facts: tuple[int, ...] = ()

    @property
    def folder(self) -> str:
        """The folder it stands in, as it is shown."""
        return os.path.dirname(self.name) or "."  # noqa: PTH120  (a text, not a path to follow)

    @property
    def size(self) -> int:
        """How many bytes it had when it was looked at."""
        return self._facts[2] if self._facts else 0

    def _touched(self) -> bool:
        try:
            found = os.lstat(self.path)
        except OSError:
            return False
        if not stat.S_ISREG(found.st_mode):
            return False  # it was one when it was found
        facts = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        before, self._facts = self._facts, facts
        return facts != before

    def _record(self, offset: int) -> Record:
        """Read a whole record.

        Raises:
            DataError: it is not there any more, or is none.
        """
        try:
            with opened(self.path, links=False) as file:
                file.seek(offset)
                text = file.readline(LONGEST) if isinstance(self, Sweep) else file.read(LONGEST)
            return _RECORD.decode(text)
        except OSError as error:
            raise DataError(f"{self.name}: cannot be read: {error.strerror or error}") from error
        except (msgspec.MsgspecError, RecursionError) as error:
            raise DataError(f"{self.name}: is no record of a run: {error}") from error


class Sweep(_File):
    """A sweep: the points in its journal, and whether it runs."""

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root, name)
        self.rows: list[Row] = []
        """The record that counts of each run, or several where data files have changed."""
        self.points: dict[str, Row] = {}
        """The newest record of each run, by the name that its address has."""
        self.running = False
        self.holder: Holder | None = None
        self.why: str | None = None
        """Why it cannot be read."""
        self._standing = Standing[Row]()
        self._file = Follower(self.path, self._row, self._forget)
        self._rated = 0.0

    @property
    def torn(self) -> int:
        """How many lines could not be read."""
        return self._file.torn

    def look(self) -> bool:
        """Take in what is new and say whether anything is."""
        before = self.running, self.holder, self.torn, self.why
        fresh = self._touched() and self._follow()
        try:
            self.holder, self.running = holder(self.path.parent)
        except OSError:
            self.holder, self.running = None, False
        rated = self.running and time.monotonic() - self._rated > SECONDS_BETWEEN_RATES
        changed = fresh or rated or before != (self.running, self.holder, self.torn, self.why)
        if changed:
            self._rated = time.monotonic()
            self.version += 1
        return changed

    def _follow(self) -> bool:
        replaced, some, self.why = self._file.replaced, False, None
        try:
            for offset, row in self._file.follow():
                row.path, row.offset, some = self.name, offset, True
                self._standing.add(row)
        except OSError as error:
            self.why = error.strerror or str(error)
        if some or replaced != self._file.replaced:
            self.points = {short(run_id): self._standing.of_every_state(run_id)[-1] for run_id in self._standing}
            self.rows = [row for run_id in self._standing for row in self._standing.of_every_state(run_id)]
        return some or replaced != self._file.replaced

    def _forget(self) -> None:
        self._standing = Standing()

    def _row(self, line: bytes) -> Row | None:
        try:
            return decoded(line)
        except (msgspec.MsgspecError, RecursionError):
            return None

    @property
    def progress(self) -> Progress | None:
        """How far it is, if its lock's file says of how many."""
        if self.holder is None:
            return None
        ended = ((row.offset, row.status) for row in self.points.values())
        return progress(self.holder, running=self.running, end=self._file.end, ended=ended)

    def record(self, row: Row) -> Record:
        """Read the whole record of a point.

        Raises:
            DataError: it is not there any more, or is none.
        """
        return self._record(row.offset)

    def folder_of(self, row: Row) -> Path:
        """Return where a point's artifacts are, below the folder that is viewed."""
        return folder_of(Path(self.name), row.run_id)


class Run(_File):
    """A run of its own."""

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root, name)
        self.row: Row | None = None
        self.why: str | None = None
        """Why it cannot be read."""

    def look(self) -> bool:
        """Read it, if it has changed, and say whether it has."""
        if not self._touched():
            return False
        self.version += 1
        self.row, self.why = None, None
        try:
            with opened(self.path, links=False) as file:
                row = decoded(file.read(LONGEST))
        except OSError as error:
            self.why = error.strerror or str(error)
        except (msgspec.MsgspecError, RecursionError) as error:
            self.why = f"is no record of a run: {error}"
        else:
            row.path = self.name
            self.row = row
        return True

    def record(self) -> Record:
        """Read the whole record.

        Raises:
            DataError: it is not there any more, or is none.
        """
        return self._record(0)


def newest(rows: Iterable[Row]) -> list[Row]:
    """Return rows with the one that began last first."""
    return sorted(rows, key=lambda row: row.started or "", reverse=True)
