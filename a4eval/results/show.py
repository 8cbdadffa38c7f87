"""A record for people to read, on standard output: the verdict, the numbers, and the tables that fit."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from rich.text import Text

from a4eval.results.tables import cell, console, print_table
from a4eval.terminal import printable, put

if TYPE_CHECKING:
    from pathlib import Path

    from a4eval.runs.record import MetricRecord, Record, VerdictRecord

LINES = 38
"""How many lines a run takes, unless all is asked for; one more is the record's path."""
DESCRIPTION_LINES = 3
METRICS_SHOWN = 20
REASONS_SHOWN = 8
LEAST_ROWS = 3
"""Fewer rows of a table than this tell nothing."""
_STYLES = {"passed": "bold green", "undecided": "bold yellow", "failed": "bold red"}


def print_record(record: Record, path: Path | None = None, *, everything: bool = False) -> None:
    """Print what was asked, the verdict, the numbers with their intervals, and as many tables as fit.

    Args:
        record: the record.
        path: where it is, to say how to see the rest.
        everything: leave out nothing.
    """
    left = LINES - print_head(record)
    if record.verdict is not None:
        left -= print_verdict(record.verdict, everything=everything)
    if record.metrics:
        left -= print_metrics(record.metrics, everything=everything)
    hidden = []
    for name, table in record.tables.items():
        if not table:
            continue
        least = min(LEAST_ROWS, len(table)) + 4  # its title, the heading, a rule, what is not shown
        if not everything and left < least:
            hidden.append(f"{name} ({len(table)} rows)")
            continue
        header = list(dict.fromkeys(column for row in table for column in row))
        rows = [[row.get(column) for column in header] for row in table]
        left -= print_table(name, header, rows, whole=everything, lines=None if everything else left)
    if hidden:
        shown = f"`a4eval show {shlex.quote(str(path))}`" if path else "the record"
        put(f"more tables, in {shown}: {', '.join(hidden)}")


def print_head(record: Record) -> int:
    """Print what was run, in a line or two."""
    out = console()
    task = record.config["task"]
    name = record.experiment or (task if isinstance(task, str) else task["name"])
    out.print(Text(printable(f"{name} (seed {record.seed})"), "bold"))
    description = printable(str(record.config.get("description") or ""))
    lines = list(Text(description).wrap(out, out.width)) if description else []
    if len(lines) > DESCRIPTION_LINES:
        lines = lines[:DESCRIPTION_LINES]
        lines[-1].truncate(out.width - 2)
        lines[-1].append(" …")
    for line in lines:
        out.print(line)
    return 1 + len(lines)


def print_verdict(verdict: VerdictRecord, *, everything: bool = False) -> int:
    """Print the verdict and its reasons."""
    out = console()
    out.print(Text(f"verdict: {verdict.outcome}", _STYLES[verdict.outcome]))
    shown = verdict.reasons if everything else verdict.reasons[:REASONS_SHOWN]
    for reason in shown:
        out.print(Text(printable(f"  {reason}")))
    if len(shown) < len(verdict.reasons):
        out.print(f"  … and {len(verdict.reasons) - len(shown)} more")
    return 1 + len(shown)


def print_metrics(metrics: dict[str, MetricRecord], *, everything: bool = False) -> int:
    """Print the numbers with their units and intervals."""
    rows = [
        (name, metric.value, _interval(metric), "" if metric.unit == "1" else metric.unit)
        for name, metric in metrics.items()
    ]
    lines = None if everything else METRICS_SHOWN
    return print_table("", ["metric", "value", "interval", "unit"], rows, whole=everything, lines=lines)


def _interval(metric: MetricRecord) -> str:
    found = metric.interval
    return f"{found.level:.0%} [{cell(found.low)}, {cell(found.high)}]" if found else ""
