"""Flat tables, CSV or Arrow's formats, as named columns."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError, require
from a4eval_ap_metric.readers.files import text, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_ARROW = {".parquet": "pyarrow.parquet", ".arrow": "pyarrow.feather", ".feather": "pyarrow.feather"}


def read_columns(path: Path, columns: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Read some columns of a table.

    Args:
        path: ``.csv`` with a header, ``.parquet``, ``.arrow`` or ``.feather`` (these need the extra ``arrow``).
        columns: name wanted here to name in the file.

    Returns:
        Arrays by the name wanted: int64, float64 or text.

    Raises:
        DataError: the file cannot be read, or a column is missing or has empty cells.
    """
    if path.suffix == ".csv":
        table = _csv(path)
    elif path.suffix in _ARROW:
        table = _arrow(path, list(columns.values()))
    else:
        raise DataError(f"{path}: expected .csv, {', '.join(_ARROW)}")
    for name in columns.values():
        if name not in table:
            raise DataError(f"{path}: there is no column {name!r}; it has {', '.join(table)}")
    return {wanted: _typed(table[name], f"{path}: column {name!r}") for wanted, name in columns.items()}


def _csv(path: Path) -> dict[str, Any]:
    try:
        rows = list(csv.reader(StringIO(text(path), newline="")))
    except csv.Error as error:
        raise DataError(f"{path}: is not CSV: {error}") from error
    if not rows:
        raise DataError(f"{path}: is empty, expected a header")
    header, body = rows[0], rows[1:]
    for number, row in enumerate(body, 2):
        if len(row) != len(header):
            raise DataError(f"{path}: line {number}: got {len(row)} cells, expected {len(header)}")
    return {name: [row[index] for row in body] for index, name in enumerate(header)}


def _arrow(path: Path, names: list[str]) -> dict[str, Any]:
    arrow = require("pyarrow", "a4eval-ap-metric[arrow]")
    module = require(_ARROW[path.suffix], "a4eval-ap-metric[arrow]")
    try:
        table = module.read_table(path)
    except OSError as error:
        raise unreadable(path, error) from error
    except arrow.ArrowInvalid as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    found = {name: table.column(name) for name in table.column_names}
    for name in names:
        if name in found and found[name].null_count:
            raise DataError(f"{path}: column {name!r} has {found[name].null_count} empty cells")
    return {name: column.to_numpy() if name in names else None for name, column in found.items()}


def _typed(values: Any, what: str) -> NDArray[Any]:
    if isinstance(values, np.ndarray):
        return values.astype(np.str_) if values.dtype == object else values
    if "" in values:
        raise DataError(f"{what}: the cell in row {values.index('') + 1} is empty")
    cells = np.array(values, np.str_)
    for kind in (np.int64, np.float64):
        try:
            return cells.astype(kind)
        except ValueError:
            continue
    return cells
