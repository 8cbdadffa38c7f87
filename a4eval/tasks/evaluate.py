"""The task ``evaluate``: a reader's batches through any metrics, in one process or in many."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.comparisons.kept import FILE_NAME, Kept, write
from a4eval.comparisons.rules import Rules
from a4eval.component import check_ranges, param
from a4eval.contracts import Divisible, Partitioned, PartsCharted, Result, Weighable
from a4eval.errors import DataError
from a4eval.plurals import counted
from a4eval.statistics.bootstrap import intervals
from a4eval.statistics.resampled import resample
from a4eval.statistics.weights import JACKKNIFE
from a4eval.tasks.charts import parts as charts_of_parts
from a4eval.tasks.evaluate_part import evaluate_parts
from a4eval.tasks.interval_options import KeptIntervalOptions
from a4eval.tasks.metric_set import MetricSet
from a4eval.tasks.watch import moved, promised_statistic, refuse_changed, say_how_long

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval.context import Run
    from a4eval.contracts import Interval, Row, Value
    from a4eval.statistics.resampled import Resampled
    from a4eval.statistics.weights import Statistic


MOST_SHARDS = 10_000
_FEW = 10


@dataclass
class Evaluate:
    """Pass the data once through every metric.

    A metric of one value is named by its label in the config, one of many values by the names it gives.
    """

    data: Any = param(kind="reader", help="where the batches come from")
    metrics: dict[str, Any] = param(kind="metric", help="label to metric")
    interval: KeptIntervalOptions | None = param(None, help="give every value a bootstrap confidence interval")
    against: Path | None = param(
        None, help="a finished record, or the folder of one, to compare with; with interval it is known how surely"
    )
    rules: Rules = param(Rules(), help="what the values must keep to; with any, the run has a verdict")
    prefix: bool = param(False, help="put the label before every name of a metric with many values: label/name")
    shards: int = param(
        1,
        help="evaluate the data in so many parts on the executor and merge them; within a sweep a run stays whole",
        minimum=1,
        maximum=MOST_SHARDS,
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        self._set = MetricSet(self.metrics, self.prefix, self.interval.clusters if self.interval else None)
        self._set.check_batch(self.data, "data")
        if self.interval and not any(isinstance(metric, Weighable) for metric in self.metrics.values()):
            raise ValueError("interval: none of the metrics can weigh its units")
        self.rules.check_no_costs()
        if self.against is None and (self.rules.margins or self.rules.parts):
            raise ValueError("rules: a margin needs a baseline: give against=PATH")
        if self.shards > 1 and not isinstance(self.data, Divisible):
            raise ValueError(f"shards: {type(self.data).__name__} cannot give parts of its data: it has no method part")

    def run(self, run: Run) -> Result:
        """Evaluate."""
        run.sources_of(self.data)
        if self.shards > 1 and run.experiment is not None:
            said: Counter[str] = Counter()
            for shard in evaluate_parts(run.experiment, self._set.fresh(), self.shards):
                self._set.merge(shard.metrics)
                said.update(set(shard.warnings))
            refuse_changed(run)  # all shards may have read another file than was hashed before them
            for doubt, n in said.items():
                run.warn(doubt if n == self.shards else f"{doubt} (so in {n} of {self.shards} shards)")
        else:
            self._set.take_in(self.data, run.track(self.data.batches(run), "evaluating"), run)
        if self._set.empty:
            raise DataError("the data holds no batch, so there is nothing to evaluate")
        values = self._set.values()
        tables, charts = self._set.shown()
        self._set.illustrate(run)
        result = Result(values, tables, charts=charts)
        values = dict(result.metrics)
        kept = self._add_intervals(self.interval, result, run) if self.interval else {}
        if self.against or not self.rules.empty:
            self._judge(values, result, kept, run)
        return result

    def _judge(self, values: Mapping[str, Value], result: Result, kept: Mapping[str, Kept], run: Run) -> None:
        """Hold the values against a record and the rules."""
        from a4eval.comparisons.judge import rulings, verdict
        from a4eval.comparisons.pair import Pair
        from a4eval.tasks.against import compare_with

        pair = compare_with(self.against, self.rules, result, kept, run) if self.against else Pair()
        if not self.rules.empty:
            limited = {name: (one.value, result.metrics[name].interval) for name, one in values.items()}
            result.verdict = verdict(rulings(self.rules, pair, limited))

    def _add_intervals(self, options: KeptIntervalOptions, result: Result, run: Run) -> dict[str, Kept]:
        """Give the values of each metric their intervals, and keep the resamples; every metric sees the same ones."""
        method = options.method or "expanded"
        if doubt := options.doubt():
            run.warn(doubt)
        kept: dict[str, Kept] = {}
        say_how_long(self._set.weighable(), options.resamples, run)
        for label, metric in run.track(self._set.weighable().items(), "resampling"):

            def drawn(statistic: Statistic, metric: Weighable = metric) -> Resampled:
                return resample(
                    statistic,
                    len(metric.units),
                    options.generator(),
                    resamples=options.resamples,
                    clusters=self._set.cluster_labels(metric),
                    jackknife=JACKKNIFE if method == "bca" else 0,
                )

            statistic = promised_statistic(label, metric)
            given = drawn(statistic)
            if not moved(label, metric, statistic, given, run):
                continue
            values = given.renamed(self._set.names(label, metric))
            drawn_together = values.groups
            if drawn_together < _FEW:
                run.warn(
                    f"{label}: an interval from {counted(drawn_together, 'drawn unit')}, expected {_FEW} or more: at a "
                    "nominal 95 % those of three to nine were measured to hold 88 to 97 % of the time with "
                    "interval.method=expanded, percentile and bca ones .71 to .89; of two there is none"
                )
            for name, interval in intervals(values, options.level, method).items():
                result.metrics[name] = replace(result.metrics[name], interval=interval)
            if options.keep or self.against is not None:
                parts = drawn(metric.compute_parts) if isinstance(metric, Partitioned) else None
                if parts and parts.values:
                    name = f"{label}/parts"
                    result.tables[name] = _part_rows(parts, intervals(parts, options.level, method))
                    place = f"{label}/{metric.parts_chart}" if isinstance(metric, PartsCharted) else name
                    of = result.charts.get(place, {}).get("title") or f"{label} by part"
                    title = f"{of}, with {options.level:.0%} intervals"
                    result.charts[place] = charts_of_parts(name, title, shares=_shares(parts))
                kept[label] = Kept(np.asarray(metric.units), values, parts if parts and parts.values else None)
        if options.keep:
            write(run.artifact(FILE_NAME), kept)
        return kept


def _shares(parts: Resampled) -> bool:
    """Say whether every value of every part, however the units were drawn, lies from 0 to 1."""
    found = np.concatenate([*parts.values.values(), np.array(list(parts.observed.values()))])
    found = found[~np.isnan(found)]
    return bool(len(found) and found.min() >= 0 and found.max() <= 1)


def _part_rows(parts: Resampled, found: Mapping[str, Interval]) -> list[Row]:
    """Return the value of each part with its interval."""
    return [
        {"part": name, "value": float(value), "low": found[name].low, "high": found[name].high}
        for name, value in parts.observed.items()
    ]
