"""COCO's numbers from matches: the twelve statistics, and the full precision, recall and score arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.measures.curves import (
    Hits,
    detection_ranks,
    hits_by_area,
    precision_at_recalls,
    scores_at_recalls,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval_ap_metric.detections.data import CocoParameters
    from a4eval_ap_metric.matching.coco import Matches


@dataclass(frozen=True, slots=True, eq=False)
class CocoArrays:
    """What pycocotools calls ``eval``; NaN (there −1) for a class without truths that count.

    Args:
        precision: (thresholds, recalls, classes, areas, max_detections) float64.
        recall: (thresholds, classes, areas, max_detections) float64.
        scores: like precision: the score that reaches the recall level.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    scores: NDArray[np.float64]


def coco_arrays(matches: Matches) -> CocoArrays:
    """Return all precisions, recalls and scores, bit-identical to ``COCOeval.accumulate`` but for NaN instead of −1.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
    """
    parameters = matches.parameters
    recalls = np.array(parameters.recalls)
    shape = (len(parameters.thresholds), matches.n_classes, len(parameters.areas), len(parameters.max_detections))
    recall = np.empty(shape)
    precision = np.empty((shape[0], len(recalls), *shape[1:]))
    scores = np.empty(precision.shape)
    ranks = detection_ranks(matches)
    for last, maximum in enumerate(parameters.max_detections):
        kept = ranks < maximum if last < len(parameters.max_detections) - 1 else None
        for area, found in enumerate(hits_by_area(matches, kept)):
            recall[:, :, area, last] = recall_of(found)
            precision[:, :, :, area, last] = precision_at_recalls(found, recalls)
            scores[:, :, :, area, last] = scores_at_recalls(found, recalls, matches, kept)
    return CocoArrays(precision, recall, scores)


def recall_of(found: Hits, maximum: int | None = None) -> NDArray[np.float64]:
    """Return the recall reached: (t, k) float64, NaN for a class without truths that count.

    Args:
        found: the true positives.
        maximum: count only the first so many detections of each image and class.
    """
    n_classes = len(found.n_truth)
    per_segment = found.per_segment
    if maximum is not None:
        per_segment = np.bincount(found.segment[found.rank < maximum], minlength=len(per_segment))
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN we want
        recall: NDArray[np.float64] = per_segment.reshape(found.n_thresholds, n_classes) / found.n_truth
    return recall


def statistic_names(parameters: CocoParameters, areas: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the statistics, in pycocotools' order for COCO's own parameters.

    Args:
        parameters: thresholds, areas and maxima of detections.
        areas: the names of the area ranges after the first.

    >>> from a4eval_ap_metric.detections.data import COCO
    >>> statistic_names(COCO, ["s", "m", "l"])
    ('AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'ARs', 'ARm', 'ARl')
    """
    at = [f"AP{100 * one:g}" for one in single_thresholds(parameters)]
    maxima = [f"AR{one}" for one in parameters.max_detections]
    return ("AP", *at, *(f"AP{one}" for one in areas), *maxima, *(f"AR{one}" for one in areas))


def coco_statistics(matches: Matches) -> NDArray[np.float64]:
    """Return the statistics in the order of :func:`statistic_names`; NaN where no class has a truth that counts.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.

    Returns:
        (12,) float64 for COCO's parameters, bit-identical to ``COCOeval.summarize``.
    """
    parameters = matches.parameters
    recalls = np.array(parameters.recalls)
    found = list(hits_by_area(matches))
    precision = precision_at_recalls(found[0], recalls)
    single = [precision[parameters.thresholds.index(one)] for one in single_thresholds(parameters)]
    average_precisions = [precision, *single, *(precision_at_recalls(one, recalls) for one in found[1:])]
    maxima = [*parameters.max_detections[:-1], None]
    average_recalls = [*(recall_of(found[0], one) for one in maxima), *(recall_of(one) for one in found[1:])]
    return np.array([mean_where_defined(one) for one in (*average_precisions, *average_recalls)])


def mean_where_defined(values: NDArray[np.float64]) -> float:
    """Return the mean of what is not NaN, or NaN if nothing is."""
    defined = values[~np.isnan(values)]
    return float(np.mean(defined)) if len(defined) else float("nan")


def single_thresholds(parameters: CocoParameters) -> list[float]:
    """Return which of 0.5 and 0.75 have a statistic of their own: those that are among several thresholds."""
    return [one for one in (0.5, 0.75) if one in parameters.thresholds and len(parameters.thresholds) > 1]
