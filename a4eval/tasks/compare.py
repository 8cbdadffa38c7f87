"""The task ``compare``: do two sets of predictions on the same units really differ?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.component import param
from a4eval.contracts import Result, Row, Value
from a4eval.corrections import benjamini_hochberg, holm
from a4eval.errors import DataError
from a4eval.intervals import Comparison, Statistic, paired_bootstrap, paired_permutation, statistic_of
from a4eval.tasks.evaluate import IntervalOptions
from a4eval.tasks.metric_set import MetricSet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from a4eval.context import Run


@dataclass
class Compare:
    """Evaluate two readers with the same metrics, and test every difference, second minus first.

    Both are resampled together, unit by unit, so what they share cancels.
    The p-values are corrected for the number of values tested, by Holm and by Benjamini and Hochberg.
    """

    first: Any = param(kind="reader", help="the one set of predictions with its ground truth")
    second: Any = param(kind="reader", help="the other, on the same units")
    metrics: dict[str, Any] = param(kind="metric", help="label to metric; each can weigh its units")
    interval: IntervalOptions = param(IntervalOptions(), help="how the intervals of the differences are made")
    permutations: int = param(1000, help="of the paired permutation test; 0 leaves it out")
    prefix: bool = param(False, help="put the label before every name of a metric with many values: label/name")

    def __post_init__(self) -> None:
        self._first = MetricSet(self.metrics, self.prefix, self.interval.clusters)
        self._second, self._both = self._first.fresh(), self._first.fresh()
        self._first.check_batch(self.first, "first")
        self._first.check_batch(self.second, "second")
        if self.permutations < 0:
            raise ValueError(f"permutations must not be negative, got {self.permutations}")
        if self.interval.method != "percentile":
            raise ValueError("interval.method: a paired comparison has percentile intervals only")
        for label, metric in self.metrics.items():
            if not hasattr(type(metric), "units"):
                raise ValueError(f"metrics.{label} cannot weigh its units, so its differences cannot be tested")

    def run(self, run: Run) -> Result:
        """Compare."""
        for reader, taken in ((self.first, self._first), (self.second, self._second)):
            for batch in run.track(reader.batches(run), "evaluating"):
                taken.update(batch)
            for path in reader.sources():
                run.source(path)
        result = Result()
        for name, first in self._first.values().items():
            result.metrics[f"{name}/first"] = first
        for name, second in self._second.values().items():
            result.metrics[f"{name}/second"] = second
        compared: dict[str, tuple[Comparison, float | None]] = {}
        for label in run.track(self._first.weighable(), "resampling"):
            compared |= self._compare(label, run)
        for name, (paired, _) in compared.items():
            first = result.metrics[f"{name}/first"]
            result.metrics[f"{name}/difference"] = Value(
                paired.difference, first.unit, first.higher_is_better, first.n, paired.interval
            )
        result.tables["comparison"] = _rows(compared, result.metrics)
        return result

    def _compare(self, label: str, run: Run) -> dict[str, tuple[Comparison, float | None]]:
        """Return for each value the paired difference and the p-value of the permutation test."""
        first, second = self._first.metrics[label], self._second.metrics[label]
        units = np.asarray(first.units)
        if not np.array_equal(units, np.asarray(second.units)):
            only = sorted(set(units.tolist()) ^ set(np.asarray(second.units).tolist()), key=str)
            raise DataError(f"first and second must hold the same units; {only[0]!r} is in one of them only")
        clusters = self._first.cluster_labels(first)
        paired = paired_bootstrap(
            statistic_of(first),
            statistic_of(second),
            len(units),
            run.generator(1),
            resamples=self.interval.resamples,
            level=self.interval.level,
            clusters=clusters,
        )
        tested: Mapping[str, Comparison] = {}
        if self.permutations:
            tested = paired_permutation(
                self._combined(label, units, run),
                len(units),
                run.generator(2),
                permutations=self.permutations,
                clusters=clusters,
            )
        names = self._first.names(label, first)
        return {
            name: (paired[given], tested[given].p_value if given in tested else None) for given, name in names.items()
        }

    def _combined(self, label: str, units: NDArray[Any], run: Run) -> Statistic:
        """Return one metric over both predictions: unit i of the first is unit 2 i, of the second 2 i + 1."""
        metric = self._both.metrics[label]
        order = np.argsort(units)
        for which, reader in enumerate((self.first, self.second)):
            for batch in reader.batches(run):
                found = order[np.searchsorted(units, batch["unit"], sorter=order)]
                metric.update({**batch, "unit": 2 * found + which})
        places = np.asarray(metric.units)
        statistic = statistic_of(metric)
        return lambda weights: statistic(weights[:, places])


def _rows(compared: Mapping[str, tuple[Comparison, float | None]], values: Mapping[str, Value]) -> list[Row]:
    bootstrap = np.array([paired.p_value for paired, _ in compared.values()])
    permutation = np.array([np.nan if p_value is None else p_value for _, p_value in compared.values()])
    # the permutation test, where it was made, is the exact one: its p-values are the ones to correct
    tested = bootstrap if np.isnan(permutation).all() else permutation
    corrected = zip(holm(tested), benjamini_hochberg(tested), strict=True)
    rows: list[Row] = []
    for (name, (paired, p_value)), (by_holm, by_rate) in zip(compared.items(), corrected, strict=True):
        rows.append(
            {
                "name": name,
                "first": values[f"{name}/first"].value,
                "second": values[f"{name}/second"].value,
                "difference": paired.difference,
                "low": paired.interval.low if paired.interval else None,
                "high": paired.interval.high if paired.interval else None,
                "p_bootstrap": paired.p_value,
                "p_permutation": p_value,
                "p_holm": float(by_holm),
                "p_benjamini_hochberg": float(by_rate),
            }
        )
    return rows
