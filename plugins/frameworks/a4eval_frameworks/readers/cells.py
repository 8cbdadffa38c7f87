"""Files of rows, whatever their format, as columns of cells that know where they stand."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from a4eval import DataError, load_arrays, require

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

CELLS_ALWAYS = 10_000_000
"""Cells that a Parquet file may hold, however small it is."""
CELLS_A_BYTE = 4
"""How many it may hold beyond that for each of its bytes."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The columns of a file.

    Args:
        path: of the file.
        columns: by name, lists or arrays of the same length; those that were not wanted may be None.
        lines: the line of each row, in a file that has lines.
        typed: numbers are numbers in it; in a CSV everything is text.
    """

    path: Path
    columns: dict[str, Any]
    lines: Sequence[int] | None = None
    typed: bool = True

    def refuse(self, column: str, row: int, what: str) -> NoReturn:
        """Raise the error that names the file, the row and the column."""
        place = f"row {row + 1}" if self.lines is None else f"line {self.lines[row]}"
        raise DataError(f"{self.path}: {place}: column {column!r}: {what}")


def read_cells(path: Path, wanted: Collection[str]) -> Cells:
    """Read a file.

    Args:
        path: ``.csv``, ``.jsonl``, ``.ndjson``, ``.npz`` or ``.parquet``.
        wanted: columns; one that is missing is no error here.

    Raises:
        DataError: it cannot be read, or its rows are not all alike.
        MissingExtraError: it is Parquet, and pyarrow is not installed.
    """
    read = _FORMATS.get(path.suffix.lower())
    if read is None:
        raise DataError(f"{path}: got a file {path.suffix or 'without a suffix'}, expected {', '.join(_FORMATS)}")
    cells = read(path, wanted)
    first = next((one for name, one in cells.columns.items() if name in wanted), None)
    if first is not None and not len(first):
        raise DataError(f"{path}: holds no row, expected one for each prediction")
    return cells


def _csv(path: Path, wanted: Collection[str]) -> Cells:
    reader = csv.reader(StringIO(_text(path), newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num}: is not CSV: {error}") from error
    if not rows:
        raise DataError(f"{path}: is empty, expected a line with the names of the columns")
    header = [one.strip() for one in rows[0][1]]
    for index, name in enumerate(header):
        if name in header[:index]:
            raise DataError(f"{path}: line 1: two columns are called {name!r}")
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise DataError(f"{path}: line {line}: got {len(row)} cells, expected {len(header)}, as in the first line")
    columns = {name: [row[index].strip() for _, row in rows[1:]] for index, name in enumerate(header)}
    cells = Cells(path, columns, [line for line, _ in rows[1:]], typed=False)
    for name, column in columns.items():
        if name in wanted and "" in column:
            cells.refuse(name, column.index(""), "the cell is empty")
    return cells


def _json_lines(path: Path, wanted: Collection[str]) -> Cells:
    lines, rows = [], []
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: line {number}: is no JSON: {error}") from error
        if not isinstance(row, dict):
            raise DataError(f"{path}: line {number}: got {line[:40]!r}, expected a JSON object")
        lines.append(number)
        rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    for name in names:
        for number, row in zip(lines, rows, strict=True):
            if name in wanted and row.get(name) is None:
                raise DataError(f"{path}: line {number}: column {name!r}: it is missing here and given elsewhere")
    return Cells(path, {name: [row.get(name) for row in rows] for name in names}, lines)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _npz(path: Path, wanted: Collection[str]) -> Cells:
    arrays = load_arrays(path)
    lengths = {name: len(one) if one.ndim else -1 for name, one in arrays.items() if name in wanted}
    if len(set(lengths.values())) > 1 or -1 in lengths.values():
        told = ", ".join(f"{name} {arrays[name].shape}" for name in lengths)
        raise DataError(f"{path}: its arrays have the shapes {told}, expected one row for each prediction in all")
    return Cells(path, dict(arrays))


def _parquet(path: Path, wanted: Collection[str]) -> Cells:
    extra = "a4eval-frameworks[arrow]"
    arrow, parquet = require("pyarrow", extra), require("pyarrow.parquet", extra)
    try:
        with parquet.ParquetFile(path) as file:
            names = list(file.schema_arrow.names)
            chosen = [name for name in names if name in wanted]
            rows, size = file.metadata.num_rows, path.stat().st_size
            if rows * len(chosen) > max(CELLS_ALWAYS, CELLS_A_BYTE * size):
                raise DataError(f"{path}: {rows:,} rows in {size:,} bytes: no real table shrinks so far")
            table = file.read(chosen, use_threads=False)
            table.validate(full=True)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (arrow.ArrowException, ValueError, MemoryError) as error:
        raise DataError(f"{path}: is no Parquet file: {str(error).partition(chr(10))[0]}") from error
    columns = {name: table.column(name).to_pylist() for name in chosen}
    cells = Cells(path, {name: columns.get(name) for name in names})
    for name, column in columns.items():
        if None in column:
            cells.refuse(name, column.index(None), "the cell is empty")
    return cells


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no text in UTF-8: byte {error.start}") from error


_FORMATS: dict[str, Callable[[Path, Collection[str]], Cells]] = {
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".npz": _npz,
    ".parquet": _parquet,
}


def as_list(column: Any) -> list[Any]:
    """Return a column as Python's own values."""
    return list(column.tolist() if isinstance(column, np.ndarray) else column)
