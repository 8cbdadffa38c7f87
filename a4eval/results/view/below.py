"""Which records lie below a folder: looked for again and again, at the cost of what has changed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from a4eval.journal.query import FILES
from a4eval.ownership import JOURNAL, is_of_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST = 200_000
"""Folders that are looked into; what lies beyond is not seen, and that is said."""
SETTLED = 2 * 10**9
"""Nanoseconds after which a folder's time tells of every change: before, two of them may share it."""


class _Seen(NamedTuple):
    """A folder as it was when it was read: its time, the folders in it, the records' files in it."""

    changed: int
    read: int
    folders: list[str]
    files: list[str]


class Below:
    """The files of records below a folder: regular ones, in folders that are no links and not hidden.

    Args:
        root: the folder.
        stopped: says that nobody wants to know any more.
    """

    def __init__(self, root: str, stopped: Callable[[], bool] = lambda: False) -> None:
        self.beyond = False
        """There were more folders than are looked into."""
        self._root, self._stopped = root, stopped
        self._seen: dict[str, _Seen] = {}

    def look(self) -> dict[str, bool]:
        """Return the files there are, relative to the folder, a sweep's before those below it.

        Each with whether something may have come into its folder, or been put in place of something, since the last
        look.
        """
        before, self._seen, found = self._seen, {}, dict[str, bool]()
        waiting = [""]
        while waiting and not self._stopped():
            here = waiting.pop()
            if len(self._seen) >= MOST:
                break
            known = _again(self._root + os.sep + here, before.get(here))
            if known is None:
                continue
            if here and known is not before.get(here) and is_of_parts(Path(self._root, here, JOURNAL)):
                known = known._replace(folders=[], files=[])  # of a run that goes on, which is shown once it has ended
            self._seen[here] = known
            found |= {here + name: known is not before.get(here) for name in known.files}
            waiting += [f"{here}{name}{os.sep}" for name in reversed(known.folders)]
        self.beyond = bool(waiting) and not self._stopped()
        return found


def _again(path: str, known: _Seen | None) -> _Seen | None:
    """Return what is in a folder, or None if it cannot be read; it is read only if it may have changed."""
    try:
        changed = os.lstat(path).st_mtime_ns
        if known is not None and known.changed == changed and known.read - changed > SETTLED:
            return known
        read = time.time_ns()
        with os.scandir(path) as entries:
            folders, files = _split(entries)
    except OSError:
        return None
    return _Seen(changed, read, folders, files)


def _split(entries: Iterator[os.DirEntry[str]]) -> tuple[list[str], list[str]]:
    folders, files = [], []
    for one in entries:
        if one.name in FILES and one.is_file(follow_symlinks=False):
            files.append(one.name)
        elif not one.name.startswith(".") and one.is_dir(follow_symlinks=False):
            folders.append(one.name)
    return sorted(folders), sorted(files)
