"""A record for people to read, on standard output: the verdict, the numbers, and the tables that fit."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from a4eval.contracts import BY_WEIGHT
from a4eval.results.about import about
from a4eval.results.curves import FEW, print_curves
from a4eval.results.tables import cell, naming, print_table, print_text, wrapped
from a4eval.terminal import put, put_styled, screen_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from a4eval.runs.record import MetricRecord, Record, VerdictRecord

LINES = 36
"""How many lines a run takes, unless all is asked for; four more name tables, pictures and the record's path."""
DESCRIPTION_LINES = 3
METRICS_SHOWN = 20
"""Lines of metrics at most, and as few as the next beside a long verdict."""
LEAST_METRICS = 8
REASONS_SHOWN = 8
LEAST_ROWS = 3
"""Fewer rows of a table than this tell nothing."""
_PICTURES = (".svg", ".png", ".jpg", ".webp")
_STYLES = {"passed": "green", "undecided": "yellow", "failed": "red"}


def print_record(record: Record, path: Path, *, everything: bool = False) -> None:
    """Print what was asked, the verdict, the numbers with their intervals, and as many tables as fit.

    Args:
        record: the record.
        path: by which it is asked for, to say how to see the rest.
        everything: leave out nothing.
    """
    left = LINES - print_head(record)
    if record.verdict is not None:
        left -= print_verdict(record.verdict, everything=everything)
    if record.metrics:
        left -= print_metrics(record.metrics, everything=everything, lines=max(min(left, METRICS_SHOWN), LEAST_METRICS))
    hidden = []
    for name, table in record.tables.items():
        if not table:
            continue
        if not everything and len(table) > FEW and (drawn := print_curves(name, record.charts, table, left)):
            left -= drawn
            hidden.append(name)
            continue
        least = min(LEAST_ROWS, len(table)) + 4  # its title, the heading, a rule, what is not shown
        if not everything and left < least:
            hidden.append(name)
            continue
        header = list(dict.fromkeys(column for row in table for column in row))
        rows = [[row.get(column) for column in header] for row in _worst_first(table)]
        taken = print_table(name, header, rows, whole=everything, lines=None if everything else left)
        if taken < len(table):
            hidden.append(name)
        left -= taken
    if hidden:
        advice = f"whole tables, with `a4eval show {shlex.quote(str(path))} --table NAME`:"
        put("\n".join(naming(advice, hidden, screen_width())))
    if pictures := _pictures(record):
        put("\n".join(naming(f"pictures in {path}:", pictures, screen_width(), lines=1)))


def _worst_first(table: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return rows that have a verdict with those first that did not pass; others as they are."""
    order: dict[str, int] = {outcome: -weight for weight, outcome in enumerate(BY_WEIGHT)}
    return sorted(table, key=lambda row: order.get(str(row.get("verdict")), 1))


def _pictures(record: Record) -> list[str]:
    """Return the pictures among the artifacts, one form of each."""
    found = {one.path.rpartition(".")[0]: one.path for one in record.artifacts if one.path.endswith(_PICTURES)}
    return list(found.values())


def print_head(record: Record) -> int:
    """Print what was run, in a line or two."""
    put_styled(_title(record), "bold")
    lines = wrapped(about(str(record.config.get("description") or "")), screen_width())
    if len(lines) > DESCRIPTION_LINES:
        last = wrapped(lines[DESCRIPTION_LINES - 1], screen_width() - 2)[0]
        lines = [*lines[: DESCRIPTION_LINES - 1], f"{last} …"]
    for line in lines:
        put(line)
    return 1 + len(lines)


def _title(record: Record) -> str:
    if record.app is not None:
        return " ".join([record.experiment or "", *record.overrides])
    task = record.config["task"]
    return f"{record.experiment or (task if isinstance(task, str) else task['name'])} (seed {record.seed})"


def print_verdict(verdict: VerdictRecord, *, everything: bool = False) -> int:
    """Print the verdict and its reasons."""
    put_styled(f"verdict: {verdict.outcome}", _STYLES[verdict.outcome])
    shown = verdict.reasons if everything else verdict.reasons[:REASONS_SHOWN]
    taken = 1
    for reason in shown:
        taken += print_text(reason, indent=2)
    if len(shown) < len(verdict.reasons):
        taken += print_text(f"… and {len(verdict.reasons) - len(shown)} more", indent=2)
    return taken


def print_metrics(metrics: dict[str, MetricRecord], *, everything: bool = False, lines: int = METRICS_SHOWN) -> int:
    """Print the numbers with their units and intervals, in so many lines unless all are asked for."""
    rows = [
        (name, metric.value, _interval(metric), "" if metric.unit == "1" else metric.unit)
        for name, metric in metrics.items()
    ]
    room = None if everything else lines
    return print_table("", ["metric", "value", "interval", "unit"], rows, whole=everything, lines=room)


def _interval(metric: MetricRecord) -> str:
    found = metric.interval
    return f"{found.level:.0%} [{cell(found.low)}, {cell(found.high)}]" if found else ""
