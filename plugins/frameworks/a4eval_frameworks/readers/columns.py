"""Columns of cells as arrays of one kind: numbers, labels or ids."""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_frameworks.readers.cells import as_list

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_frameworks.readers.cells import Cells

_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?")  # 007 is a name


def numbers(cells: Cells, name: str) -> NDArray[np.float64]:
    """Return a column of finite numbers, (r,), or (r, k) where each row holds as many.

    Raises:
        DataError: a cell is something else; the text names its row.
    """
    rows = as_list(cells.columns[name])
    width = len(rows[0]) if rows and isinstance(rows[0], list) else None
    for row, value in enumerate(rows):
        if isinstance(value, list) != (width is not None) or (width is not None and len(value) != width):
            cells.refuse(name, row, f"got {value!r}, expected {width or 'one'} number{'s' if width else ''} as before")
        for one in value if isinstance(value, list) else [value]:
            if _number(one) is None:
                cells.refuse(name, row, f"got {one!r}, expected a finite number")
    return np.array(rows, np.float64)


def labels(cells: Cells, name: str, *, text: bool = False) -> NDArray[Any]:
    """Return a column of labels or values: int64 where all are whole numbers, float64 where all are numbers, else text.

    Args:
        cells: of a file.
        name: of the column.
        text: take them as text whatever they look like.

    Raises:
        DataError: some are numbers and some are not.
    """
    rows = as_list(cells.columns[name])
    if text:
        return np.array([str(one) for one in rows], np.str_)
    if all(type(one) is bool for one in rows):
        return np.array(rows, np.int64)
    if all(type(one) is int or (isinstance(one, str) and not cells.typed and _WHOLE.fullmatch(one)) for one in rows):
        return np.array([int(one) for one in rows], np.int64)
    parsed = [None if cells.typed and isinstance(one, str) else _number(one) for one in rows]
    if all(one is not None for one in parsed):
        return np.array(parsed, np.float64)
    if not all(one is None and isinstance(given, str) for one, given in zip(parsed, rows, strict=True)):
        odd = _odd(parsed)
        cells.refuse(name, odd, f"got {rows[odd]!r} among numbers; if all of them are labels, give labels: text")
    return np.array(rows, np.str_)


def ids(cells: Cells, name: str) -> NDArray[Any]:
    """Return a column of ids: int64 where all are whole numbers, else text; what a CSV holds stays text.

    Raises:
        DataError: some are neither.
    """
    rows = as_list(cells.columns[name])
    for row, one in enumerate(rows):
        if type(one) not in (int, str) or type(one) is not type(rows[0]):
            cells.refuse(name, row, f"got {one!r}, expected a whole number or a text, as in the first row")
    return np.array(rows, np.str_ if rows and isinstance(rows[0], str) else np.int64)


def _odd(parsed: list[float | None]) -> int:
    """Return the first of what there is less of: of text among numbers, say."""
    none = [row for row, one in enumerate(parsed) if one is None]
    some = [row for row, one in enumerate(parsed) if one is not None]
    return (none if len(none) <= len(some) or not some else some)[0]


def _number(value: Any) -> float | None:
    """Return a cell as a finite number, None where it is none."""
    if isinstance(value, str):
        value = float(value) if _DECIMAL.fullmatch(value) else None
    if type(value) is bool:
        return float(value)
    return float(value) if isinstance(value, (int, float)) and isfinite(value) else None
