"""Tables that fit the terminal: no word is broken, and a column that does not fit is left out and named."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from a4eval.terminal import columns_taken, printable, put, put_styled, screen_width

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

GAP = 2
"""Blanks between two columns."""
NARROWEST = 16
"""To how few characters a column of text may be folded."""
UNDER = 4
"""How far a text below a row is set in."""
NAMING_LINES = 2
NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
"""How Python writes numbers that JSON cannot hold, and how a record does."""


@dataclass(frozen=True)
class Column:
    """One column as it may be printed.

    Args:
        name: its heading.
        cells: its cells as text.
        numeric: it stands to the right and is never folded.
    """

    name: str
    cells: list[str]
    numeric: bool

    @cached_property
    def widest(self) -> int:
        """How wide it is unfolded."""
        return self._longest(str.splitlines)

    @cached_property
    def narrowest(self) -> int:
        """How narrow it can be made without breaking a word."""
        if self.numeric:
            return self.widest
        return min(self.widest, max(self._longest(str.split), NARROWEST))

    def _longest(self, apart: Callable[[str], list[str]]) -> int:
        parts = {part for text in {self.name, *self.cells} for part in apart(_tied(text))}
        return max(map(columns_taken, parts), default=0)


def print_table(
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    whole: bool = False,
    lines: int | None = None,
    always: Collection[str] = (),
    under: Sequence[str] = (),
    brief: bool = False,
    empty: bool = False,
) -> int:
    """Print a table and return how many lines it took.

    Args:
        title: printed above it, if any.
        header: the names of the columns, the most telling first.
        rows: the cells; numbers stand to the right.
        whole: keep columns that do not fit, and fold nothing.
        lines: how many lines it may take; the rows beyond are counted, and where not one fits nothing is printed.
        always: the names of columns that are kept before all others, wherever they stand.
        under: a text for each row, told below it.
        brief: draw no line below the heading, and do not name what is left out.
        empty: show columns, too, that are empty throughout, as those that were asked for.
    """
    columns = columns_of(header, [list(row) for row in rows], empty=empty)
    return print_columns(title, columns, whole=whole, lines=lines, always=always, under=under, brief=brief)


def print_columns(
    title: str,
    columns: Sequence[Column],
    *,
    whole: bool = False,
    lines: int | None = None,
    always: Collection[str] = (),
    over: Sequence[str] = (),
    under: Sequence[str] = (),
    brief: bool = False,
) -> int:
    """Print a table of such columns, as :func:`print_table` does one of rows; *over* is a text above each row."""
    room_across = screen_width()
    kept = columns if whole else fitting(columns, room_across, always)
    widths = [one.widest for one in columns] if whole else _widths(kept, room_across)
    left_out = [one.name for one in columns if one not in kept]
    named = naming("columns that do not fit:", left_out, room_across) if left_out and not brief else []
    heading = "  ".join(_aligned(one, one.name, wide) for one, wide in zip(kept, widths, strict=True))
    printed = [(heading.rstrip(), "bold")]
    if not brief:
        printed.append(("─" * min(sum(widths) + GAP * (len(widths) - 1), 10**6 if whole else room_across), "dim"))
    room = None if lines is None else lines - len(printed) - bool(title) - len(named) - 1
    total = len(columns[0].cells) if columns else 0
    body: list[str] = []
    shown = 0
    for place, row in enumerate(zip(*(one.cells for one in kept), strict=True)):
        folded = [
            *(wrapped(over[place], room_across) if over else []),
            *_folded(kept, row, widths),
            *(wrapped(under[place], room_across, UNDER) if under else []),
        ]
        if room is not None and len(folded) + len(body) > room + (shown + 1 == total):
            break
        body += (line.rstrip() for line in folded)
        shown += 1
    if lines is not None and total and not shown:
        return 0  # a heading alone tells nothing
    notes: list[str] = []
    if title:
        counted = f"{title} ({shown} of {total} rows)" if shown < total else title
        printed[:0] = [(line, "bold") for line in wrapped(counted, room_across)]
    elif shown < total:
        notes.append(f"… and {total - shown} more")
    notes += named
    for line, style in printed:
        put_styled(line, style)
    if body:
        put("\n".join(body))
    for line in notes:
        put_styled(line, "dim")
    return len(printed) + len(body) + len(notes)


def fitting(columns: Sequence[Column], width: int, always: Collection[str] = ()) -> list[Column]:
    """Return the columns that fit *width*: those named in *always*, the first, and others from the first on.

    >>> columns = [Column(name, ["1" * 9], True) for name in "abc"]
    >>> [one.name for one in fitting(columns, 15)], [one.name for one in fitting(columns, 20, ["c"])]
    (['a'], ['a', 'c'])
    """
    kept = [column for place, column in enumerate(columns) if column.name in always or (not place and not always)]
    left = width + GAP - sum(column.narrowest + GAP for column in kept)
    for column in columns:
        if column not in kept and column.narrowest + GAP <= left:
            kept.append(column)
            left -= column.narrowest + GAP
    return [column for column in columns if column in kept]


_KEPT_TOGETHER = re.compile(r"(?<=\d) (?=(?:ms|s|min|h|kB|MB|GB)\b)|(?<=[\w.],) (?=[-+]?[\w.+-]+\])")
"""The blank between a number and its unit, and within an interval."""
_TIE = "\ue000"
"""Stands for it while a text is taken apart: no blank, as wide as one, and in no text that is printable."""


def _tied(text: str) -> str:
    return _KEPT_TOGETHER.sub(_TIE, text)


def _untied(lines: list[str]) -> list[str]:
    return [line.replace(_TIE, " ") for line in lines]


def wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    """Return a text as lines that fit: broken between words alone, so that a path can be copied.

    >>> wrapped("a long/path/to/copy here", 12, indent=2)
    ['  a', '  long/path/to/copy', '  here']
    >>> wrapped("3 ok, 1 min 5 s", 13)
    ['3 ok, 1 min', '5 s']
    >>> wrapped("from [-0.2, +0.1] to [1, Infinity]", 18)
    ['from [-0.2, +0.1]', 'to [1, Infinity]']
    """
    blanks = " " * indent
    lines = textwrap.wrap(
        _tied(printable(text)),
        max(width, indent + 1),
        initial_indent=blanks,
        subsequent_indent=blanks,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return _untied(lines)


def print_text(text: str, indent: int = 0) -> int:
    """Print a text as lines that fit, and return how many."""
    lines = [line for part in text.splitlines() for line in wrapped(part, screen_width(), indent) or [""]]
    put("\n".join(lines))
    return len(lines)


def print_prose(text: str) -> None:
    """Print paragraphs as lines that fit; one that is set in, or a list, keeps its lines apart."""
    for paragraph in text.split("\n\n"):
        loose = any(line.startswith((" ", "- ", "* ", ">>>")) for line in paragraph.splitlines())
        print_text(paragraph if loose else " ".join(paragraph.split()))
        put()


def cell(value: Any) -> str:
    """Return a value as a cell shows it: numbers as a record names them, nodes of a config as they are typed.

    >>> [cell(one) for one in (0.12345678, 3, None, "rnn", 1e-300, float("inf"))]
    ['0.123457', '3', '', 'rnn', '1e-300', 'Infinity']
    >>> cell({"name": "gru"}), cell({"name": "lstm", "forget_bias": 1.0, "peephole": None, "axes": [0, True]})
    ('gru', '{name: lstm, forget_bias: 1, peephole: null, axes: [0, true]}')
    """
    if isinstance(value, float):
        text = f"{value:.6g}"
        return NOT_FINITE.get(text, text)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (dict, list)):
        return _typed(value)
    return "" if value is None else printable(str(value))


def _typed(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{printable(str(key))}: {_typed(one)}" for key, one in value.items())
        return _typed(value["name"]) if set(value) == {"name"} else f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_typed, value))}]"
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else cell(value)


def columns_of(header: Sequence[str], rows: list[list[Any]], *, empty: bool = False) -> list[Column]:
    """Return the columns that say something, and with *empty* those that are empty throughout."""
    columns = []
    for index, name in enumerate(header):
        values = [row[index] for row in rows]
        cells = [cell(value) for value in values]
        if rows and not any(cells) and len(header) > 1 and not empty:
            continue
        numeric = bool(rows) and all(
            isinstance(value, (int, float, type(None))) or value in NOT_FINITE.values() for value in values
        )
        columns.append(Column(printable(name), cells, numeric))
    return columns


def naming(what: str, names: Sequence[str], width: int, lines: int = NAMING_LINES) -> list[str]:
    """Name as many of *names* as two lines take, and count the others.

    >>> naming("not shown:", ["some", "of", "these few"], 28, lines=1)
    ['not shown: some and 2 more']
    """
    for named in range(len(names), 0, -1):
        more = f" and {len(names) - named} more" if named < len(names) else ""
        found = wrapped(f"{what} {', '.join(names[:named])}{more}", width)
        if len(found) <= lines:
            break
    return found


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """Return how wide each column is printed: unfolded, as far as there is room, from the first on."""
    spare = width - sum(one.narrowest for one in columns) - GAP * (len(columns) - 1)
    widths = []
    for column in columns:
        extra = min(column.widest - column.narrowest, max(spare, 0))
        spare -= extra
        widths.append(column.narrowest + extra)
    return widths


def _folded(columns: Sequence[Column], row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return the lines of one row."""
    cells = [_lines(text, width) for text, width in zip(row, widths, strict=True)]
    height = max(map(len, cells), default=0)
    return [
        (" " * GAP).join(
            _aligned(column, lines[place] if place < len(lines) else "", width)
            for column, lines, width in zip(columns, cells, widths, strict=True)
        )
        for place in range(height)
    ]


def _lines(text: str, width: int) -> list[str]:
    if len(text) <= width and text.isascii() and text.isprintable():
        return [text]
    parts = text.splitlines() or [""]
    folded = (
        textwrap.wrap(_tied(one), width, break_on_hyphens=False) if columns_taken(one) > width else [one]
        for one in parts
    )
    return _untied([line for lines in folded for line in lines])


def _aligned(column: Column, text: str, width: int) -> str:
    blanks = " " * (width - columns_taken(text))
    return blanks + text if column.numeric else text + blanks
