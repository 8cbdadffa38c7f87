"""All checks of a metric, in the order they are reported in."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from a4eval.checks.finding import Finding, crashed
from a4eval.checks.metrics import gaps, merging, predictions, purity, weighing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from a4eval.checks.metrics.case import MetricCase


class MetricCheck(NamedTuple):
    """A check by name."""

    name: str
    run: Callable[[MetricCase], Finding]


CHECKS = (
    MetricCheck("names", purity.naming),
    MetricCheck("compute_twice", purity.twice),
    MetricCheck("inputs_unchanged", purity.unchanged),
    MetricCheck("fresh", merging.fresh),
    MetricCheck("update", merging.updating),
    MetricCheck("merge", merging.merging),
    MetricCheck("merge_keeps", merging.kept),
    MetricCheck("pickle", merging.pickled),
    MetricCheck("order", weighing.order),
    MetricCheck("weights", weighing.weighing),
    MetricCheck("compute_many", weighing.many),
    MetricCheck("tables", purity.tables),
    MetricCheck("empty", gaps.empty),
    MetricCheck("one_unit", gaps.one_unit),
    MetricCheck("missing", gaps.missing),
    MetricCheck("ties", predictions.ties),
    MetricCheck("predictions", predictions.stupid),
)


def check_metric(
    case: MetricCase, track: Callable[[Iterable[MetricCheck]], Iterable[MetricCheck]] = iter
) -> Iterator[Finding]:
    """Yield what each check finds."""
    for check in track(CHECKS):
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                # a check gives what no user would: what the metric thinks of it is not news
                warnings.simplefilter("ignore")
                yield check.run(case)
        except Exception as error:  # noqa: BLE001  (a stranger's metric may raise anything)
            yield crashed(check.name, error)
