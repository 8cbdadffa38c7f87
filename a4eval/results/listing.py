"""``a4eval ls``: records as a table, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from a4eval.journal import query
from a4eval.results.tables import cell, print_table
from a4eval.runs.record import plain, schema
from a4eval.terminal import put, remark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from a4eval.journal.views import Row

METRICS_TOLD = 2
"""How many numbers of a record are told where records share none."""


def list_records(
    paths: Sequence[Path],
    conditions: Sequence[str],
    *,
    sort: str | None,
    columns: str | None,
    limit: int | None,
    form: str,
) -> None:
    """Print the records under *paths* that meet all *conditions*.

    Args:
        paths: each a record, a journal or a folder of them.
        conditions: such as ``metrics.accuracy>0.9``.
        sort: a key to order by, the best of a metric first; ``-key`` turns it round.
        columns: keys, with commas between; by default what differs, and the metrics.
        limit: how many rows at most.
        form: ``table``, ``json`` or ``csv``.

    Raises:
        DataError: there is no record.
        ConfigError: a condition cannot be read, or a key stands in no record.
    """
    found = query.read(*paths)
    rows = query.keep(found.rows, conditions)
    if sort is not None:
        query.check_key(found.rows, sort.removeprefix("-"))
        rows = query.order(rows, sort)
    keys = columns.split(",") if columns else query.columns(rows)
    for key in keys if columns else ():
        query.check_key(found.rows, key)
    shown = rows if limit is None else rows[:limit]
    cells = [row.cells(keys) for row in shown]
    if form == "json":
        put(json.dumps([plain(dict(zip(keys, line, strict=True))) for line in cells], indent=2, allow_nan=False))
    elif form == "csv":
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(keys)
        writer.writerows(map(_text, line) for line in cells)
        put(lines.getvalue(), end="")
    else:
        if not columns and _is_mixed(rows):
            keys, cells = _told(keys, shown)
        print_table("", [key.removeprefix("metrics.") for key in keys], cells)
        states = {state: sum(row.status == state for row in rows) for state in ("ok", "failed", "interrupted")}
        counted = ", ".join(f"{count:,} {state}" for state, count in states.items() if count) or "none"
        put(f"{len(shown):,} of {len(found.rows):,} runs shown; those that meet the conditions: {counted}")
        if not rows:
            remark(f"a4eval: warning: no record meets {' and '.join(conditions)}")
    if found.changed:
        text = "more row(s) than runs: the data files of a run changed, so each state of them has its row"
        remark(f"a4eval: warning: {found.changed} {text}")
    for version in sorted(found.unknown):
        remark(f"a4eval: warning: there are records of {schema(version)}")
    if found.torn:
        remark(f"a4eval: warning: {found.torn} unreadable line(s) passed over")


def _is_mixed(rows: Sequence[Row]) -> bool:
    """Say whether there are several experiments that share no metric."""
    return len({row.experiment for row in rows}) > 1 and not set.intersection(*(set(row.metrics) for row in rows))


def _told(keys: Sequence[str], rows: Sequence[Row]) -> tuple[list[str], list[list[Any]]]:
    """Return the columns and cells of records of which each has its own numbers: these stand in one column."""
    kept = [key for key in keys if not key.startswith("metrics.") and key != "path"]
    first = ["experiment", *(key for key in kept if key != "experiment" and _is_telling(key, rows))]
    where = ["path"] if "path" in keys else []
    return [*first, "metrics", *where], [[*row.cells(first), _first_metrics(row), *row.cells(where)] for row in rows]


def _is_telling(key: str, rows: Sequence[Row]) -> bool:
    """Say whether at least half of *rows* have the key."""
    return 2 * sum(row.get(key) is not None for row in rows) >= len(rows)


def _first_metrics(row: Row) -> str:
    told = [f"{name}={cell(row.get(f'metrics.{name}'))}" for name in list(row.metrics)[:METRICS_TOLD]]
    return " ".join([*told, "…"] if len(told) < len(row.metrics) else told)


def _text(value: Any) -> Any:
    return json.dumps(plain(value)) if isinstance(value, (list, dict)) else plain(value)
