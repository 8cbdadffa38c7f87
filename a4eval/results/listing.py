"""``a4eval ls``: records as a table, JSON or CSV."""

from __future__ import annotations

import io
import json
import shlex
from typing import TYPE_CHECKING, Any

from a4eval.journal import query
from a4eval.plurals import counted
from a4eval.results.record_table import Line, print_records
from a4eval.results.tables import print_table, print_text
from a4eval.runs.record import plain, schema
from a4eval.spreadsheet import write_rows
from a4eval.terminal import put, remark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from a4eval.journal.views import Row


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
    keys = columns.split(",") if columns else _facts_first(query.columns(rows))
    for key in keys if columns else ():
        query.check_key(found.rows, key)
    shown = rows if limit is None else rows[:limit]
    cells = [row.cells(keys) for row in shown] if form != "table" else []
    if form == "json":
        put(json.dumps([plain(dict(zip(keys, line, strict=True))) for line in cells], indent=2, allow_nan=False))
    elif form == "csv":
        lines = io.StringIO()
        write_rows(lines, [keys, *(map(_text, line) for line in cells)])
        put(lines.getvalue(), end="")
    elif columns:
        cells = [Line(None, row).cells(keys) for row in shown]
        print_table("", [key.removeprefix("metrics.") for key in keys], cells, empty=True)
        _print_counts(rows, len(shown), found, conditions)
    else:
        runs = dict.fromkeys(row.run_id for row in found.rows) if len(paths) == 1 else ()
        numbers = {run_id: number for number, run_id in enumerate(runs, 1)}
        asked = [*([sort.removeprefix("-")] if sort else []), *map(query.key_of, conditions)]
        print_records([Line(numbers.get(row.run_id), row) for row in shown], list(dict.fromkeys(asked)))
        _print_counts(rows, len(shown), found, conditions)
        if shown and len(runs) > 1:
            print_text(f"`a4eval show {shlex.quote(str(paths[0]))}/#{numbers[shown[0].run_id]}` shows the first")
    if form == "table" and not rows:
        remark(f"a4eval: warning: no record meets {' and '.join(conditions)}")
    _print_doubts(found)


def _print_doubts(found: query.Found) -> None:
    """Say what is to be known of the records."""
    if found.changed:
        text = "more than there are runs: the data files of a run changed, so each state of them has its row"
        remark(f"a4eval: warning: {counted(found.changed, 'row')} {text}")
    for version in sorted(found.unknown):
        remark(f"a4eval: warning: there are records of {schema(version)}")
    if found.torn:
        remark(f"a4eval: warning: {counted(found.torn, 'unreadable line')} passed over")


def _facts_first(keys: Sequence[str]) -> list[str]:
    """Return the keys after what is always told of a record."""
    facts = ["experiment", "verdict", "started", "path"]
    return [*facts, *(key for key in keys if key not in facts)]


def _print_counts(rows: Sequence[Row], shown: int, found: query.Found, conditions: Sequence[str]) -> None:
    """Print how many there are, and what came of them."""
    states = {state: sum(row.status == state for row in rows) for state in ("ok", "failed", "interrupted")}
    came = ", ".join(f"{count:,} {state}" for state, count in states.items() if count)
    runs = f"{shown:,} of {counted(len(rows), 'run')}" if shown < len(rows) else counted(shown, "run")
    met = f"; {len(rows):,} of {len(found.rows):,} meet the conditions" if conditions else ""
    older = f"; {counted(found.older, 'older record')} of the same run not listed" if found.older else ""
    put(f"{runs}{': ' * bool(came)}{came}{met}{older}")


def _text(value: Any) -> Any:
    return json.dumps(plain(value)) if isinstance(value, (list, dict)) else plain(value)
