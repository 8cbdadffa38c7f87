"""Tables for notebooks, as HTML that holds no script and nothing but text of a stranger's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval.conversion import show
from a4eval.markup import Markup, joined, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST = 60
"""So many characters of a text are shown in a cell."""


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], *, total: int) -> Markup:
    """Return a table; below it how many rows are not shown.

    Args:
        header: the names of the columns.
        rows: the cells of those that are shown.
        total: how many rows there are.
    """
    lines = [tag("tr", joined(map(_cell, row))) for row in rows]
    head = tag("thead", tag("tr", joined(tag("th", name) for name in header)))
    left_out = tag("p", f"… and {total - len(lines):,} more") if len(lines) < total else None
    return joined([tag("table", head, tag("tbody", joined(lines))), left_out])


def _cell(value: Any) -> Markup:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return tag("td", _shown(value), style="text-align: right" if number else None)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, dict)):
        return show(value)
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
