"""The average precision of each class from what became of its detections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.rankings.average_precision import average_precision_of_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.matching.outcomes import Outcomes
    from a4eval_ap_metric.rankings.average_precision import Interpolation


def voc_average_precision(
    matches: Outcomes, n_classes: int, interpolation: Interpolation, weights: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Return the average precision of each class: (k,) float64, NaN for a class without truths that count.

    Args:
        matches: from :func:`a4eval_ap_metric.voc_match`.
        n_classes: how many classes.
        interpolation: as for :func:`a4eval_ap_metric.average_precision`; levels are compared in floating point.
        weights: (n_units,) how often each image counts, copies standing side by side.
    """
    row = np.flatnonzero(matches.counted)
    truths = np.bincount(matches.truth_class, None if weights is None else weights[matches.truth_unit], n_classes)
    if weights is not None:
        times = weights[matches.unit[row]]
        copy = np.arange(int(times.sum())) - np.repeat(np.cumsum(times) - times, times)
        row = np.repeat(row, times)
        keys = (row, copy, matches.unit[row], -matches.score[row], matches.detection_class[row])
        row = row[np.lexsort(keys)]
    return class_average_precision(matches.detection_class[row], matches.hit[row], truths, interpolation)


def class_average_precision(
    of_class: NDArray[np.integer[Any]], hit: NDArray[np.bool_], n_truth: NDArray[Any], interpolation: Interpolation
) -> NDArray[np.float64]:
    """Return the average precision of each class: (k,) float64, NaN for a class without truths.

    Args:
        of_class: (n,) class of each detection, ascending; within a class by score.
        hit: (n,) bool: true positives.
        n_truth: (k,) how many truths each class has.
        interpolation: as for :func:`a4eval_ap_metric.average_precision`; levels are compared in floating point.

    >>> class_average_precision(np.array([0, 0]), np.array([True, False]), np.array([2, 0]), "step")
    array([0.5, nan])
    """
    bounds = np.searchsorted(of_class, np.arange(len(n_truth) + 1))
    values = np.full(len(n_truth), np.nan)
    for index in np.flatnonzero(n_truth):
        hits = np.cumsum(hit[bounds[index] : bounds[index + 1]], dtype=np.int64)
        ranks = np.arange(1, len(hits) + 1)
        values[index] = average_precision_of_points(hits, ranks, int(n_truth[index]), interpolation, exact=False)
    return values
