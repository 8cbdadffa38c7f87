"""The SHA-256 of files, read once as long as they are left alone: many points of a sweep read the same one."""

from __future__ import annotations

import hashlib
import stat
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Content(NamedTuple):
    """What is in a file: its SHA-256 in hexadecimal digits, and its length in bytes."""

    sha256: str
    bytes: int


def content(path: Path) -> Content:
    """Return what is in the file *path*.

    Raises:
        OSError: it is not there, or cannot be read; a pipe or a device is not read at all.
    """
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(f"{path} is not a regular file")
    return _content(path, facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


@cache
def _content(path: Path, *_facts: int) -> Content:
    with path.open("rb") as file:
        return Content(hashlib.file_digest(file, "sha256").hexdigest(), file.tell())
