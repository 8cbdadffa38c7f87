"""Do the files that a run read still hold what it read?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from a4eval.environment import filled
from a4eval.errors import ConfigError
from a4eval.files import content

if TYPE_CHECKING:
    from collections.abc import Iterable

    from a4eval.journal.views import FileEntry


def unchanged(files: Iterable[FileEntry]) -> bool:
    """Say whether every one of *files* has the same SHA-256 as noted, or is as unreadable as it was."""
    return all(_sha256_now(file) == file.sha256 for file in files)


def agree(one: Iterable[FileEntry], other: Iterable[FileEntry]) -> bool:
    """Say whether the files that both hold have the same SHA-256 in both.

    >>> from a4eval.journal.views import FileEntry
    >>> agree([FileEntry("a", "1"), FileEntry("b", "2")], [FileEntry("a", "1")])
    True
    >>> agree([FileEntry("a", "1"), FileEntry("b", "2")], [FileEntry("a", "3")])
    False
    """
    known = {file.path: file.sha256 for file in one}
    return all(known.get(file.path, file.sha256) == file.sha256 for file in other)


def _sha256_now(noted: FileEntry) -> str | None:
    """Return the hash of a file; None for one that is not there, of another size, or nothing that can be read whole."""
    try:
        path = Path(filled(noted.path))
        if noted.sha256 is not None and noted.bytes not in (None, path.stat().st_size):
            return None  # of another size: there is no need to read it
        return content(path).sha256
    except (OSError, ValueError, ConfigError):  # not there; no name of a file; a variable that is not allowed
        return None
