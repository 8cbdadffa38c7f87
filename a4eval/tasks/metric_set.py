"""Labelled metrics that see the same data, and the names their values take in the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.contracts import Charted, Contrasted, Illustrated, Tabular, Weighable
from a4eval.errors import DataError, PluginError
from a4eval.tasks.metric_state import decode, encode, packages_of, put_back, state_of
from a4eval.tasks.watch import feed, promised, refuse_changed, watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from typing_extensions import Buffer

    from a4eval.context import Run
    from a4eval.contracts import Batch, Chart, Reader, Row, Value


@dataclass
class MetricSet:
    """Metrics by label, fed together.

    A metric of one value is named by its label, one of many values by the names it gives.

    Args:
        metrics: label to metric.
        prefix: put the label before the names of a metric with many values, ``label/name``.
        clusters: the column of the batches that says which units belong together, if any; ``unit_`` before its name
            may be left out.

    Raises:
        ValueError: there is no metric, or two values would take the same name.
    """

    metrics: Mapping[str, Any]
    prefix: bool = False
    clusters: str | None = None
    empty: bool = field(default=True, init=False)
    _labels: dict[Any, Any] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        if not self.metrics:
            raise ValueError("metrics is empty: name at least one")
        owners: dict[str, list[str]] = {}
        for label, metric in self.metrics.items():
            for name in self.names(label, metric).values():
                owners.setdefault(name, []).append(label)
        for name, labels in owners.items():
            if len(labels) > 1:
                both = " and ".join(labels)
                raise ValueError(f"metrics {both} both give {name!r}; set prefix=true to tell them apart")

    def check_batch(self, reader: Any, key: str) -> None:
        """Make sure that the metrics take the batches that a reader gives.

        Raises:
            ValueError: one does not.
        """
        for label, metric in self.metrics.items():
            if metric.batch != reader.batch:
                taken = f"metrics.{label} takes {metric.batch!r} batches"
                raise ValueError(f"{taken}, but {key} gives {reader.batch!r} batches")

    def fresh(self) -> MetricSet:
        """Return the same metrics with nothing taken in."""
        return MetricSet({label: replace(one) for label, one in self.metrics.items()}, self.prefix, self.clusters)

    def names(self, label: str, metric: Any) -> dict[str, str]:
        """Map the names a metric gives to their names in the record."""
        if isinstance(metric.names, str):
            expected = f"expected a tuple, such as ({metric.names!r},)"
            raise ValueError(f"metrics.{label}: its names are the text {metric.names!r}, {expected}")  # noqa: TRY004  (a wrong config)
        given = list(metric.names)
        if len(given) == 1:
            return {given[0]: label}
        repeated = [name for name, count in Counter(given).items() if count > 1]
        if repeated:
            raise ValueError(f"metrics.{label} gives {repeated[0]!r} twice")
        return {name: f"{label}/{name}" if self.prefix else name for name in given}

    def take_in(self, reader: Reader, batches: Iterable[Batch], run: Run) -> None:
        """Feed every metric with the batches of a reader.

        Raises:
            DataError: a batch lacks the column of the clusters, or a file changed while it was read.
            PluginError: the reader or a metric breaks its contract.
        """
        n = 0
        for n, batch in enumerate(watched(reader, batches, run), 1):
            if n == 1:  # of most readers the only one: what is written to a file from here on changes nothing
                refuse_changed(run)
            self.empty = False
            feed(self.metrics, batch, reader)
            self._note_clusters(batch)
        if n != 1:
            refuse_changed(run)

    def _note_clusters(self, batch: Batch) -> None:
        if self.clusters is not None:
            column = next((one for one in (self.clusters, f"unit_{self.clusters}") if one in batch), None)
            if column is None:
                columns = ", ".join(sorted(one.removeprefix("unit_") for one in batch))
                raise DataError(f"interval.clusters: the data has no column {self.clusters!r}; it has {columns}")
            self._labels.update(zip(_plain(batch["unit"]), _plain(batch[column]), strict=True))

    def merge(self, other: MetricSet) -> None:
        """Take in what the same metrics took in elsewhere."""
        self.empty &= other.empty
        for label, metric in self.metrics.items():
            metric.merge(other.metrics[label])
        self._labels |= other._labels

    def to_buffers(self) -> list[Buffer]:
        """Return what the metrics have taken in, as data to be written one after another.

        Raises:
            PluginError: the state of one is no plain data.
        """
        states = {f"metrics.{label}": state_of(metric) for label, metric in self.metrics.items()}
        return encode({**states, "": [self.empty, self._labels]}, self._packages())

    def from_buffer(self, content: Buffer) -> MetricSet:
        """Return fresh metrics that have taken in what :meth:`to_buffers` of the same metrics gave.

        Args:
            content: all of it, which can be written to; it stays in use.

        Raises:
            DataError: *content* is none of its making.
        """
        found = self.fresh()
        states = decode(content, self._packages())
        if states.keys() != self._packages().keys():
            raise DataError(f"holds the state of {', '.join(sorted(filter(None, states)))}, not of these metrics")
        found.empty, labels = states.pop("")
        found._labels.update(labels)  # noqa: SLF001  (another one of ourselves)
        for label, metric in found.metrics.items():
            put_back(metric, states[f"metrics.{label}"])
        return found

    def _packages(self) -> dict[str, set[str]]:
        return {"": set(), **{f"metrics.{label}": packages_of(metric) for label, metric in self.metrics.items()}}

    def cluster_labels(self, metric: Any) -> NDArray[Any] | None:
        """Return the cluster of each of a metric's units, or None if units stand alone."""
        if self.clusters is None:
            return None
        return np.array([self._labels[unit] for unit in _plain(metric.units)])

    def values(self) -> dict[str, Value]:
        """Compute all values, under their names in the record.

        Raises:
            PluginError: a metric gives other values than it promised.
        """
        found: dict[str, Value] = {}
        for label, metric in self.metrics.items():
            values, names = metric.compute(), self.names(label, metric)
            promised(label, metric, values)
            found |= {names[name]: values[name] for name in names}
        return found

    def tables(self) -> dict[str, list[Row]]:
        """Return all tables: a metric's single one is named by its label, several by ``label/name``."""
        return self.shown()[0]

    def shown(self) -> tuple[dict[str, list[Row]], dict[str, Chart]]:
        """Return all tables and the charts of them, named alike.

        Raises:
            PluginError: a chart draws a table that its metric does not give.
        """
        found: dict[str, list[Row]] = {}
        drawn: dict[str, Chart] = {}
        for label, metric in self.metrics.items():
            # of its class, which Python looks at once, and not of it: a sweep has ten thousand of them
            tables = metric.tables() if issubclass(type(metric), Tabular) else {}
            charts = metric.charts() if issubclass(type(metric), Charted) else {}
            names = _named(label, tables)
            found |= {names[name]: rows for name, rows in tables.items()}
            for name, chart in _named(label, charts).items():
                table = (charts[name].get("data") or {}).get("name")
                if table not in names:
                    raise PluginError(f"metrics.{label}: its chart {name!r} draws the table {table!r}, which it lacks")
                drawn[chart] = {**charts[name], "data": {"name": names[table]}}
        return found, drawn

    def illustrate(self, run: Run) -> None:
        """Let metrics save the pictures that their tables name."""
        for metric in self.metrics.values():
            if isinstance(metric, Illustrated):
                metric.illustrate(run)

    def contrasts(self, other: MetricSet, run: Run) -> dict[str, list[Row]]:
        """Return the tables of where two sets of predictions differ, named ``label/name``.

        Args:
            other: the same metrics, fed with the second predictions.
            run: the run.
        """
        found: dict[str, list[Row]] = {}
        for label, metric in self.metrics.items():
            if isinstance(metric, Contrasted):
                tables = metric.contrast(other.metrics[label], run)
                found |= {name: tables[given] for given, name in _named(label, tables).items()}
        return found

    def weighable(self) -> dict[str, Weighable]:
        """Return the metrics with values whose units can be weighed, by label."""
        return {label: one for label, one in self.metrics.items() if isinstance(one, Weighable) and one.names}


def _named(label: str, given: Mapping[str, Any]) -> dict[str, str]:
    """Return the names in the record of what a metric gives: a single one is named by its label."""
    return {name: label if len(given) == 1 else f"{label}/{name}" for name in given}


def _plain(column: Sequence[Any] | NDArray[Any]) -> list[Any]:
    return list(np.asarray(column).tolist())
