"""A sweep as one table: what was swept comes first; two keys and one number make a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.journal import query
from a4eval.results.tables import cell, print_table
from a4eval.terminal import put, put_styled, screen_width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from a4eval.journal.views import Row
    from a4eval.runs.record import Record

ROWS_SHOWN = 30
BEST_SHOWN = 10
GRID_ACROSS = 12
"""How many values a key may have to stand across."""
LINES_OF_A_RUN = 5
LINES_OF_ALL = 54
"""How many lines points of several experiments take with a table of each."""
ROWS_OF_A_TABLE = 10
"""A table of a point among others has no more."""


def print_sweep(
    rows: Iterator[Row],
    total: int,
    sort: str | None,
    swept: Sequence[str] = (),
    whole: Callable[[], Iterator[Record]] = lambda: iter(()),
) -> None:
    """Print the points that are ok.

    Up to ``ROWS_SHOWN`` points are all shown, in their order, or as a grid; of more, the best, if a metric tells it.
    Points of experiments that share no number are shown one after the other, each with its first table if it is short.

    Args:
        rows: the light records of the points that are ok, in their order.
        total: how many there are.
        sort: the metric that tells the best; by default the first that has a direction and differs.
        swept: keys that are shown although the points that are ok do not differ in them.
        whole: reads the same records with their tables.

    Raises:
        ConfigError: no record has the key *sort*.
    """
    if total > ROWS_SHOWN:
        _print_best(rows, total, sort)
        return
    shown = list(rows)
    if sort is not None:
        query.check_key(shown, sort.removeprefix("-"))
    if len({row.experiment for row in shown}) > 1 and not set.intersection(*(set(row.metrics) for row in shown)):
        _print_runs(shown, [_short_table(record) for record in whole()])
    elif not _print_grid(shown, sort):
        keys = query.columns(shown)
        keys = [*(key for key in swept if key not in keys), *keys]
        print_table("", [_name(key) for key in keys], [[_short(row.get(key)) for key in keys] for row in shown])


def _print_grid(rows: Sequence[Row], sort: str | None) -> bool:
    """Print two swept keys and one number as a grid, and say whether they are such."""
    keys = query.columns(rows)
    swept = [
        key for key in keys if not key.startswith("metrics.") and key not in ("started", "status", "verdict", "path")
    ]
    metrics = [key for key in keys if key.startswith("metrics.")]
    metric = f"metrics.{sort.removeprefix('-').removeprefix('metrics.')}" if sort else metrics[0] if metrics else ""
    if len(swept) != 2 or metric not in metrics or (len(metrics) > 1 and not sort):
        return False
    across, down = swept
    if len(_unique(rows, across)) < len(_unique(rows, down)) <= GRID_ACROSS:
        across, down = down, across
    values = {(cell(_short(row.get(across))), cell(_short(row.get(down)))): row.get(metric) for row in rows}
    tops = _unique(rows, across)
    if len(values) < len(rows) or len(tops) > GRID_ACROSS:
        return False
    lines = [[one, *(values.get((top, one)) for top in tops)] for one in _unique(rows, down)]
    print_table(f"{_name(metric)}, by {down} (down) and {across} (across)", [down, *tops], lines)
    return True


def _unique(rows: Sequence[Row], key: str) -> list[str]:
    return list(dict.fromkeys(cell(_short(row.get(key))) for row in rows))


def _short(value: Any) -> Any:
    """Return a long text without its middle, so that its column does not take the place of all others."""
    room = screen_width() // 2
    if not isinstance(value, str) or len(value) <= room:
        return value
    return f"{value[: (room - 1) // 2]}…{value[-(room // 2) :]}"


def _short_table(record: Record) -> list[dict[str, Any]]:
    """Return the first table of a record, if it is short."""
    first = next(iter(record.tables.values()), [])
    return first if len(first) <= ROWS_OF_A_TABLE else []


def _print_runs(rows: Sequence[Row], tables: Sequence[list[dict[str, Any]]]) -> None:
    """Print the numbers of each run in a few lines, and the tables that have room, the longer ones first."""
    numbers = [_numbers(row, screen_width()) for row in rows]
    room = LINES_OF_ALL - sum(1 + len(lines) for lines in numbers)
    shown = set()
    for place, table in sorted(enumerate(tables), key=lambda one: -len(one[1])):
        if table and len(table) < room:
            shown.add(place)
            room -= 1 + len(table)
    for place, row in enumerate(rows):
        put_styled(row.title or "", "bold")
        put("\n".join(numbers[place]))
        if place in shown:
            header = list(dict.fromkeys(column for line in tables[place] for column in line))
            print_table("", header, [[line.get(column) for column in header] for line in tables[place]], brief=True)


def _numbers(row: Row, width: int) -> list[str]:
    """Return the numbers of one run as lines."""
    lines = [""]
    for name in row.metrics:
        number = f"{name} = {cell(row.get(f'metrics.{name}'))}"
        if lines[-1] and len(lines[-1]) + len(number) + 4 > width:
            lines.append("")
        lines[-1] += f"  {number}"
    return [*lines[:LINES_OF_A_RUN], *(["  …"] if len(lines) > LINES_OF_A_RUN else [])]


def _print_best(rows: Iterator[Row], total: int, sort: str | None) -> None:
    best: list[Row] = []
    for row in rows:
        best.append(row)
        if len(best) > 100 * BEST_SHOWN:  # so that a long sweep takes no more memory than a short one
            sort = sort or query.telling(best)
            best = (query.order(best, sort) if sort else best)[:BEST_SHOWN]
    sort = sort or query.telling(best)
    if sort:
        query.check_key(best, sort.removeprefix("-"))
        best = query.order(best, sort)
    best = best[:BEST_SHOWN]
    title = f"best by {sort}" if sort else f"the first {len(best)} of {total:,}, of which no metric tells the best"
    keys = query.columns(best)
    by = [key for key in keys if sort and key == f"metrics.{sort.removeprefix('-')}"]
    keys = [*(key for key in keys if not key.startswith("metrics.")), *by, *_rest(keys, by)]
    print_table(title, [_name(key) for key in keys], [[_short(row.get(key)) for key in keys] for row in best])


def _rest(keys: Sequence[str], first: Sequence[str]) -> list[str]:
    return [key for key in keys if key.startswith("metrics.") and key not in first]


def _name(key: str) -> str:
    return key.removeprefix("metrics.")
