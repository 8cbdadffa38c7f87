"""A finished record on disk, and what it keeps beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from a4eval.comparisons.kept import FILE_NAME, Kept, read
from a4eval.errors import DataError
from a4eval.files import content
from a4eval.journal.pointed import chosen, pointed
from a4eval.journal.query import files
from a4eval.journal.standing import Standing
from a4eval.journal.texts import texts
from a4eval.journal.views import FileEntry, number
from a4eval.ownership import folder_of
from a4eval.plurals import counted
from a4eval.runs import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from a4eval.journal.texts import Text

CLOSE = 1e-3
"""How near a value is to that with the weight 1 for each unit, which may be added up otherwise."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A finished record.

    Args:
        path: of the file it stands in.
        folder: where its artifacts are.
        record: the record.
    """

    path: Path
    folder: Path
    record: record.Record

    @property
    def run_id(self) -> str:
        """Which run it is of."""
        return self.record.run_id

    @property
    def status(self) -> str:
        """What came of it."""
        return self.record.status

    @property
    def data(self) -> list[FileEntry]:
        """What it read."""
        return [FileEntry(one.path, one.sha256, one.bytes) for one in self.record.data]

    def kept(self) -> dict[str, Kept]:
        """Return the resamples that the run kept, by the label of the metric; empty if it kept none.

        Raises:
            DataError: the file is not the one that the record lists, or is of other values.
        """
        listed = next((one for one in self.record.artifacts if one.path == FILE_NAME), None)
        if listed is None:
            return {}
        file = self.folder / FILE_NAME
        try:
            digest = content(file).sha256
        except OSError as error:
            raise DataError(f"{file}: cannot be read, but {self.path} lists it: {error.strerror}") from error
        if digest != listed.sha256:
            raise DataError(f"{file}: is not the file that {self.path} lists: its SHA-256 is {digest}")
        kept = read(file)
        for one in kept.values():
            for name, observed in one.values.observed.items():
                told = number(self.record.metrics[name].value) if name in self.record.metrics else observed
                if not np.isclose(told, observed, rtol=CLOSE, equal_nan=True):
                    raise DataError(f"{file}: holds resamples of {name} {observed:g}, but {self.path} has {told:g}")
        return kept


def opened(path: Path) -> Opened:
    """Open the one finished record at *path*: a record, a run's folder, or a folder that holds one such.

    Raises:
        DataError: there is none, or more than one, or it did not end well.
    """
    return only(path, finished(path).runs)


def only(path: Path, runs: Sequence[Opened]) -> Opened:
    """Return the one of *runs*, which were found at *path*.

    Raises:
        DataError: there are more.
    """
    if len(runs) > 1:
        some = ", ".join(dict.fromkeys(str(one.path.parent) for one in runs[:3]))
        raise DataError(f"{path}: holds {len(runs)} finished runs, expected one; name one of them, such as {some}")
    return runs[0]


class Finished(NamedTuple):
    """What a path holds.

    Args:
        runs: the record that counts of each run that ended well.
        others: how many runs did not.
        torn: how many lines cannot be read.
    """

    runs: list[Opened]
    others: int
    torn: int = 0

    def left_out(self, which: str) -> list[str]:
        """Return notes of what of *which* did not end well or cannot be read, if there is any."""
        left = [
            self.others and f"{counted(self.others, 'point')} of the {which} that did not end well",
            self.torn and f"{counted(self.torn, 'unreadable line')} of the {which}",
        ]
        return [f"left out: {one}" for one in left if one]


def finished(path: Path) -> Finished:
    """Open every finished record at *path*: of each run the newest that counts; ``SWEEP/#3`` is one point alone.

    Raises:
        ConfigError: there is no such point.
        DataError: there is no such file or folder, or no record in it.
    """
    place = pointed(path)
    read = list(_records(place.path))
    found = Standing(one for one in read if one)
    if place.point is not None:
        found = Standing(found.of_every_state(chosen(place, list(found))))
    newest = [found.of_every_state(run_id)[-1] for run_id in found]
    ended = [one for one in newest if one.status == "ok"]
    if not ended:
        states = f"; {len(newest)} that did not end well" if newest else ""
        raise DataError(f"{path}: no finished record of a4eval here{states}")
    return Finished(ended, len(newest) - len(ended), read.count(None))


def every(path: Path) -> list[Opened]:
    """Open every record at *path* of a run that ended well, also those of one run that was repeated.

    Raises:
        DataError: there is none.
    """
    place = pointed(path)
    found = [one for one in _records(place.path) if one]
    if place.point is not None:
        run_id = chosen(place, list(dict.fromkeys(one.run_id for one in found)))
        found = [one for one in found if one.run_id == run_id]
    ended = {(one.run_id, one.record.started): one for one in found if one.status == "ok"}
    if not ended:
        raise DataError(f"{path}: no finished record of a4eval here")
    return list(ended.values())


def _records(path: Path) -> Iterator[Opened | None]:
    """Yield every record; None for a line that a crash left torn."""
    for file in files(path):
        for text in _texts(file):
            try:
                one = msgspec.json.decode(text, type=record.Record)
            except (msgspec.MsgspecError, RecursionError) as error:
                if file.suffix == ".jsonl":
                    yield None
                    continue
                raise DataError(f"{file}: is no record of a4eval: {error}") from error
            yield Opened(file, folder_of(file, one.run_id), one)


def _texts(file: Path) -> Iterator[Text]:
    if not file.is_file():
        raise DataError(f"{file}: is no regular file")
    try:
        yield from (text for _, text in texts(file))
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from error
