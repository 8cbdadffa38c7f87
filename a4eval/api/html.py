"""Tables for notebooks, as HTML that holds no script and nothing but text of a stranger's."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from a4eval.conversion import show
from a4eval.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST = 60
"""So many characters of a text are shown in a cell."""
_RIGHT = ' style="text-align: right"'


def text(value: Any) -> str:
    """Return a value as HTML shows it.

    >>> text("<b>"), text(0.123456789), text(None)
    ('&lt;b&gt;', '0.123457', '')
    """
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, dict)):
        value = show(value)
    shown = "" if value is None else printable(str(value))
    return escape(shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…")


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], *, total: int, caption: str = "") -> str:
    """Return a table; below it how many rows are not shown.

    Args:
        header: the names of the columns.
        rows: the cells of those that are shown.
        total: how many rows there are.
        caption: what stands above it.
    """
    head = "".join(f"<th>{text(name)}</th>" for name in header)
    lines = [f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows]
    above = f"<caption>{text(caption)}</caption>" if caption else ""
    below = f"<p>… and {total - len(lines):,} more</p>" if len(lines) < total else ""
    return f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>{below}"


def _cell(value: Any) -> str:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"<td{_RIGHT if number else ''}>{text(value)}</td>"


def folded(summary: str, body: str) -> str:
    """Return *body* behind a line that opens it."""
    return f"<details><summary>{text(summary)}</summary>{body}</details>"
