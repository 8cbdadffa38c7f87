"""Do the files that a run read still hold what it read?"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class FileEntry(msgspec.Struct):
    """A file of a record's ``data``."""

    path: str
    sha256: str


def unchanged(files: Iterable[FileEntry]) -> bool:
    """Say whether every one of *files* is there and has the same SHA-256."""
    return all(_sha256_now(file.path) == file.sha256 for file in files)


def agree(one: Iterable[FileEntry], other: Iterable[FileEntry]) -> bool:
    """Say whether the files that both hold have the same SHA-256 in both.

    >>> agree([FileEntry("a", "1"), FileEntry("b", "2")], [FileEntry("a", "1")])
    True
    >>> agree([FileEntry("a", "1"), FileEntry("b", "2")], [FileEntry("a", "3")])
    False
    """
    known = {file.path: file.sha256 for file in one}
    return all(known.get(file.path, file.sha256) == file.sha256 for file in other)


def _sha256_now(path: str) -> str | None:
    try:
        facts = Path(path).stat()
        return _sha256(path, facts.st_size, facts.st_mtime_ns)
    except (OSError, ValueError):  # not there; or no name that a file can have
        return None


@cache
def _sha256(path: str, _size: int, _modified: int) -> str:
    """Hash a file, once as long as it is left alone: many points read the same one."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
