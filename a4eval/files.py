"""The SHA-256 of files, read once as long as they are left alone: many points of a sweep read the same one."""

from __future__ import annotations

import hashlib
import os
import stat
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 1 << 20


class Content(NamedTuple):
    """What is in a file: its SHA-256 in hexadecimal digits, and its length in bytes."""

    sha256: str
    bytes: int


def opened(path: Path, *, beside: int | None = None, links: bool = True) -> BinaryIO:
    """Open a regular file to be read, without waiting for a pipe or a device in its place.

    Args:
        path: of the file.
        beside: the open folder that *path* is relative to; by default the working directory.
        links: whether it may be a symbolic link.

    Raises:
        OSError: it is not there, is no regular file, or cannot be read.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW)
    handle = os.open(path, flags, dir_fd=beside)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{path} is not a regular file")
    return os.fdopen(handle, "rb")


def content(path: Path) -> Content:
    """Return what is in the file *path*.

    Raises:
        OSError: it is not there, or cannot be read; a pipe, a device or a file without end is not read to no end.
    """
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(f"{path} is not a regular file")
    return _content(path, facts.st_size, facts.st_dev, facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns)


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


@cache
def _content(path: Path, size: int, *_facts: int) -> Content:
    """Hash *size* bytes: some files that the system calls regular never end."""
    digest, left = hashlib.sha256(), size
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(left, BLOCK))):
            digest.update(block)
            left -= len(block)
    if left:
        raise OSError(f"{path} became shorter while it was read")
    return Content(digest.hexdigest(), size)
