"""Many records as a table that fits: what each is and where always stands there, and the numbers that have room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a4eval.journal import query
from a4eval.journal.pointed import spelt
from a4eval.journal.views import Row
from a4eval.results.tables import cell, columns_of, fitting, print_columns, print_table, print_text
from a4eval.terminal import screen_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

METRICS_TOLD = 3
"""How many numbers of a record are told where records share none."""
METRICS_BESIDE = 2
"""So many numbers have to fit beside the paths; else these stand below their rows."""
FACTS = ("experiment", "status", "verdict", "path")
"""What is told once, above the table, where all records agree."""


@dataclass(frozen=True, slots=True)
class Line:
    """A record to be listed.

    Args:
        number: what ``PATH/#N`` calls it; None if there are several paths.
        row: the record.
    """

    number: int | None
    row: Row

    def cells(self, keys: Sequence[str]) -> list[Any]:
        """Return what the columns *keys* show."""
        settings = self.row.settings
        return [self.get(key, settings) for key in keys]

    def get(self, key: str, settings: Any = None) -> Any:
        """Return what the column *key* shows, as :meth:`Row.get` does."""
        if key == "#":
            return self.number
        if key == "age":
            return None if self.row.age is None else ago(self.row.age)
        if key == "path":
            return str(spelt(Path(self.row.path), self.row.run_id))
        return self.row.title if key == "experiment" else self.row.get(key, settings)


def ago(seconds: float) -> str:
    """Return a length of time in its largest unit.

    >>> ago(42), ago(125), ago(7322), ago(200_000)
    ('42 s', '2 min', '2 h', '2 d')
    """
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def print_records(lines: Sequence[Line], asked: Sequence[str] = ()) -> None:
    """Print records: what they have in common above the table, in it a row for each.

    Args:
        lines: the records.
        asked: keys that they are ordered or chosen by; these are told first.
    """
    rows = [line.row for line in lines]
    if not rows:
        return
    common, own = _facts(lines)
    for name, value in common:
        print_text(f"{name}: {value}")
    metrics = [f"metrics.{name}" for name in _telling(rows, asked)]
    given = [key for key in query.varied(rows) if key not in (*FACTS, "age")]
    others = [key for key in asked if key not in (*given, *FACTS, "age", "#") and f"metrics.{key}" not in metrics]
    first = ["#"] if lines and lines[0].number is not None else []
    first += [key for key in own if key != "path"] + ["age"]
    if metrics and not _share_a_metric(rows):
        header = [*first, *(key for key in others if not key.startswith("metrics."))]
        named = {one: _telling([row for row in rows if row.experiment == one], asked) for one in _experiments(rows)}
        where = ["path"] if "path" in own else []
        under = ["  ".join([*map(line.get, where), _numbers(line, named, given)]) for line in lines]
        print_table("", list(map(_name, header)), [line.cells(header) for line in lines], under=under)
        return
    where = ["path"] if "path" in own else []
    header = [*first, *given, *others, *metrics, *where]
    cells = [line.cells(header) for line in lines]
    names = [_name(key) for key in header]
    always = [*first, *where]
    columns = columns_of(names, cells)
    kept = {column.name for column in fitting(columns, screen_width(), always)}
    wanted = [*given, *metrics[:METRICS_BESIDE]]
    if where and not kept.issuperset(_name(key) for key in wanted):
        print_columns("", columns[:-1], always=first, under=[str(row[-1]) for row in cells])
    else:
        print_columns("", columns, always=always)


def _facts(lines: Sequence[Line]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return what all records agree in, and the facts in which they differ."""
    common, own = [], []
    for fact in FACTS:
        values = {line.row.path if fact == "path" else line.get(fact) for line in lines}
        if len(values) > 1:
            own.append(fact)
        elif values != {None} and values and not (fact == "status" and values == {"ok"}):
            of_none = fact == "experiment" and all(line.row.experiment is None for line in lines)
            common.append(("task" if of_none else fact, cell(values.pop())))
    return common, own


def _telling(rows: Sequence[Row], asked: Sequence[str]) -> list[str]:
    """Return the metrics: first those asked for, then those that differ, of these those that have a direction."""
    names = query.metrics(rows)
    wanted = {key.removeprefix("metrics.") for key in asked}
    directed = {name for row in rows for name, one in row.metrics.items() if one.higher_is_better is not None}
    differing = {name for name in names if len({cell(row.get(f"metrics.{name}")) for row in rows}) > 1}
    told = differing if len(rows) > 1 else set(names)
    return sorted(names, key=lambda name: (name not in wanted, name not in told, name not in directed))


def _share_a_metric(rows: Sequence[Row]) -> bool:
    """Say whether all records that have metrics share one, or are of one experiment."""
    measured = [set(row.metrics) for row in rows if row.metrics]
    return len(_experiments(rows)) == 1 or bool(set.intersection(*measured))


def _experiments(rows: Sequence[Row]) -> set[str | None]:
    return {row.experiment for row in rows}


def _numbers(line: Line, named: Mapping[str | None, Sequence[str]], given: Sequence[str]) -> str:
    """Return what was given of one record, and the first of its numbers."""
    told = [f"{key}={cell(line.get(key))}" for key in given if line.get(key) is not None]
    names = [name for name in named[line.row.experiment] if name in line.row.metrics]
    told += [f"{name}={cell(line.get(f'metrics.{name}'))}" for name in names[:METRICS_TOLD]]
    return " ".join([*told, "…"] if len(names) > METRICS_TOLD else told)


def _name(key: str) -> str:
    return key.removeprefix("metrics.")
