"""From an address to what stands there; the same page is made once, until what it shows has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from a4eval.errors import DataError
from a4eval.results.view.compare import compare
from a4eval.results.view.one_run import one_run
from a4eval.results.view.one_sweep import one_sweep
from a4eval.results.view.overview import overview
from a4eval.results.view.served import Served, served

if TYPE_CHECKING:
    from pathlib import Path

    from a4eval.results.view.asked import Asked
    from a4eval.results.view.content import Content
    from a4eval.results.view.watched import Watched
    from a4eval.runs.record import Record

KEPT = 32
"""Pages that are kept."""


class Pages:
    """The pages of a folder.

    Args:
        watched: what is known of it.
    """

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self._kept: OrderedDict[Asked, Content] = OrderedDict()
        self._lock = threading.Lock()

    def version(self, asked: Asked) -> int | None:
        """Return the version of what stands at an address, or None if there is nothing, or nothing that changes."""
        match asked.path.strip("/").split("/"):
            case [""]:
                return self.watched.version
            case ["sweep", key]:
                return None if (sweep := self.watched.sweeps.get(key)) is None else sweep.version
            case ["sweep", key, point]:
                of = self.watched.sweeps.get(key)
                return None if of is None or point not in of.points else of.points[point].offset
            case ["run", key]:
                return None if (run := self.watched.runs.get(key)) is None else run.version
        return None

    def content(self, asked: Asked) -> Content:
        """Return what stands at an address.

        Raises:
            DataError: there is no such page, or its record cannot be read any more.
        """
        version = self.version(asked)
        with self._lock:
            kept = self._kept.get(asked)
        if kept is not None and kept.holds(version):
            return kept
        made = self._made(asked, kept)
        with self._lock:
            self._kept[asked] = made
            self._kept.move_to_end(asked)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made

    def _made(self, asked: Asked, before: Content | None) -> Content:
        watched = self.watched
        match asked.path.strip("/").split("/"):
            case [""]:
                return overview(watched, asked)
            case ["compare"]:
                return compare(watched, asked)
            case ["sweep", key] if key in watched.sweeps:
                return one_sweep(watched.sweeps[key], watched, asked, before.charts if before else None)
            case ["sweep", key, point] if self.version(asked) is not None:
                of = watched.sweeps[key]
                above = ((of.folder, f"/sweep/{key}"), (of.points[point].run_id[:8], asked.path))
                return self._run(f"sweep/{key}/{point}", of.points[point].offset, above)
            case ["run", key] if key in watched.runs:
                run = watched.runs[key]
                return self._run(f"run/{key}", run.version, ((run.folder, asked.path),))
        raise self._nothing()

    def _nothing(self) -> DataError:
        if self.watched.reading:
            return DataError("there is nothing at this address yet: the folder is still being read")
        return DataError("there is nothing at this address (any more)")

    def _run(self, address: str, version: int, above: tuple[tuple[str, str], ...]) -> Content:
        record, folder = self._record(address)
        key = address.partition("/")[2]
        return one_run(record, self.watched.root / folder, f"/{address}", key, version, above)

    def _record(self, address: str) -> tuple[Record, Path]:
        """Return the record at an address, and the folder of its artifacts below the one that is viewed.

        Raises:
            DataError: there is none.
        """
        match address.split("/"):
            case ["sweep", key, point] if key in self.watched.sweeps:
                of = self.watched.sweeps[key]
                if (row := of.points.get(point)) is not None:
                    return of.record(row), of.folder_of(row)
            case ["run", key] if key in self.watched.runs:
                run = self.watched.runs[key]
                return run.record(), run.path.relative_to(self.watched.root).parent
        raise self._nothing()

    def file(self, address: str, path: str) -> Served | None:
        """Return a file of the run at an address, as its record lists it; None if there is none.

        Raises:
            DataError: there is no such run, or its record cannot be read any more.
        """
        record, folder = self._record(address)
        return served(self.watched.root, folder, record, path)
