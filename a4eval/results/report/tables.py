"""Tables as HTML: numbers short to read, with all their digits beside them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from a4eval.drawing.values import aligned
from a4eval.markup import Markup, joined, tag
from a4eval.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LONG = 40
"""Characters beyond which a cell may be broken into lines."""
FEW = 12
"""Rows of a table that is unfolded from the start."""
SCREEN = 30
"""Rows of a table that is seen whole; a longer one scrolls within its box."""

MOST = 60_000
"""Cells of a table; of more rows than that makes, the first: some 2 MB, and a second to make."""
COLUMNS = 40
"""Columns of numbers that are aligned to the right; those beyond are not."""


def style_rules() -> str:
    """Return the rule of the style sheet that aligns numbers: a table says which columns, so that no cell has to."""
    right = ", ".join(f".n{place} td:nth-child({place})" for place in range(1, COLUMNS + 1))
    return f"{right} {{ text-align: right; }}"


def cell(value: Any) -> Markup:
    """Return a cell: a number as it is read, its digits in ``data-v`` where they say more.

    Args:
        value: what stands in it; what is markup stays so.

    >>> cell(0.123456789), cell(3), cell(3.0), cell("a<b"), cell(None)
    ('<td data-v=0.123456789>0.1235', '<td>3', '<td>3', '<td>a&lt;b', '<td>')
    """
    if isinstance(value, Markup):
        return tag("td", value)
    if isinstance(value, str) and value not in ("NaN", "Infinity", "-Infinity"):
        return tag("td", value, class_="t" if len(value) > LONG else None)
    shown = "" if value is None else aligned(value)
    more = isinstance(value, float) and math.isfinite(value) and shown != repr(value).removesuffix(".0")
    return tag("td", shown, data_v=repr(value) if more else None)


def grid(
    name: str, header: Sequence[str], rows: Iterable[Sequence[Any]], *, id_: str | None = None, ids: Sequence[str] = ()
) -> Markup:
    """Return a table that scrolls within its box.

    Args:
        name: what it is, for those who do not see it.
        header: the names of the columns.
        rows: their cells; what is markup stays so.
        id_: of the table, which makes it one that scripts sort and filter.
        ids: of the rows, if they have any.
    """
    listed = [list(row) for row in rows]
    numeric = [_numeric([row[place] for row in listed]) for place in range(len(header))]
    heads = [
        tag("th", one, scope="col", class_="n" if right else None) for one, right in zip(header, numeric, strict=True)
    ]
    lines = [
        tag(
            "tr",
            *map(cell, row),
            id=ids[place] if ids else None,
        )
        for place, row in enumerate(listed)
    ]
    table = tag(
        "table",
        tag("thead", tag("tr", *heads)),
        tag("tbody", joined(lines)),
        id=id_,
        class_=" ".join(f"n{place}" for place, right in enumerate(numeric, 1) if right) or None,
        data_rows=len(listed) if id_ else None,
        data_name=name if id_ else None,
        aria_label=name,
    )
    box = "box tall" if len(listed) > SCREEN else "box"
    return tag("div", table, class_=box, tabindex="0", role="group", aria_label=f"{name}, table")


def table(name: str, rows: Sequence[Mapping[str, Any]], id_: str) -> Markup:
    """Return a table of a record, folded unless it is short; of a very long one the first rows, which is said."""
    header = list(dict.fromkeys(column for row in rows for column in row))
    some = rows[: max(1, MOST // max(1, len(header)))]
    few = f"; the first {len(some):,} are shown, all are in the record" if len(some) < len(rows) else ""
    size = tag("span", f" {counted(len(rows), 'row')}, {counted(len(header), 'column')}{few}", class_="soft")
    content = grid(name, header, ([row.get(one) for one in header] for row in some), id_=id_)
    return tag("details", tag("summary", name, size), content, id=f"{id_}-whole", open=len(rows) <= FEW)


def table_ids(tables: Iterable[str], prefix: str = "") -> dict[str, str]:
    """Return the id in the page of each table of a record.

    Args:
        tables: their names.
        prefix: of the ids, where a page holds more than one record.
    """
    return {name: f"{prefix}t{place}" for place, name in enumerate(tables)}


def _numeric(values: Sequence[Any]) -> bool:
    numbers = (int, float, type(None))
    return bool(values) and all(isinstance(one, numbers) or one in ("NaN", "Infinity", "-Infinity") for one in values)
