"""CSV that someone opens in a spreadsheet: a text out of a record or a config is no formula there.

So OWASP's advice on "CSV injection": a quotation mark before what a spreadsheet would begin to calculate with.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable

_BEGINS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def write_rows(file: TextIO, rows: Iterable[Iterable[Any]]) -> None:
    """Write rows as CSV, without formulas."""
    plain = csv.writer(file, lineterminator="\n")
    quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)  # the plain one lets a \r end a row
    for row in rows:
        cells = [as_text(cell) for cell in row]
        writer = quoted if any(isinstance(cell, str) and "\r" in cell for cell in cells) else plain
        writer.writerow(cells)


def as_text(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; a number stays one, also one that is written as text.

    >>> [as_text(cell) for cell in ("=1+1", "-0.5", -0.5, "a=1", "@SUM(A1)")]
    ["'=1+1", '-0.5', -0.5, 'a=1', "'@SUM(A1)"]
    """
    if not isinstance(cell, str) or not cell.startswith(_BEGINS_A_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell if cell[0] in "+-" else f"'{cell}"
