"""Flat tables, CSV or Arrow's formats, as named columns."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError
from a4eval_ap_metric.identifiers import as_ids
from a4eval_ap_metric.readers.arrow import check_unique, read_arrow
from a4eval_ap_metric.readers.files import is_number, suffix_of, text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_ARROW = (".parquet", ".arrow", ".feather")


def read_columns(
    path: Path, columns: Mapping[str, str], *, ids: Collection[str], groups: Sequence[int] | None = None
) -> dict[str, NDArray[Any]]:
    """Read some columns of a table.

    Args:
        path: ``.csv`` with a header, ``.parquet``, ``.arrow`` or ``.feather`` (these need the extra ``arrow``).
        columns: name wanted here to name in the file.
        ids: which of the names wanted are ids: those of a CSV stay text, those of the other formats what they are.
        groups: only these row groups of a ``.parquet``.

    Returns:
        Arrays by the name wanted: ids as :func:`as_ids` gives them, the others float64.

    Raises:
        DataError: the file cannot be read, or a column is missing, has empty cells, or what is no number.
    """
    suffix = suffix_of(path)
    if suffix == ".csv":
        table = _csv(path, columns.values())
    elif suffix in _ARROW:
        table = read_arrow(path, list(columns.values()), parquet=suffix == ".parquet", groups=groups)
    else:
        raise DataError(f"{path}: got a file {path.suffix or 'without a suffix'}, expected .csv, {', '.join(_ARROW)}")
    for name in columns.values():
        if name not in table:
            raise DataError(f"{path}: there is no column {name!r}; it has {', '.join(table)}")
    found = {}
    for wanted, name in columns.items():
        what = f"{path}: column {name!r}"
        found[wanted] = as_ids(table[name], what) if wanted in ids else _numbers(table[name], what)
    return found


def column_names(path: Path) -> list[str]:
    """Return the names of a table's columns.

    Raises:
        DataError: the file cannot be read.
    """
    suffix = suffix_of(path)
    return list(_csv(path, ()) if suffix == ".csv" else read_arrow(path, [], parquet=suffix == ".parquet"))


def _csv(path: Path, names: Collection[str]) -> dict[str, Any]:
    try:
        reader = csv.reader(StringIO(text(path), newline=""))
        rows = [(reader.line_num, row) for row in reader if any(one.strip() for one in row)]
    except csv.Error as error:
        raise DataError(f"{path}: is not CSV: {error}") from error
    if not rows:
        raise DataError(f"{path}: is empty, expected a header")
    header, body = [one.strip() for one in rows[0][1]], rows[1:]
    check_unique(path, header, names)
    for number, row in body:
        if len(row) != len(header):
            raise DataError(f"{path}: line {number}: got {len(row)} cells, expected {len(header)}")
    table = {name: [row[index] for _, row in body] for index, name in enumerate(header)}
    for name, cells in table.items():
        if name in names and "" in cells:
            raise DataError(f"{path}: column {name!r}: the cell in row {cells.index('') + 1} is empty")
    return table


def _numbers(values: Any, what: str) -> NDArray[np.float64]:
    """Return a column as float64."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return values.astype(np.float64)
    rows = list(values)
    try:
        if any("_" in str(one) for one in rows):  # Python reads 1_000 as a number
            raise ValueError
        return np.array(rows, np.float64)
    except (TypeError, ValueError):
        row = next(index for index, one in enumerate(rows) if not is_number(one))
        raise DataError(f"{what}: row {row + 1}: got {rows[row]!r}, expected a number") from None
