"""Files at a place where someone else may have put anything: regular ones alone, opened without waiting for any.

A pipe, a device or a folder in the place of a file is an error, and so is a file that is all hole: it costs its sender
nothing and would take hours to read.
What is written goes through no link: a folder that was sent may hold one that leads anywhere.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path

LARGEST = 2**30
"""Bytes of a file that is read whole into memory."""
HOLLOW_FROM, HOLLOW_RATIO = 2**32, 1000
"""A file of more bytes than this must fill at least a thousandth of them on its disk."""


def facts(path: Path) -> os.stat_result:
    """Return what the system knows of a file.

    Raises:
        OSError: it is not there, no regular file, or all hole.
    """
    found = path.stat()
    _check(path, found)
    return found


def opened(path: Path, *, beside: int | None = None, links: bool = True) -> BufferedReader:
    """Open a file to read from.

    Args:
        path: of the file.
        beside: the open folder that *path* is relative to; by default the working directory.
        links: whether it may be a link.

    Raises:
        OSError: it is not there, no regular file, all hole, or cannot be read.
    """
    _check(path, os.stat(path, dir_fd=beside, follow_symlinks=links))  # some devices act as soon as they are opened
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW)
    handle = os.open(path, flags, dir_fd=beside)
    try:
        _check(path, os.fstat(handle))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def content(path: Path, most: int = LARGEST) -> bytes:
    """Return the bytes of a file.

    Raises:
        OSError: as :func:`opened`, or it has more than *most* bytes.
    """
    found = beginning(path, most + 1)
    if len(found) > most:
        raise OSError(errno.EFBIG, f"is larger than {most:,} bytes", str(path))
    return found


def beginning(path: Path, most: int) -> bytes:
    """Return the first *most* bytes of a file.

    Raises:
        OSError: as :func:`opened`.
    """
    with opened(path) as file:
        room = max(os.fstat(file.fileno()).st_size, 2**16)  # some that are never empty say that they are
        return file.read(min(most, room)) or b""  # None: some that the system calls regular wait for more to come


def to_write(path: Path, flags: int = os.O_RDWR) -> int:
    """Return a handle of a file that is made if it is not there; nothing of it is changed yet.

    Args:
        path: the file.
        flags: of ``os.open``.

    Raises:
        OSError: it is a link, or no regular file, or cannot be written.
    """
    if path.is_symlink():
        raise OSError(errno.ELOOP, "is a link, and may lead anywhere", str(path))
    handle = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    try:
        _check(path, os.fstat(handle))
    except BaseException:
        os.close(handle)
        raise
    return handle


def _check(path: Path, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "is not a regular file", str(path))
    if found.st_size > HOLLOW_FROM and found.st_blocks * 512 * HOLLOW_RATIO < found.st_size:
        raise OSError(errno.EFBIG, f"is {found.st_size:,} bytes of hole", str(path))
