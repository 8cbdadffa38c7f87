"""``a4eval.load``: the records under a path, to be chosen from, ordered and taken on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from msgspec import to_builtins

from a4eval.api import html
from a4eval.api.frame import ROWS_SHOWN, Frame
from a4eval.api.pieces import names_of, rows_of
from a4eval.api.record import Record, read
from a4eval.errors import ConfigError, did_you_mean
from a4eval.journal import query
from a4eval.markup import joined
from a4eval.plurals import counted
from a4eval.runs.record import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from a4eval.api.columns import Kind
    from a4eval.journal.views import Row

FACTS: dict[str, Kind | None] = {
    **dict.fromkeys(("run_id", "experiment", "status", "verdict"), "text"),
    "seed": "integer",
    **dict.fromkeys(("started", "path"), "text"),
}
"""What every table says of a record, and what the columns hold."""
OF_A_METRIC: dict[str, Kind | None] = {
    "metric": "text",
    "value": "number",
    "low": "number",
    "high": "number",
    "unit": "text",
    "higher_is_better": "truth",
    "n": "integer",
    "level": "number",
    "method": "text",
}
"""What a long table says of a metric: ``low``, ``high``, ``level`` and ``method`` are its interval's."""
ROWS_AT_A_TIME = 1000
POINTS_DRAWN = 5_000
"""Of how many records there are charts in a notebook: they are shown at once, or it would wait for them."""


class Records(Sequence[Record]):
    """Records, read without their bulk; each is read whole when it is asked for.

    ``records[0]`` is a :class:`Record`, ``records[:5]`` are records.  Each becomes one row of :meth:`to_pandas` and the
    like: what it is, the keys in which the records differ, and its metrics.

    Args:
        rows: what was read of them.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> Records: ...
    def __getitem__(self, place: int | slice) -> Record | Records:
        """Return one record, read whole; or some of them."""
        return Records(self._rows[place]) if isinstance(place, slice) else read(self._rows[place])

    def filter(self, *conditions: str) -> Records:
        """Return the records that meet all *conditions*, as ``a4eval ls`` takes them: ``"AP>0.4"``, ``"status=ok"``.

        Raises:
            ConfigError: a condition cannot be read, or names a key that no record has.
        """
        return Records(query.keep(self._rows, conditions))

    def sort(self, key: str) -> Records:
        """Return them with the best first by a metric, or ascending by any other key; ``-key`` turns it round.

        Raises:
            ConfigError: no record has the key.
        """
        query.check_key(self._rows, key.removeprefix("-"))
        return Records(query.order(self._rows, key))

    @property
    def varied(self) -> list[str]:
        """The keys of the config in which they differ: what was swept over."""
        return [key for key in query.varied(self._rows) if key not in FACTS]

    @property
    def columns(self) -> list[str]:
        """The columns of :meth:`to_dicts` and the like."""
        return list(self._named(query.metrics(self._rows)))

    def column(self, key: str) -> list[Any]:
        """Return what stands under *key* in each: a metric's name, a key of the config or any key of the record.

        Raises:
            ConfigError: no record has the key.
        """
        query.check_key(self._rows, key)
        return [row.get(key) for row in self._rows]

    def wide(self) -> Frame:
        """Return a table with a row for each record, and a column for each metric."""
        return self._frame(self._wide, self._facts)

    def long(self) -> Frame:
        """Return a table with a row for each metric of each record: value, unit, direction, count and interval."""
        return self._frame(self._long, self._facts | OF_A_METRIC)

    def table(self, name: str) -> Frame:
        """Return the rows of the table *name* of all records, each after what its record is; read as they are needed.

        Raises:
            ConfigError: no record has such a table.
        """
        known: dict[str, None] = {}
        for row in self._rows:
            known.update(dict.fromkeys(names_of(Path(row.path), row.offset)))
            if name in known:
                break
        else:
            raise ConfigError(f"no record has a table {name!r}{did_you_mean(name, known)}")
        return Frame(lambda: self._tabled(name), self._facts)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a mapping for each record, of every column."""
        return self.wide().to_dicts()

    def to_arrow(self) -> Any:
        """Return a ``pyarrow.Table`` with a row for each record; ``pip install 'a4eval[arrow]'``."""
        return self.wide().to_arrow()

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame`` with a row for each record; ``pip install 'a4eval[pandas]'``."""
        return self.wide().to_pandas()

    def to_polars(self) -> Any:
        """Return a ``polars.DataFrame`` with a row for each record; ``pip install 'a4eval[polars]'``."""
        return self.wide().to_polars()

    @property
    def _facts(self) -> dict[str, Kind | None]:
        return FACTS | dict.fromkeys(self.varied)

    def _named(self, metrics: Iterable[str]) -> dict[str, str]:
        """Return the columns of a wide table and the key of each; a metric named like another column is told apart."""
        named = {fact: fact for fact in self._facts}
        for metric in metrics:
            named[f"metrics.{metric}" if metric in named else metric] = f"metrics.{metric}"
        return named

    def _frame(
        self, lines: Callable[[Sequence[Row]], Iterator[dict[str, Any]]], first: dict[str, Kind | None]
    ) -> Frame:
        def pieces() -> Iterator[list[dict[str, Any]]]:
            for start in range(0, len(self._rows), ROWS_AT_A_TIME):
                yield list(lines(self._rows[start : start + ROWS_AT_A_TIME]))

        return Frame(pieces, first)

    def _wide(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        named = self._named(query.metrics(self._rows))
        keys = list(named.values())
        for row in rows:
            yield dict(zip(named, row.cells(keys), strict=True))

    def _long(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        facts = list(self._facts)
        for row in rows:
            about = dict(zip(facts, row.cells(facts), strict=True))
            for name, metric in row.metrics.items():
                found = {"metric": name, **to_builtins(metric), **(metric.interval or {})}
                yield about | {key: found.get(key) for key in OF_A_METRIC}

    def _tabled(self, name: str) -> Iterator[list[dict[str, Any]]]:
        facts = list(self._facts)
        for row in self._rows:
            about = dict(zip(facts, row.cells(facts), strict=True))
            for piece in rows_of(Path(row.path), row.offset, name):
                clash = about.keys() & set().union(*piece)
                yield [about | (_renamed(line, clash) if clash else line) for line in piece]

    def __repr__(self) -> str:
        experiments = sorted({row.experiment or "a run" for row in self._rows})
        return f"<Records: {len(self):,} of {', '.join(experiments) or 'none'}>"

    def _repr_html_(self) -> str:
        keys = query.columns(self._rows)
        shown = [row.cells(keys) for row in self._rows[:ROWS_SHOWN]]
        listed = html.table([key.removeprefix("metrics.") for key in keys], shown, total=len(self))
        if not 2 < len(self) <= POINTS_DRAWN:
            return listed
        from a4eval.results.report.notebook import points_html

        return joined([listed, points_html(self._rows)])


def _renamed(line: dict[str, Any], clash: set[str]) -> dict[str, Any]:
    """Return a row of a table beside what its record is: columns of the same names are told apart."""
    return {f"table.{key}" if key in clash else key: value for key, value in line.items()}


def load(path: str | Path) -> Records:
    """Read the records under *path*: a record, a run's or sweep's folder, any folder above such, or ``SWEEP/#3``.

    Of a run with several records the one that counts is taken, as by ``a4eval ls``.

    Raises:
        ConfigError: there is no such point of a sweep.
        DataError: there is no such file or folder, or no record in it.
    """
    found = query.read(Path(path))
    doubts = [f"there are records of {schema(version)}" for version in sorted(found.unknown)]
    if found.torn:
        doubts.append(f"{counted(found.torn, 'unreadable line')} passed over")
    if found.changed:
        doubts.append(f"the data files of {counted(found.changed, 'run')} changed: each state of them has its record")
    for doubt in doubts:
        warnings.warn(doubt, stacklevel=2)
    return Records(found.rows)
