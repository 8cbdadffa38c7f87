"""Files of a run: those that its record lists, below the folder that is viewed, and harmless where they arrive."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from a4eval.files import BLOCK
from a4eval.regular import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from a4eval.runs.record import FileRecord, Record

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'"
"""Of a file: whatever it is, it runs nothing and loads nothing."""
SHOWN = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".log": "text/plain; charset=utf-8",
    ".csv": "text/plain; charset=utf-8",
    ".json": "text/plain; charset=utf-8",
    ".jsonl": "text/plain; charset=utf-8",
    ".yaml": "text/plain; charset=utf-8",
}
"""What a browser shows; all else it keeps."""


class Served(NamedTuple):
    """A file to be sent.

    Args:
        file: the open file, at its beginning.
        size: in bytes.
        kind: its media type.
        name: of the file.
        shown: by the browser, and not kept.
    """

    file: BinaryIO
    size: int
    kind: str
    name: str
    shown: bool

    def pieces(self) -> Iterator[bytes]:
        """Yield its content, and no more than its size."""
        left = self.size
        with self.file:
            while left > 0 and (piece := self.file.read(min(left, BLOCK // 4))):
                left -= len(piece)
                yield piece


def served(root: Path, folder: Path, record: Record, path: str) -> Served | None:
    """Return the file *path* of a run, or None if it is not listed, not there, or not the one that the record means.

    Args:
        root: the folder that is viewed.
        folder: where the run's artifacts are, below it.
        record: of the run.
        path: as the record lists it.
    """
    listed = next((one for one in (*record.artifacts, *([record.log] if record.log else [])) if one.path == path), None)
    if listed is None or listed.sha256 is None:
        return None
    steps = [*folder.parts, *PurePosixPath(path).parts]
    if not steps or any(one in ("..", "/", "") or "\0" in one for one in steps):
        return None
    try:
        file = _below(root, steps)
    except OSError:
        return None
    if not _meant(file, listed):
        file.close()
        return None
    file.seek(0)
    kind = SHOWN.get(Path(path).suffix.lower())
    return Served(file, listed.bytes, kind or "application/octet-stream", steps[-1], kind is not None)


def _below(root: Path, steps: list[str]) -> BinaryIO:
    """Open a file step by step, so that no link leads out of the folder.

    Raises:
        OSError: it is not there, a link is in the way, or it is no regular file.
    """
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for step in steps[:-1]:
            inner = os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
            os.close(here)
            here = inner
        return opened(Path(steps[-1]), beside=here, links=False)
    finally:
        os.close(here)


def _meant(file: BinaryIO, listed: FileRecord) -> bool:
    """Say whether an open file is the one that the record lists, by its size and its hash."""
    if os.fstat(file.fileno()).st_size != listed.bytes:
        return False
    with suppress(OSError):
        digest = hashlib.sha256()
        while piece := file.read(BLOCK):
            digest.update(piece)
        return digest.hexdigest() == listed.sha256
    return False
