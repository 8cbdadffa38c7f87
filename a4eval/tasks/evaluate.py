"""The task ``evaluate``: a reader's batches through any metrics, in one process or in many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from a4eval.component import param
from a4eval.contracts import Divisible, Result, Weighable
from a4eval.errors import DataError
from a4eval.statistics.intervals import bootstrap, statistic_of
from a4eval.tasks.evaluate_part import evaluate_parts
from a4eval.tasks.interval_options import IntervalOptions
from a4eval.tasks.metric_set import MetricSet

if TYPE_CHECKING:
    from a4eval.context import Run


@dataclass
class Evaluate:
    """Pass the data once through every metric.

    A metric of one value is named by its label in the config, one of many values by the names it gives.
    """

    data: Any = param(kind="reader", help="where the batches come from")
    metrics: dict[str, Any] = param(kind="metric", help="label to metric")
    interval: IntervalOptions | None = param(None, help="give every value a bootstrap confidence interval")
    prefix: bool = param(False, help="put the label before every name of a metric with many values: label/name")
    shards: int = param(
        1, help="evaluate the data in so many parts on the executor and merge them; within a sweep a run stays whole"
    )

    def __post_init__(self) -> None:
        self._set = MetricSet(self.metrics, self.prefix, self.interval.clusters if self.interval else None)
        self._set.check_batch(self.data, "data")
        if self.interval and not any(isinstance(metric, Weighable) for metric in self.metrics.values()):
            raise ValueError("interval: none of the metrics can weigh its units")
        if self.shards < 1:
            raise ValueError(f"shards must be at least 1, got {self.shards}")
        if self.shards > 1 and not isinstance(self.data, Divisible):
            raise ValueError(f"shards: {type(self.data).__name__} cannot give parts of its data: it has no method part")

    def run(self, run: Run) -> Result:
        """Evaluate."""
        for path in self.data.sources():
            run.source(path)
        if self.shards > 1 and run.experiment is not None:
            for shard in evaluate_parts(run.experiment, self.shards):
                self._set.merge(shard.metrics)
                for doubt in shard.warnings:
                    run.warn(doubt)
        else:
            for batch in run.track(self.data.batches(run), "evaluating"):
                self._set.update(batch)
        if self._set.empty:
            raise DataError("the data holds no batch, so there is nothing to evaluate")
        result = Result(self._set.values(), self._set.tables())
        if self.interval:
            self._add_intervals(self.interval, result, run)
        return result

    def _add_intervals(self, options: IntervalOptions, result: Result, run: Run) -> None:
        """Give the values of each metric their intervals; every metric sees the same resamples."""
        for label, metric in run.track(self._set.weighable().items(), "resampling"):
            found = bootstrap(
                statistic_of(metric),
                len(metric.units),
                run.generator(1),
                resamples=options.resamples,
                level=options.level,
                method=options.method or "bca",
                clusters=self._set.cluster_labels(metric),
            )
            for given, name in self._set.names(label, metric).items():
                result.metrics[name] = replace(result.metrics[name], interval=found[given])
