"""The texts of the records in a file, one after the other; a large one is not read into memory."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import msgspec

from a4eval.errors import DataError
from a4eval.journal.following import LONGEST
from a4eval.ownership import folder_of
from a4eval.regular import opened
from a4eval.runs.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from a4eval.journal.views import Row

Text: TypeAlias = bytes | memoryview

LARGE = 2**24
"""Longer texts, in bytes, are mapped: the system brings in what is looked at."""


def texts(file: Path) -> Iterator[tuple[int, Text]]:
    """Yield where each record of *file* begins, and its text: each line of a journal, or all of another file.

    Raises:
        OSError: it cannot be read.
    """
    offset = 0
    with opened(file) as lines:
        while text := _next(lines, offset, whole=file.suffix != ".jsonl"):
            yield offset, text
            offset += len(text)


def text_at(file: Path, offset: int) -> Text:
    """Return the text of the record that begins at *offset*.

    Raises:
        OSError: it cannot be read.
    """
    with opened(file) as lines:
        lines.seek(offset)
        return _next(lines, offset, whole=file.suffix != ".jsonl")


def _next(lines: BinaryIO, offset: int, *, whole: bool) -> Text:
    text = lines.read(LARGE) if whole else lines.readline(LARGE)
    if len(text) < LARGE:
        return text
    content = mmap.mmap(lines.fileno(), 0, access=mmap.ACCESS_READ)  # closed once nobody looks at it
    end = len(content) if whole else content.find(b"\n", offset, offset + LONGEST) + 1 or offset + LONGEST
    end = min(end, len(content))
    lines.seek(end)
    return memoryview(content)[offset:end]


def record_of(row: Row) -> tuple[Record, Path]:
    """Return the whole record of a row, and the folder of its run.

    Raises:
        OSError: it cannot be read.
        DataError: it is none.
    """
    file = Path(row.path)
    try:
        found = msgspec.json.decode(text_at(file, row.offset), type=Record)
    except ValueError as error:
        raise DataError(f"{file}: the record of run {row.run_id} cannot be read: {error}") from error
    return found, folder_of(file, found.run_id)
