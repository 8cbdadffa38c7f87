"""Tables for people to read, on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from a4eval.runs.record import MetricRecord, Record, VerdictRecord

ROWS_SHOWN = 12
ROWS_IN_A_BOX = 1000
_STYLES = {"passed": "bold green", "undecided": "bold yellow", "failed": "bold red"}


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; numbers stand to the right."""
    rows = [list(row) for row in rows]
    numbers = [all(isinstance(row[at], (int, float, type(None))) for row in rows) for at in range(len(header))]
    cells = [[_cell(cell) for cell in row] for row in rows]
    if len(rows) > ROWS_IN_A_BOX:
        _print_long(header, cells, numbers)
        return
    table = Table()
    for name, right in zip(header, numbers, strict=True):
        table.add_column(name, justify="right" if right and rows else "left", overflow="fold")
    for line in cells:
        table.add_row(*map(Text, line))
    out = console()
    if title:
        out.print(Text(title, "bold"))
    out.print(table)


def _print_long(header: Sequence[str], cells: Sequence[Sequence[str]], numbers: Sequence[bool]) -> None:
    """Print a table as plain columns: a box around thousands of rows takes half a minute and is read by nobody."""
    lines = [[" ".join(cell.split()) for cell in line] for line in (header, *cells)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numbers, strict=True)
        ]
        print("  ".join(padded).rstrip())


def console() -> Console:
    """Return a console: as wide as the terminal, or wide enough for a file or a pipe."""
    found = Console()
    return found if found.is_terminal else Console(width=120)


def print_record(record: Record) -> None:
    """Print a run's metrics, and its tables where they are short."""
    task = record.config["task"]
    title = f"{record.experiment or (task if isinstance(task, str) else task['name'])} (seed {record.seed})"
    console().print(Text(title, "bold"))
    if description := record.config.get("description"):
        console().print(Text(description))
    if record.verdict is not None:
        print_verdict(record.verdict)
    if record.metrics:
        rows = [
            (name, metric.value, "" if metric.unit == "1" else metric.unit, _interval(metric))
            for name, metric in record.metrics.items()
        ]
        columns = ["metric", "value", "unit", "interval"]
        used = [index for index in range(4) if index < 2 or any(row[index] for row in rows)]
        print_table("", [columns[index] for index in used], [[row[index] for index in used] for row in rows])
    for name, table in record.tables.items():
        if not table:
            continue
        header = list(dict.fromkeys(column for row in table[:ROWS_SHOWN] for column in row))
        print_table(name, header, [[row.get(column) for column in header] for row in table[:ROWS_SHOWN]])
        if len(table) > ROWS_SHOWN:
            print(f"… {len(table) - ROWS_SHOWN} more rows in the record")


def print_verdict(verdict: VerdictRecord) -> None:
    """Print the verdict and its reasons."""
    out = console()
    out.print(Text(f"verdict: {verdict.outcome}", _STYLES[verdict.outcome]))
    for reason in verdict.reasons:
        out.print(Text(f"  {reason}"))


def _interval(metric: MetricRecord) -> str:
    found = metric.interval
    return f"{found.level:.0%} [{_cell(found.low)}, {_cell(found.high)}]" if found else ""


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)
