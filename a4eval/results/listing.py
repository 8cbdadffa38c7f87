"""``a4eval ls``: records as a table, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from a4eval.journal import query
from a4eval.results.tables import print_table
from a4eval.runs.record import plain, schema
from a4eval.terminal import put, remark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def list_records(
    path: Path, conditions: Sequence[str], *, sort: str | None, columns: str | None, limit: int | None, form: str
) -> None:
    """Print the records under *path* that meet all *conditions*.

    Args:
        path: a record, a journal or a folder of them.
        conditions: such as ``metrics.accuracy>0.9``.
        sort: a key to order by, the best of a metric first; ``-key`` turns it round.
        columns: keys, with commas between; by default what differs, and the metrics.
        limit: how many rows at most.
        form: ``table``, ``json`` or ``csv``.

    Raises:
        DataError: there is no record.
        ConfigError: a condition cannot be read, or a key stands in no record.
    """
    found = query.read(path)
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
        writer.writerows([_text(cell) for cell in line] for line in cells)
        put(lines.getvalue(), end="")
    else:
        print_table("", [key.removeprefix("metrics.") for key in keys], cells)
        states = {state: sum(row.status == state for row in rows) for state in ("ok", "failed", "interrupted")}
        counted = ", ".join(f"{count:,} {state}" for state, count in states.items() if count) or "none"
        put(f"{len(shown):,} of {len(found.rows):,} runs shown; those that meet the conditions: {counted}")
    if found.changed:
        text = "more row(s) than runs: the data files of a run changed, so each state of them has its row"
        remark(f"a4eval: warning: {found.changed} {text}")
    for version in sorted(found.unknown):
        remark(f"a4eval: warning: there are records of {schema(version)}")
    if found.torn:
        remark(f"a4eval: warning: {found.torn} unreadable line(s) passed over")


def _text(cell: Any) -> Any:
    return json.dumps(plain(cell)) if isinstance(cell, (list, dict)) else plain(cell)
