"""The rows of one table of one record, some at a time: a table may be larger than the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from a4eval.errors import DataError
from a4eval.journal.texts import text_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BYTES = 2**20
"""So much of a table is read at a time."""
BRACES = 100
"""How many braces may stand in the text at its end."""


class _Tables(msgspec.Struct):
    """The tables of a record, none of them read yet."""

    tables: dict[str, msgspec.Raw] = {}


_rows = msgspec.json.Decoder(list[dict[str, Any]])
_tables = msgspec.json.Decoder(_Tables)


def rows_of(path: Path, offset: int, name: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of the table *name* of the record that begins at *offset* of a file; nothing if it has none.

    Raises:
        DataError: the record cannot be read.
    """
    found = _of_record(path, offset).get(name)
    try:
        yield from () if found is None else _pieces(memoryview(found))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise DataError(f"{path}: the table {name!r} cannot be read: {error}") from error


def names_of(path: Path, offset: int) -> list[str]:
    """Return the names of the tables of the record that begins at *offset* of a file.

    Raises:
        DataError: the record cannot be read.
    """
    return list(_of_record(path, offset))


def _of_record(path: Path, offset: int) -> dict[str, msgspec.Raw]:
    try:
        return _tables.decode(text_at(path, offset)).tables
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, RecursionError) as error:
        raise DataError(f"{path}: is no record of a run: {error}") from error


def _pieces(table: memoryview) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of the text of a table, ``[{…},{…}]``, whose values are no mappings themselves."""
    start, size = 1, BYTES
    while (end := start + size) < len(table):
        taken, rows = _whole_rows(bytes(table[start:end]))
        if not taken:
            size *= 2  # a row is longer than that
            continue
        yield rows
        start, size = start + taken, BYTES
        start += bytes(table[start : start + BYTES]).find(b",") + 1
    yield _rows.decode(b"[" + bytes(table[start:]))


def _whole_rows(piece: bytes) -> tuple[int, list[dict[str, Any]]]:
    """Return how many bytes of *piece* are whole rows, and those rows.

    A brace within a text ends no row: what ends there has an open text, and is no JSON.
    """
    end = len(piece)
    for _ in range(BRACES):
        end = piece.rfind(b"}", 0, end)
        if end < 0:
            break
        try:
            return end + 1, _rows.decode(b"[" + piece[: end + 1] + b"]")
        except msgspec.DecodeError:
            continue
    return 0, []
