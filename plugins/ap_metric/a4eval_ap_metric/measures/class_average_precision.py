"""The average precision of each class from what became of its detections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.measures.coco import mean_where_defined
from a4eval_ap_metric.rankings.average_precision import average_precision_of_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.matching.outcomes import VocMatches
    from a4eval_ap_metric.rankings.average_precision import Interpolation


def _average_precision(
    of_class: NDArray[np.intp],
    score: NDArray[np.float64],
    hit: NDArray[np.bool_],
    truths: NDArray[Any],
    n_truth: NDArray[Any],
) -> float:
    order = np.lexsort((-score, of_class))
    bounds = np.searchsorted(of_class[order], np.arange(len(n_truth) + 1))
    hit = hit[order]
    # a class whose truths were all put aside has nothing to find: 0 if it has detections
    values = np.where((truths > 0) & (np.diff(bounds) > 0), 0.0, np.nan)
    for index in np.flatnonzero(n_truth > 0):
        hits = np.cumsum(hit[bounds[index] : bounds[index + 1]], dtype=np.int64)
        ranks = np.arange(1, len(hits) + 1)
        values[index] = average_precision_of_points(hits, ranks, int(n_truth[index]), "101_point")
    return mean_where_defined(values)


def voc_average_precision(
    matches: VocMatches, n_classes: int, interpolation: Interpolation, weights: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Return the average precision of each class: (k,) float64, NaN for a class without truths that count.

    Args:
        matches: from :func:`voc_match`.
        n_classes: how many classes.
        interpolation: ``11_point`` (VOC 2007), ``every_point`` (VOC 2010 and later), ``step`` or ``101_point``.
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
    bounds = np.searchsorted(matches.detection_class[row], np.arange(n_classes + 1))
    values = np.full(n_classes, np.nan)
    for index in np.flatnonzero(truths):
        hits = np.cumsum(matches.hit[row[bounds[index] : bounds[index + 1]]], dtype=np.int64)
        ranks = np.arange(1, len(hits) + 1)
        values[index] = average_precision_of_points(hits, ranks, int(truths[index]), interpolation, exact=False)
    return values
