"""Curves as a line of blocks each: what a chart of lines shows, where its table has more rows than there is room."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from a4eval.charts import checked, unescaped
from a4eval.results.tables import GAP, cell, wrapped
from a4eval.terminal import columns_taken, printable, put, put_styled, screen_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LEVELS = "▁▂▃▄▅▆▇█"
FEW = 12
"""Rows that are told one by one."""
SERIES_SHOWN = 5
WIDEST = 60
_LONGEST_NAME = 24


class Curves(NamedTuple):
    """What a chart shows as lines.

    Args:
        title: what is seen, and over what.
        series: name to values in the order of x; None where there is none.
        logarithmic: equal steps are equal factors.
    """

    title: str
    series: dict[str, list[float | None]]
    logarithmic: bool


def print_curves(name: str, charts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], lines: int) -> int:
    """Print the curves of a table, if a chart draws it as lines, and return how many lines that took; 0 if none does.

    Args:
        name: of the table.
        charts: of its record.
        rows: of the table.
        lines: how many it may take; with fewer it is left out.
    """
    columns = list(dict.fromkeys(column for row in rows for column in row))
    printed = 0
    for chart in charts.values():
        if not isinstance(chart, dict) or chart.get("data") != {"name": name}:
            continue  # of another table
        try:
            found = _curves(checked(chart, {name: columns}), rows)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue  # a stranger's: `a4eval report` says what is wrong with it
        if found is None:
            continue
        text = list(_told(found, screen_width()))
        heading = wrapped(found.title, screen_width())
        if printed + len(heading) + len(text) <= lines:
            put_styled("\n".join(heading), "bold")
            put("\n".join(text))
            printed += len(heading) + len(text)
    return printed


def _curves(chart: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Curves | None:
    drawn = chart
    if "layer" in chart:
        drawn = next((one for one in chart["layer"] if _mark(one) in {"line", "area"}), {})
    encoding = {**chart.get("encoding", {}), **drawn.get("encoding", {})}
    if _mark(drawn) not in {"line", "area"} or not {"x", "y"} <= set(encoding):
        return None
    x, y = (unescaped(encoding[axis]["field"]) for axis in "xy")
    folded: list[str] | None = None
    for one in [*chart.get("transform", ()), *drawn.get("transform", ())]:
        if "fold" in one and one["as"][1] == y:
            folded = [unescaped(column) for column in one["fold"]]
        elif set(one) == {"filter"} and set(one["filter"]) == {"field", "equal"}:
            rows = [row for row in rows if row.get(unescaped(one["filter"]["field"])) == one["filter"]["equal"]]
        else:
            return None
    rows = sorted((row for row in rows if _number(row.get(x)) is not None), key=lambda row: row[x])
    if len({row[x] for row in rows}) <= FEW:
        return None
    if folded is not None:
        series = {column: [_number(row.get(column)) for row in rows] for column in folded}
    else:
        by = unescaped(encoding.get("color", encoding.get("detail", {})).get("field", ""))
        parts = groupby(sorted(rows, key=lambda row: str(row.get(by))), key=lambda row: str(row.get(by, y)))
        series = {label: [_number(row.get(y)) for row in part] for label, part in parts}
    across, up = (encoding[axis].get("title") or field for axis, field in (("x", x), ("y", y)))
    title = chart.get("title")
    what = title if isinstance(title, str) else up
    return Curves(
        f"{what}: {across} {cell(rows[0][x])} to {cell(rows[-1][x])}",
        series,
        encoding["y"].get("scale", {}).get("type") == "log",
    )


def _mark(view: Mapping[str, Any]) -> str:
    mark = view.get("mark", "")
    return str(mark.get("type", "") if isinstance(mark, dict) else mark)


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and math.isfinite(value) else None


def _told(found: Curves, width: int) -> Iterator[str]:
    """Yield a line for each series: its name, where it begins, its course, and where it ends."""
    names = [_cut(name) for name in list(found.series)[:SERIES_SHOWN]]
    series = [[one for one in values if one is not None] for values in found.series.values()]
    ends = [(cell(values[0]), cell(values[-1])) if values else ("", "") for values in series[:SERIES_SHOWN]]
    broad = [max(map(columns_taken, column), default=0) for column in (names, *zip(*ends, strict=True))]
    room = max(min(width - sum(broad) - 3 * GAP, WIDEST), 1)
    drawn = [_scaled(values, found.logarithmic) for values in found.series.values()]
    finite = [one for values in drawn for one in values if one is not None]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    for name, (first, last), values in zip(names, ends, drawn, strict=False):
        blocks = sparkline(values, room, low, high)
        blanks = " " * (broad[0] - columns_taken(name))
        yield f"{name}{blanks}{' ' * GAP}{first:>{broad[1]}}{' ' * GAP}{blocks}{' ' * GAP}{last}".rstrip()
    if len(found.series) > SERIES_SHOWN:
        yield f"… and {len(found.series) - SERIES_SHOWN} more"


def _cut(name: str) -> str:
    name = printable(name)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _scaled(values: Sequence[float | None], logarithmic: bool) -> list[float | None]:  # noqa: FBT001  (a fact)
    if not logarithmic:
        return list(values)
    return [math.log10(one) if one is not None and one > 0 else None for one in values]


def sparkline(values: Sequence[float | None], width: int, low: float, high: float) -> str:
    """Return values as blocks of eight heights, the mean of neighbours where there are more than *width*.

    >>> sparkline([0, 1, 2, None, 7], 5, 0, 7), sparkline([0, 0, 7, 7], 2, 0, 7), sparkline([3, 3], 9, 3, 3)
    ('▁▂▃ █', '▁█', '▁▁')
    """
    count = min(len(values), width)
    blocks = []
    for place in range(count):
        part = values[place * len(values) // count : (place + 1) * len(values) // count]
        held = [one for one in part if one is not None]
        share = (sum(held) / len(held) - low) / (high - low) if held and high > low else 0.0
        blocks.append(LEVELS[min(round(share * (len(LEVELS) - 1)), len(LEVELS) - 1)] if held else " ")
    return "".join(blocks)
