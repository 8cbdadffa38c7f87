"""The task ``evaluate``: a reader's batches through any metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from a4eval.component import param
from a4eval.contracts import Result, Row, Value
from a4eval.errors import DataError, PluginError

if TYPE_CHECKING:
    from a4eval.context import Run


@dataclass
class Evaluate:
    """Pass the data once through every metric.

    A metric of one value is named by its label in the config, one of many values by the names it gives.
    """

    data: Any = param(kind="reader", help="where the batches come from")
    metrics: dict[str, Any] = param(kind="metric", help="label to metric")
    prefix: bool = param(False, help="put the label before every name of a metric with many values: label/name")

    def __post_init__(self) -> None:
        if not self.metrics:
            raise ValueError("metrics is empty: name at least one")
        for label, metric in self.metrics.items():
            if metric.batch != self.data.batch:
                taken = f"metrics.{label} takes {metric.batch!r} batches"
                raise ValueError(f"{taken}, but data gives {self.data.batch!r} batches")
        labels: dict[str, list[str]] = {}
        for label, metric in self.metrics.items():
            for name in self._names(label, metric).values():
                labels.setdefault(name, []).append(label)
        for name, owners in labels.items():
            if len(owners) > 1:
                raise ValueError(
                    f"metrics {' and '.join(owners)} both give {name!r}; set prefix=true to tell them apart"
                )

    def run(self, run: Run) -> Result:
        """Evaluate."""
        empty = True
        for batch in run.track(self.data.batches(run), "evaluating"):
            empty = False
            for metric in self.metrics.values():
                metric.update(batch)
        for path in self.data.sources():
            run.source(path)
        if empty:
            raise DataError("the data holds no batch, so there is nothing to evaluate")
        result = Result()
        for label, metric in self.metrics.items():
            result.metrics |= self._values(label, metric)
            result.tables |= tables(label, metric)
        return result

    def _names(self, label: str, metric: Any) -> dict[str, str]:
        """Map the names a metric gives to their names in the record."""
        names = list(metric.names)
        if len(names) == 1:
            return {names[0]: label}
        repeated = [name for name, count in Counter(names).items() if count > 1]
        if repeated:
            raise ValueError(f"metrics.{label} gives {repeated[0]!r} twice")
        return {name: f"{label}/{name}" if self.prefix else name for name in names}

    def _values(self, label: str, metric: Any) -> dict[str, Value]:
        values = metric.compute()
        names = self._names(label, metric)
        if set(values) != set(names):
            raise PluginError(f"metrics.{label} promised the values {list(names)} but gave {list(values)}")
        return {names[name]: value for name, value in values.items()}


def tables(label: str, metric: Any) -> dict[str, list[Row]]:
    """Return a metric's tables: a single one is named by the label, several by ``label/name``."""
    if not hasattr(metric, "tables"):
        return {}
    found: dict[str, list[Row]] = metric.tables()
    if len(found) == 1:
        return {label: next(iter(found.values()))}
    return {f"{label}/{name}": rows for name, rows in found.items()}
