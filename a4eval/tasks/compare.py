"""The task ``compare``: do two sets of predictions on the same units really differ?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from a4eval.comparisons.judge import Judged, judge, rulings, verdict
from a4eval.comparisons.pair import Compared, Pair
from a4eval.comparisons.rules import Rules
from a4eval.component import check_ranges, param
from a4eval.contracts import Contrasted, Partitioned, Result, Row, Value, Weighable
from a4eval.errors import DataError, PluginError
from a4eval.statistics.bootstrap import comparisons, difference_of
from a4eval.statistics.comparison import Comparison
from a4eval.statistics.corrections import benjamini_hochberg, holm
from a4eval.statistics.decisions import Difference
from a4eval.statistics.permutation import paired_permutation
from a4eval.statistics.resampled import resample
from a4eval.statistics.weights import JACKKNIFE, Statistic
from a4eval.tasks.charts import forest
from a4eval.tasks.interval_options import IntervalOptions
from a4eval.tasks.metric_set import MetricSet
from a4eval.tasks.watch import leaves_weights_out, metric_called, promised_statistic, say_how_long, unmoved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from a4eval.context import Run


@dataclass
class Compare:
    """Evaluate two readers with the same metrics, test every difference, second minus first, and judge it.

    Both are resampled together, unit by unit, so what they share cancels.
    The p-values are corrected for how many there are, by Holm and by Benjamini and Hochberg: over the values of all
    metrics in the table ``comparison``, over the parts of a metric (classes, say) in ``LABEL/parts``.
    """

    first: Any = param(kind="reader", help="the one set of predictions with its ground truth")
    second: Any = param(kind="reader", help="the other, on the same units")
    metrics: dict[str, Any] = param(
        kind="metric", help="label to metric; each can weigh its units, or shows where the two differ"
    )
    interval: IntervalOptions = param(IntervalOptions(), help="how the intervals of the differences are made")
    permutations: int = param(1000, help="of the paired permutation test; 0 leaves it out", minimum=0)
    prefix: bool = param(False, help="put the label before every name of a metric with many values: label/name")
    rules: Rules = param(Rules(), help="what the second must keep to; with any, the run has a verdict")

    def __post_init__(self) -> None:
        check_ranges(self)
        self._first = MetricSet(self.metrics, self.prefix, self.interval.clusters)
        self._second, self._both = self._first.fresh(), self._first.fresh()
        self._first.check_batch(self.first, "first")
        self._first.check_batch(self.second, "second")
        self.rules.check_no_costs()
        rigid = [label for label, one in self.metrics.items() if not isinstance(one, (Weighable, Contrasted))]
        if rigid or not self._first.weighable():
            rigid = rigid or list(self.metrics)
            raise ValueError(f"metrics.{rigid[0]} cannot weigh its units, so its differences cannot be tested")

    def run(self, run: Run) -> Result:
        """Compare."""
        run.sources_of(self.first, self.second)
        for reader, taken in ((self.first, self._first), (self.second, self._second)):
            taken.take_in(reader, run.track(reader.batches(run), "evaluating"), run)
        if doubt := self.interval.doubt():
            run.warn(doubt)
        result = Result()
        for name, first in self._first.values().items():
            result.metrics[f"{name}/first"] = first
        for name, second in self._second.values().items():
            result.metrics[f"{name}/second"] = second
        differences: dict[str, Value] = {}
        tested: dict[str, Tested] = {}
        pair = Pair()
        say_how_long(self._first.weighable(), 2 * (self.interval.resamples + self.permutations), run)
        for label in run.track(list(self._first.weighable()), "resampling"):
            fed = self._fed(label, run)
            by_name = fed.test(partial(promised_statistic, label), run)
            names = self._first.names(label, fed.first)
            for given, name in names.items():
                first = result.metrics[f"{name}/first"]
                one = tested[name] = by_name[given]
                pair.values[name] = one.compared(higher_is_better=first.higher_is_better)
                differences[f"{name}/difference"] = Value(
                    one.paired.difference, first.unit, first.higher_is_better, first.n, one.paired.interval
                )
            parts = fed.test(lambda metric: metric.compute_parts, run) if isinstance(fed.first, Partitioned) else {}
            if parts:
                direction = next(pair.values[name].higher_is_better for name in names.values())
                pair.parts[label] = {name: one.compared(higher_is_better=direction) for name, one in parts.items()}
                margins = dict.fromkeys(parts, self.rules.parts.get(label, 0.0))
                result.tables[f"{label}/parts"] = _rows(parts, judge(pair.parts[label], margins, self.rules.alpha))
                result.charts[f"{label}/parts"] = forest(f"{label}/parts", f"Second minus first, by part of {label}")
        result.metrics = {**differences, **result.metrics}  # what was asked comes first
        judged = judge(pair.values, self.rules.margins, self.rules.alpha)
        result.tables = {"comparison": _rows(tested, judged), **result.tables}
        result.charts = {"comparison": forest("comparison", "Second minus first"), **result.charts}
        result.tables |= self._first.contrasts(self._second, run)
        if not self.rules.empty:
            candidate = {name: result.metrics[f"{name}/second"] for name in tested}
            limited = {name: (one.value, one.interval) for name, one in candidate.items()}
            result.verdict = verdict(rulings(self.rules, pair, limited))
        return result

    def _fed(self, label: str, run: Run) -> _Fed:
        first, second = self._first.metrics[label], self._second.metrics[label]
        units = np.asarray(first.units)
        if not np.array_equal(units, np.asarray(second.units)):
            only = sorted(set(units.tolist()) ^ set(np.asarray(second.units).tolist()), key=str)
            raise DataError(f"first and second must hold the same units; {only[0]!r} is in one of them only")
        both = self._both.metrics[label] if self.permutations else None
        if both is not None:  # unit i of the first is unit 2 i of both, unit i of the second 2 i + 1
            order = np.argsort(units)
            for which, reader in enumerate((self.first, self.second)):
                for batch in reader.batches(run):
                    found = order[np.searchsorted(units, batch["unit"], sorter=order)]
                    both.update({**batch, "unit": 2 * found + which})
        return _Fed(label, first, second, both, self._first.cluster_labels(first), self.interval, self.permutations)


@dataclass(frozen=True, slots=True)
class Tested:
    """One number under both predictions.

    Args:
        first: under the first.
        second: under the second.
        paired: the difference with its interval and the bootstrap's p-value.
        resampled: the difference under each resample.
        groups: how many units or clusters were drawn.
        permutation: the permutation test's p-value, if it was made.
    """

    first: float
    second: float
    paired: Comparison
    resampled: NDArray[np.float64]
    groups: int
    permutation: float | None

    def compared(self, *, higher_is_better: bool | None) -> Compared:
        """Return it as rules judge it."""
        difference = Difference(self.paired.difference, self.resampled, self.groups, higher_is_better)
        return Compared(
            self.first, self.second, higher_is_better, difference, self.paired.interval, self.paired.p_value
        )


@dataclass
class _Fed:
    """One metric fed with the first predictions, with the second, and with both as units of their own."""

    label: str
    first: Any
    second: Any
    both: Any | None
    clusters: NDArray[Any] | None
    options: IntervalOptions
    permutations: int

    def test(self, statistic: Callable[[Any], Statistic], run: Run) -> dict[str, Tested]:
        """Test every number that *statistic* of the metric gives; the same resamples each time."""
        first, second, n_units = statistic(self.first), statistic(self.second), len(self.first.units)
        once = np.ones((1, n_units))
        one, other = first(once), second(once)
        method = self.options.method or "expanded"
        differences = resample(
            difference_of(first, second),
            n_units,
            self.options.generator(),
            resamples=self.options.resamples,
            clusters=self.clusters,
            jackknife=JACKKNIFE if method == "bca" else 0,
        )
        if unmoved(differences) and leaves_weights_out(difference_of(first, second), n_units, differences.observed):
            who = metric_called(self.label, self.first)
            raise PluginError(f"{who} leaves the weights of its units out, so that its differences cannot be tested")
        permuted: Mapping[str, Comparison] = {}
        if self.both is not None:
            both, places = statistic(self.both), np.asarray(self.both.units)
            permuted = paired_permutation(
                lambda weights: both(weights[:, places]),
                n_units,
                run.generator(2),
                permutations=self.permutations,
                clusters=self.clusters,
            )
        return {
            name: Tested(
                float(one[name][0]),
                float(other[name][0]),
                comparison,
                differences.values[name],
                differences.groups,
                permuted[name].p_value if name in permuted else None,
            )
            for name, comparison in comparisons(differences, self.options.level, method).items()
        }


def _rows(compared: Mapping[str, Tested], judged: Iterable[Judged]) -> list[Row]:
    """Return a row a number, its p-value corrected for how many there are."""
    # the permutation test, where it was made, is the exact one: its p-values are the ones to correct
    p_values = [one.paired.p_value if one.permutation is None else one.permutation for one in compared.values()]
    rows: list[Row] = []
    for (name, one), by_holm, by_rate, found in zip(
        compared.items(), holm(p_values), benjamini_hochberg(p_values), judged, strict=True
    ):
        interval = one.paired.interval
        rows.append(
            {
                "name": name,
                "first": one.first,
                "second": one.second,
                "difference": one.paired.difference,
                "low": interval.low if interval else None,
                "high": interval.high if interval else None,
                "verdict": found.decision.verdict if found.decision else "undecided",
                "alone": found.alone,
                "p_bootstrap": one.paired.p_value,
                "p_permutation": one.permutation,
                "p_holm": float(by_holm),
                "p_benjamini_hochberg": float(by_rate),
                "detectable": found.decision.detectable if found.decision else None,
                "more_units": found.decision.more_units if found.decision else None,
                "more_resamples": found.decision.more_resamples if found.decision else None,
            }
        )
    return rows
