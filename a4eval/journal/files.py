"""Do the files that a run read still hold what it read?"""

from __future__ import annotations

import hashlib
import stat
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from a4eval.environment import filled
from a4eval.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable


BLOCK = 1 << 20


class FileEntry(msgspec.Struct):
    """A file of a record's ``data``."""

    path: str
    sha256: str
    bytes: int | None = None


def unchanged(files: Iterable[FileEntry]) -> bool:
    """Say whether every one of *files* is there and has the same SHA-256."""
    return all(_sha256_now(file.path, file.bytes) == file.sha256 for file in files)


def agree(one: Iterable[FileEntry], other: Iterable[FileEntry]) -> bool:
    """Say whether the files that both hold have the same SHA-256 in both.

    >>> agree([FileEntry("a", "1"), FileEntry("b", "2")], [FileEntry("a", "1")])
    True
    >>> agree([FileEntry("a", "1"), FileEntry("b", "2")], [FileEntry("a", "3")])
    False
    """
    known = {file.path: file.sha256 for file in one}
    return all(known.get(file.path, file.sha256) == file.sha256 for file in other)


def _sha256_now(path: str, size: int | None) -> str | None:
    """Return the hash of a regular file, of *size* bytes if that is known; None for all else a path may lead to."""
    try:
        path = str(filled(path))
        facts = Path(path).stat()
        if not stat.S_ISREG(facts.st_mode) or size not in (None, facts.st_size):
            return None
        return _sha256(path, facts.st_size, facts.st_mtime_ns)
    except (
        OSError,
        ValueError,
        ConfigError,
    ):  # not there, no name of a file, a variable not allowed
        return None


@cache
def _sha256(path: str, size: int, _modified: int) -> str | None:
    """Hash a file, once as long as it is left alone: many points read the same one.

    No more than its *size* is read: some that the system calls regular files never end.
    """
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while size > 0 and (block := file.read(min(size, BLOCK))):
            digest.update(block)
            size -= len(block)
    return digest.hexdigest() if size == 0 else None
