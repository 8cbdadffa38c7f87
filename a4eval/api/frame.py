"""Rows with named columns, and the libraries that take them further."""

from __future__ import annotations

from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a4eval.api import html
from a4eval.api.columns import CONVERT, Kind, Kinds
from a4eval.api.write import ARROW, arrow_batch, arrow_schema, write
from a4eval.context import require
from a4eval.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Rows = list[dict[str, Any]]

ROWS_SHOWN = 20


class Frame:
    """A table whose rows are read in pieces, as often as they are needed: it may be larger than the memory.

    Numbers are numbers: "Infinity" of a record is ``inf`` here.  A column that holds anything but numbers is text, a
    list or mapping in it the text of its JSON.

    Args:
        pieces: gives the rows from the first on, some at a time.
        first: the columns that stand first, and what each holds; None where that is to be seen from the rows.

    >>> frame = Frame.of([{"k": 1, "AP": 0.25}, {"k": 2, "AP": "Infinity"}])
    >>> frame.to_dicts()
    [{'k': 1, 'AP': 0.25}, {'k': 2, 'AP': inf}]
    """

    def __init__(self, pieces: Callable[[], Iterator[Rows]], first: Mapping[str, Kind | None] | None = None) -> None:
        self._pieces, self._first = pieces, first or {}

    @classmethod
    def of(cls, rows: Rows) -> Frame:
        """Return a frame of rows that are there already."""
        return cls(lambda: iter([rows]))

    @cached_property
    def _kinds(self) -> Kinds:
        kinds = Kinds()
        for piece in self._pieces():
            kinds.take(piece)
        return kinds

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """The columns, and what each holds: integer, number, truth or text."""
        found = self._kinds.found
        return {name: self._first.get(name) or found.get(name, "text") for name in (*self._first, *found)}

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.kinds)

    def __len__(self) -> int:
        """How many rows there are."""
        return self._kinds.rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the rows, each with every column."""
        names = self.columns
        for row in chain.from_iterable(self.batches()):
            yield dict(zip(names, row, strict=True))

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows some at a time, each a tuple in the order of the columns; None where a row has no value."""
        for piece in self._pieces():
            columns = [list(map(CONVERT[kind], map(_of(name), piece))) for name, kind in self.kinds.items()]
            yield list(zip(*columns, strict=True))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows, each with every column."""
        return list(self)

    def to_arrow(self) -> Any:
        """Return a ``pyarrow.Table``.

        Raises:
            MissingExtraError: pyarrow is not installed.
        """
        arrow = require("pyarrow", ARROW)
        schema = arrow_schema(arrow, self.kinds)
        return arrow.Table.from_batches((arrow_batch(arrow, schema, one) for one in self.batches()), schema)

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame``; integers and truths that lack some values have pandas' nullable types.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        pandas = require("pandas", "a4eval[pandas]")
        types = {"integer": ("int64", "Int64"), "truth": ("bool", "boolean"), "number": ("float64", "float64")}
        columns = {}
        for (name, kind), values in zip(self.kinds.items(), self._by_column(), strict=True):
            whole, lacking = types.get(kind, (None, None))
            columns[name] = pandas.Series(values, dtype=lacking if None in values else whole)
        return pandas.DataFrame(columns)

    def to_polars(self) -> Any:
        """Return a ``polars.DataFrame``.

        Raises:
            MissingExtraError: polars is not installed.
        """
        polars = require("polars", "a4eval[polars]")
        types = {"integer": polars.Int64, "truth": polars.Boolean, "number": polars.Float64, "text": polars.String}
        series = zip(self.kinds.items(), self._by_column(), strict=True)
        return polars.DataFrame([polars.Series(name, values, dtype=types[kind]) for (name, kind), values in series])

    def write(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the table as ``.parquet``, ``.csv`` or ``.jsonl``, whole or not at all, and return the path.

        However many rows there are, no more than some thousand are in memory at a time.

        Args:
            path: where to; its ending says how.
            overwrite: put it in the place of a file that is there.

        Raises:
            ConfigError: the ending is another one, or there is such a file.
            OutputError: it cannot be written.
            MissingExtraError: Parquet needs pyarrow, which is not installed.
        """
        return write(self, Path(path), overwrite=overwrite)

    def _by_column(self) -> Iterable[list[Any]]:
        rows = list(chain.from_iterable(self.batches()))
        return map(list, zip(*rows, strict=True)) if rows else ([] for _ in self.kinds)

    def __repr__(self) -> str:
        return f"<Frame of {counted(len(self), 'row')}: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        rows = list(islice(chain.from_iterable(self.batches()), ROWS_SHOWN))
        return html.table(self.columns, rows, total=len(self))


def _of(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda row: row.get(name)
