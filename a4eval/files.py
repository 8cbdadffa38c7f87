"""The SHA-256 of files, read once as long as they are left alone: many points of a sweep read the same one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from a4eval.regular import facts, opened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BLOCK = 1 << 20
LeftAlone: TypeAlias = "tuple[Path, int, int, int, int, int]"
"""A file, with what the system changes when somebody writes to it: size, device, inode and two times."""


class Content(NamedTuple):
    """What is in a file: its SHA-256 in hexadecimal digits, and its length in bytes."""

    sha256: str
    bytes: int


def content(path: Path) -> Content:
    """Return what is in the file *path*.

    Raises:
        OSError: it is not there, or cannot be read; a pipe, a device or a file without end is not read to no end.
    """
    found = facts(path)
    key = (path, found.st_size, found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns)
    if key not in _known:
        _known[key] = _content(path, found.st_size)
    return _known[key]


def known() -> dict[LeftAlone, Content]:
    """Return what this process has read, for :func:`learn` of another."""
    return dict(_known)


def learn(more: Mapping[LeftAlone, Content]) -> None:
    """Take over what another process has read, so that it is not read again as long as it is left alone."""
    _known.update(more)


_known: dict[LeftAlone, Content] = {}


def inside(folder: Path, path: str, size: int) -> Path | None:
    """Return the file *path* of *folder* that a record lists, None unless it is a regular one in it of that *size*.

    A record may come from anyone; whether the file is the one that it means, its hash says.
    """
    whole = folder / path
    try:
        if not whole.resolve().is_relative_to(folder.resolve()) or not whole.is_file():
            return None
        return whole if whole.stat().st_size == size else None
    except (OSError, ValueError):
        return None


def _content(path: Path, size: int) -> Content:
    """Hash *size* bytes: some files that the system calls regular never end."""
    digest, left = hashlib.sha256(), size
    with opened(path) as file:
        while left > 0 and (block := file.read(min(left, BLOCK))):
            digest.update(block)
            left -= len(block)
    if left:
        raise OSError(f"{path} became shorter while it was read")
    return Content(digest.hexdigest(), size)
