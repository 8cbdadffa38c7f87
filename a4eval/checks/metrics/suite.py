"""All checks of a metric, in the order they are reported in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.checks.metrics import gaps, merging, predictions, purity, weighing
from a4eval.checks.question import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from a4eval.checks.finding import Finding
    from a4eval.checks.metrics.case import MetricCase

CHECKS: tuple[Question[MetricCase], ...] = (
    Question("names", purity.naming),
    Question("compute_twice", purity.twice),
    Question("inputs_unchanged", purity.unchanged),
    Question("fresh", merging.fresh),
    Question("update", merging.updating),
    Question("merge", merging.merging),
    Question("merge_keeps", merging.kept),
    Question("pickle", merging.pickled),
    Question("order", weighing.order),
    Question("weights", weighing.weighing),
    Question("compute_many", weighing.many),
    Question("tables", purity.tables),
    Question("empty", gaps.empty),
    Question("one_unit", gaps.one_unit),
    Question("missing", gaps.missing),
    Question("ties", predictions.ties),
    Question("predictions", predictions.stupid),
)


def check_metric(
    case: MetricCase, track: Callable[[Iterable[Question[MetricCase]]], Iterable[Question[MetricCase]]] = iter
) -> Iterator[Finding]:
    """Yield what each check finds."""
    for check in track(CHECKS):
        yield check.ask(case)
