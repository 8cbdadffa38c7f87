"""Follow a file of records, one a line, while others append to it, tear it, or put another in its place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Generic, TypeVar

from a4eval.regular import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TAIL = 64
"""So many bytes before the place up to which the file was read must be what they were, else it is another file."""
LONGEST = 2**28
"""Bytes of a line; a longer one is passed over in pieces."""
T = TypeVar("T")


class Follower(Generic[T]):
    """Gives each record once, and all of them again when another file has taken the place of the first.

    Args:
        path: of the file.
        decode: makes a record of a line; None of one that is torn.
        began_anew: is called when the file is another one, before its records are given.
    """

    def __init__(
        self, path: Path, decode: Callable[[bytes], T | None], began_anew: Callable[[], None] = lambda: None
    ) -> None:
        self.path = path
        self.torn = 0
        """How many unreadable lines were passed over."""
        self.replaced = 0
        """How often another file was put in its place, or it was written anew."""
        self.end = 0
        """Up to which byte it was followed."""
        self._decode, self._began_anew = decode, began_anew
        self._place = (0, 0)
        self._tail = b""

    def follow(self) -> Iterator[tuple[int, T]]:
        """Yield what was appended since the last call, and where each record begins.

        Raises:
            OSError: it cannot be read, or is a pipe, a device or a folder.
        """
        try:
            file = opened(self.path)
        except FileNotFoundError:
            return
        with file:
            self._find_place(file)
            while line := file.readline(LONGEST):
                record = self._decode(line)
                if record is None and not line.endswith(b"\n") and len(line) < LONGEST:
                    return  # torn, or just being written: it is looked at again once it is closed
                offset, self.end = self.end, self.end + len(line)
                self._tail = (self._tail + line)[-TAIL:]
                if record is not None:
                    yield offset, record
                elif not line.isspace():
                    self.torn += 1

    def _find_place(self, file: BinaryIO) -> None:
        """Go to where the last call ended; to the beginning if this is another file, or has other content."""
        facts = os.fstat(file.fileno())
        place = facts.st_dev, facts.st_ino
        file.seek(max(0, self.end - len(self._tail)))
        if self.end and (place != self._place or file.read(len(self._tail)) != self._tail):
            self.replaced += 1
            self.torn, self.end, self._tail = 0, 0, b""
            self._began_anew()
            file.seek(0)
        self._place = place
