"""One record as Python sees it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from a4eval.api import html
from a4eval.api.frame import ROWS_SHOWN, Frame
from a4eval.errors import ConfigError, DataError, did_you_mean
from a4eval.journal.texts import Text, text_at
from a4eval.journal.views import number
from a4eval.markup import joined, tag
from a4eval.ownership import folder_of
from a4eval.plurals import counted
from a4eval.runs import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from a4eval.journal.views import Row

NUMBERS_SHOWN = 3


class Record(record.Record, kw_only=True):
    """A run of an experiment: every key of its JSON record as an attribute, numbers as numbers.

    ``record["AP"]`` is the value of a metric; ``record.metrics["AP"]`` has its ``value``, ``unit``,
    ``higher_is_better``, ``n`` and ``interval`` (with ``low``, ``high``, ``level``, ``method``, or None).
    """

    path: str = msgspec.field(default="", name="#path")  # no key of a record
    """The file it stands in."""

    def __getitem__(self, metric: str) -> int | float:
        """Return the value of a metric.

        Raises:
            KeyError: there is none of that name; the text holds the nearest.
        """
        if metric not in self.metrics:
            raise KeyError(f"there is no metric {metric!r}{did_you_mean(metric, self.metrics)}")
        return self.metrics[metric].value  # type: ignore[return-value]  # made a number where it is read

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the metrics."""
        return iter(self.metrics)

    @property
    def folder(self) -> Path:
        """Where its artifacts are."""
        return folder_of(Path(self.path), self.run_id)

    def table(self, name: str) -> Frame:
        """Return a table of it, to be taken on by pandas and the like.

        Raises:
            ConfigError: there is none of that name; the text holds the nearest.
        """
        if name not in self.tables:
            raise ConfigError(f"there is no table {name!r}{did_you_mean(name, self.tables)}")
        return Frame.of(self.tables[name])

    def to_dict(self) -> dict[str, Any]:
        """Return the record as it stands in JSON, but for numbers that JSON cannot hold."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        found.pop("#path")
        return found

    def __repr__(self) -> str:
        told = [f"{name} = {metric.value:.6g}" for name, metric in list(self.metrics.items())[:NUMBERS_SHOWN]]
        more = f" and {len(self.metrics) - len(told)} more" if len(told) < len(self.metrics) else ""
        what = f"{self.experiment or 'a run'} (seed {self.seed})"
        numbers = [", ".join(told) + more] if told else []
        return f"<Record of {': '.join([what, self.status, *numbers])}>"

    def _repr_html_(self) -> str:
        what = tag("b", self.experiment or "a run")
        parts = [tag("p", what, f" (seed {self.seed}): {self.status}")]
        if self.verdict is not None:
            parts.append(tag("p", "verdict: ", tag("b", self.verdict.outcome)))
            parts += [tag("p", reason) for reason in self.verdict.reasons]
        if self.error is not None:
            parts.append(tag("p", f"{self.error.type}: {self.error.message}"))
        rows = [(name, one.value, *_interval(one), one.unit, one.n) for name, one in self.metrics.items()]
        if rows:
            parts.append(html.table(["metric", "value", "low", "high", "unit", "n"], rows, total=len(rows)))
        if self.charts:
            from a4eval.results.report.notebook import charts_html

            parts.append(charts_html(self))
        for name, lines in self.tables.items():
            shown = Frame.of(lines[:ROWS_SHOWN])
            body = html.table(shown.columns, [list(row.values()) for row in shown], total=len(lines))
            parts.append(tag("details", tag("summary", f"{name} ({counted(len(lines), 'row')})"), body))
        return joined(parts)


def _interval(metric: record.MetricRecord) -> tuple[Any, Any]:
    return (None, None) if metric.interval is None else (metric.interval.low, metric.interval.high)


def read(row: Row) -> Record:
    """Read the whole record of *row*.

    Raises:
        DataError: it is not there any more, or is no record of ours.
    """
    path = Path(row.path)
    try:
        return decode(text_at(path, row.offset), row.path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def decode(text: Text, path: str) -> Record:
    """Return the record of a text, its numbers as numbers.

    Raises:
        DataError: it is no record of ours.
    """
    try:
        found = msgspec.json.decode(text, type=Record)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise DataError(f"{path}: is no record of a run: {error}") from error
    found.path = path
    for metric in found.metrics.values():
        metric.value = number(metric.value)
        if metric.interval is not None:
            metric.interval.low, metric.interval.high = number(metric.interval.low), number(metric.interval.high)
    for rows in found.tables.values():
        for column in (name for name, kind in Frame.of(rows).kinds.items() if kind == "number"):
            for row in rows:
                if column in row:
                    row[column] = number(row[column])
    return found
