"""Flat tables, CSV or Arrow's formats, as named columns."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError
from a4eval_ap_metric.identifiers import as_ids
from a4eval_ap_metric.readers.arrow import check_unique, read_arrow
from a4eval_ap_metric.readers.files import is_number, suffix_of, text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_ARROW = (".parquet", ".arrow", ".feather")
_NUMERIC = {str, bool, int, float, Decimal}
"""What a cell may be that stands for a number; dates and lists are not."""


def read_columns(
    path: Path,
    columns: Mapping[str, str],
    *,
    ids: Collection[str],
    flags: Collection[str] = (),
    groups: Sequence[int] | None = None,
    first: int = 0,
) -> dict[str, NDArray[Any]]:
    """Read some columns of a table.

    Args:
        path: ``.csv`` with a header, ``.parquet``, ``.arrow`` or ``.feather`` (these need the extra ``arrow``).
        columns: name wanted here to name in the file.
        ids: which of the names wanted are ids: those of a CSV stay text, those of the other formats what they are.
        flags: which of them are 0 or 1, or true or false.
        groups: only these row groups of a ``.parquet``.
        first: how many rows stand before them, for messages.

    Returns:
        Arrays by the name wanted: ids as :func:`as_ids` gives them, the others float64.

    Raises:
        DataError: the file cannot be read, or a column is missing, has empty cells, or what is no number.
    """
    suffix = suffix_of(path)
    if suffix == ".csv":
        table = _csv(path, columns.values())
    elif suffix in _ARROW:
        table = read_arrow(path, list(columns.values()), parquet=suffix == ".parquet", groups=groups, first=first)
    else:
        raise DataError(f"{path}: got a file {path.suffix or 'without a suffix'}, expected .csv, {', '.join(_ARROW)}")
    for name in columns.values():
        if name not in table:
            raise DataError(f"{path}: there is no column {name!r}; it has {', '.join(table)}")
    found = {}
    for wanted, name in columns.items():
        what = f"{path}: column {name!r}"
        if wanted in ids:
            found[wanted] = as_ids(table[name], what)
        else:
            found[wanted] = (_flags if wanted in flags else _numbers)(table[name], what, first)
    return found


def column_names(path: Path) -> list[str]:
    """Return the names of a table's columns.

    Raises:
        DataError: the file cannot be read.
    """
    suffix = suffix_of(path)
    if suffix == ".csv":
        return [one.strip() for _, row in islice(_rows(path), 1) for one in row]
    return list(read_arrow(path, [], parquet=suffix == ".parquet"))


def _csv(path: Path, names: Collection[str]) -> dict[str, Any]:
    rows = list(_rows(path))
    if not rows:
        raise DataError(f"{path}: is empty, expected a header")
    header, body = [one.strip() for one in rows[0][1]], rows[1:]
    check_unique(path, header, names)
    for number, row in body:
        if len(row) != len(header):
            raise DataError(f"{path}: line {number}: got {len(row)} cells, expected {len(header)}")
    table = {name: [row[index].strip() for _, row in body if name in names] for index, name in enumerate(header)}
    for name, cells in table.items():
        if "" in cells:
            raise DataError(f"{path}: column {name!r}: the cell in row {cells.index('') + 1} is empty")
    return table


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file that are not blank, each with the number of its last line."""
    try:
        reader = csv.reader(StringIO(text(path), newline=""))
        yield from ((reader.line_num, row) for row in reader if any(one.strip() for one in row))
    except csv.Error as error:
        raise DataError(f"{path}: is not CSV: {error}") from error


def _flags(values: Any, what: str, first: int) -> NDArray[np.float64]:
    """Return a column of 0 and 1, or of true and false."""
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
        values = [{"true": "1", "false": "0"}.get(str(one).strip().lower(), one) for one in values]
    found = _numbers(values, what, first)
    odd = np.flatnonzero((found != 0) & (found != 1))
    if len(odd):
        raise DataError(f"{what}: row {first + odd[0] + 1}: got {found[odd[0]]:g}, expected 0 or 1")
    return found


def _numbers(values: Any, what: str, first: int) -> NDArray[np.float64]:
    """Return a column as float64."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return values.astype(np.float64)
    rows = list(values)
    written = "".join(one for one in rows if isinstance(one, str))
    try:
        if {*map(type, rows)} <= _NUMERIC and "_" not in written and written.isascii():
            return np.array(rows, np.float64)
    except (TypeError, ValueError):
        pass
    row = next(index for index, one in enumerate(rows) if type(one) not in _NUMERIC or not is_number(one))
    raise DataError(f"{what}: row {first + row + 1}: got {rows[row]!r}, expected a number")
