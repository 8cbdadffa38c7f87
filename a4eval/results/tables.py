"""Tables that fit the terminal: no word is broken, and a column that does not fit is left out and named."""

from __future__ import annotations

import os
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from a4eval.terminal import printable, put

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP = 2
"""Blanks between two columns."""
NARROWEST = 16
"""To how few characters a column of text may be folded."""
WIDTH_OF_A_FILE = 120


@dataclass(frozen=True, slots=True)
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

    @property
    def widest(self) -> int:
        """How wide it is unfolded."""
        return max((cell_len(line) for text in (self.name, *self.cells) for line in text.splitlines()), default=0)

    @property
    def narrowest(self) -> int:
        """How narrow it can be made without breaking a word."""
        if self.numeric:
            return self.widest
        longest = max((cell_len(word) for text in (self.name, *self.cells) for word in text.split()), default=0)
        return min(self.widest, max(longest, NARROWEST))


def console() -> Console:
    """Return a console: as wide as the terminal or ``COLUMNS`` says, or wide enough for a file or a pipe."""
    found = Console(highlight=False)
    sized = found.is_terminal or os.environ.get("COLUMNS", "").isdigit()
    return found if sized else Console(width=WIDTH_OF_A_FILE, highlight=False)


def fold(line: str, indent: str = "    ") -> str:
    """Return a line as lines that fit the terminal, the further ones indented; a file or a pipe gets it whole."""
    out = console()
    if out.width == WIDTH_OF_A_FILE and not out.is_terminal:
        return line
    lines = textwrap.wrap(
        line, out.width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
    return "\n".join(lines) or line


def print_table(
    title: str, header: Sequence[str], rows: Iterable[Sequence[Any]], *, whole: bool = False, lines: int | None = None
) -> int:
    """Print a table and return how many lines it took.

    Args:
        title: printed above it, if any.
        header: the names of the columns, the most telling first.
        rows: the cells; numbers stand to the right.
        whole: keep columns that do not fit, and fold nothing.
        lines: how many lines it may take; the rows beyond are counted.
    """
    out = console()
    columns = _columns(header, [list(row) for row in rows])
    kept = columns if whole else fitting(columns, out.width)
    widths = [one.widest for one in columns] if whole else _widths(kept, out.width)
    left_out = [one.name for one in columns if one not in kept]
    printed = [Text("  ".join(_aligned(one, one.name, width) for one, width in zip(kept, widths, strict=True)), "bold")]
    printed.append(Text("─" * min(sum(widths) + GAP * (len(widths) - 1), out.width if not whole else 10**6), "dim"))
    room = None if lines is None else lines - len(printed) - bool(title) - bool(left_out) - 1
    total = len(columns[0].cells) if columns else 0
    body: list[str] = []
    shown = 0
    for row in zip(*(one.cells for one in kept), strict=True):
        folded = _folded(kept, row, widths)
        if room is not None and len(folded) + len(body) > room + (shown + 1 == total):
            break
        body += (line.rstrip() for line in folded)
        shown += 1
    notes = []
    if title:
        printed.insert(0, Text(printable(title) + (f" ({shown} of {total} rows)" if shown < total else ""), "bold"))
    elif shown < total:
        notes.append(Text(f"… and {total - shown} more", "dim"))
    if left_out:
        notes.append(Text(printable(_named(left_out, out.width)), "dim"))
    _print(out, printed)
    if body:
        put("\n".join(body))  # at once: rich looks at the terminal anew for each text
    _print(out, notes)
    return len(printed) + len(body) + len(notes)


def _print(out: Console, lines: Iterable[Text]) -> None:
    for line in lines:
        line.rstrip()
        out.print(line, soft_wrap=True)


def fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """Return the columns that fit *width*, from the first on; the first always does.

    >>> [one.name for one in fitting([Column("a", ["1" * 9], True), Column("b", ["2" * 9], True)], 15)]
    ['a']
    """
    kept: list[Column] = []
    left = width + GAP
    for column in columns:
        if kept and column.narrowest + GAP > left:
            continue
        kept.append(column)
        left -= column.narrowest + GAP
    return kept


def cell(value: Any) -> str:
    """Return a value as a cell shows it.

    >>> [cell(one) for one in (0.12345678, 3, None, "rnn", 1e-300)]
    ['0.123457', '3', '', 'rnn', '1e-300']
    """
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else printable(str(value))


def _columns(header: Sequence[str], rows: list[list[Any]]) -> list[Column]:
    """Return the columns that say something: of those that are empty throughout nothing is shown."""
    columns = []
    for index, name in enumerate(header):
        values = [row[index] for row in rows]
        cells = [cell(value) for value in values]
        if rows and not any(cells) and len(header) > 1:
            continue
        numeric = bool(rows) and all(isinstance(value, (int, float, type(None))) for value in values)
        columns.append(Column(printable(name), cells, numeric))
    return columns


def _named(left_out: Sequence[str], width: int) -> str:
    """Name the columns that do not fit, as many as two lines take."""
    text, room = "columns that do not fit: ", 2 * width - 12
    for place, name in enumerate(left_out):
        if place and cell_len(text) + cell_len(name) > room:
            return f"{text.removesuffix(', ')} and {len(left_out) - place} more"
        text += f"{name}, "
    return text.removesuffix(", ")


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
    return [
        line
        for part in text.splitlines() or [""]
        for line in (textwrap.wrap(part, width, break_on_hyphens=False) if cell_len(part) > width else [part])
    ]


def _aligned(column: Column, text: str, width: int) -> str:
    blanks = " " * (width - cell_len(text))
    return blanks + text if column.numeric else text + blanks
