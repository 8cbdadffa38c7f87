"""The task ``check_metric``: does this metric do what every metric must?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from a4eval.checks.metrics.case import MetricCase
from a4eval.checks.metrics.suite import check_metric
from a4eval.checks.metrics.units import copied, count
from a4eval.component import param
from a4eval.errors import DataError
from a4eval.tasks.findings import result_of

if TYPE_CHECKING:
    from a4eval.context import Run
    from a4eval.contracts import Result


@dataclass
class CheckMetric:
    """Hold a metric against what every metric must do, on a reader's data, and give a verdict.

    Shards merged in any order and split, batches of any size, weights against the data they stand for, the order of
    units, values asked for twice and in between, inputs, copies, pickling, names, tables, no data, NaN; and, where the
    metric or the reader has ``stupid_predictions``, the truth and a constant against chance.

    The table ``checks`` has a row a check: verdict, error and bound, where, what it means and what to look at.
    """

    metric: Any = param(kind="metric", help="the metric")
    data: Any = param(kind="reader", help="where the batches come from; a few units are enough")

    def __post_init__(self) -> None:
        if self.metric.batch != self.data.batch:
            taken = f"metric takes {self.metric.batch!r} batches"
            raise ValueError(f"{taken}, but data gives {self.data.batch!r} batches")

    def run(self, run: Run) -> Result:
        """Check."""
        run.sources_of(self.data)
        batches = [copied(batch) for batch in self.data.batches(run)]
        batches = [batch for batch in batches if count(batch)]
        if not batches:
            raise DataError("the data holds no unit, so there is nothing to check the metric on")
        case = MetricCase(self.metric, batches, run.seed, self.data)
        findings = list(check_metric(case, lambda checks: run.track(checks, "checking")))
        return result_of(findings)
