"""All packages that are installed: in the record of a single run, and in one file for a whole sweep."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from functools import cache
from typing import TYPE_CHECKING

from a4eval.whole import write_whole

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)\.(?:dist|egg)-info")


@cache
def packages() -> dict[str, str]:
    """Return name to version of each package on Python's path.

    The names of their folders say it; to open what is in them would take a tenth of a second.
    """
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208  (an empty entry is the working directory)
        except OSError:
            continue
        for match in filter(None, map(_FOLDER.fullmatch, names)):
            found.setdefault(re.sub(r"[-_.]+", "-", match["name"]).lower(), match["version"])
    return dict(sorted(found.items()))


@cache
def _text() -> bytes:
    """Return them as ``pip install -r`` takes them."""
    return "".join(f"{name}=={version}\n" for name, version in packages().items()).encode()


@cache
def file_name() -> str:
    """Return the name of the file that lists them in a sweep's folder; another list has another name."""
    return f"packages-{hashlib.sha256(_text()).hexdigest()[:8]}.txt"


def keep(folder: Path) -> None:
    """Write the list into *folder*, unless a file of its name is there.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / file_name()
    if not path.exists():
        write_whole(path, _text())
