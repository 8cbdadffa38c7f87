"""Six kinds of errors of a detector and the AP each costs (TIDE).

Source: Bolya et al. 2020, *TIDE: A General Toolbox for Identifying Object Detection Errors* (arXiv:2008.08115).
AP is COCO's 101-point one at the foreground threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from a4eval_ap_metric.matching.federated import best_of_images
from a4eval_ap_metric.measures.class_average_precision import class_average_precision
from a4eval_ap_metric.measures.coco import mean_where_defined
from a4eval_ap_metric.measures.errors import CLASS, KINDS, errors_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData

Limit: TypeAlias = Literal["class", "image"]


@dataclass(frozen=True, slots=True)
class Tide:
    """The errors.

    Args:
        average_precision: as it is.
        count: how many errors of each of :data:`KINDS`.
        cost: how much higher AP would be with the errors of that kind alone put right; as published, never below 0.
        false_positive_cost: with all false positives gone.
        false_negative_cost: with all truths that were not found gone.
    """

    average_precision: float
    count: dict[str, int]
    cost: dict[str, float]
    false_positive_cost: float
    false_negative_cost: float


def tide_errors(
    data: DetectionData,
    *,
    foreground: float = 0.5,
    background: float = 0.1,
    max_detections: int = 100,
    limit: Limit = "class",
    absent_classes: bool = False,
) -> Tide:
    """Sort the errors of a detector by kind.

    Args:
        data: ground truth and detections.
        foreground: the IoU from which a detection is right.
        background: the IoU up to which a detection is on nothing.
        max_detections: the best so many count.
        limit: of each ``class`` of an image, as in COCO; or of each ``image`` whatever their classes, as in tidecv.
        absent_classes: classes that have detections and no truth enter the mean with an AP of 0, as in tidecv; else
            they take no part, as in COCO.
    """
    if limit == "image":
        data = data.with_detections(best_of_images(data, max_detections))
    errors = errors_of(data, foreground=foreground, background=background, max_detections=max_detections)
    found, kind, target, winner, missed = errors.found, errors.kind, errors.target, errors.winner, errors.missed
    truths = found.n_truth(data.n_classes)
    mean = partial(_average_precision, absent_classes=absent_classes)
    base = mean(found.detection_class, found.score, found.hit, truths, truths)
    cost = {}
    for index, name in enumerate(KINDS[:5]):
        mine = kind == index
        fixed = mine & winner
        of_class = found.detection_class
        if index == CLASS:
            of_class = of_class.copy()
            of_class[fixed] = data.truth_class[target[fixed]]
        kept = ~mine | fixed
        value = mean(of_class[kept], found.score[kept], (found.hit | fixed)[kept], truths, truths)
        cost[name] = max(value - base, 0.0)
    left = truths - np.bincount(data.truth_class[missed], minlength=data.n_classes)
    cost["missed"] = max(mean(found.detection_class, found.score, found.hit, truths, left) - base, 0.0)
    count = {name: int(np.count_nonzero(kind == index)) for index, name in enumerate(KINDS[:5])}
    right = found.hit
    # behind all the others, false positives cost nothing
    without_false = mean(found.detection_class, np.where(right, found.score, -np.inf), right, truths, truths)
    hits = np.bincount(found.detection_class[right], minlength=data.n_classes)
    all_found = mean(found.detection_class, found.score, found.hit, truths, np.where(truths > 0, hits, 0))
    return Tide(base, count | {"missed": int(missed.sum())}, cost, without_false - base, all_found - base)


def _average_precision(
    of_class: NDArray[np.integer[Any]],
    score: NDArray[np.float64],
    hit: NDArray[np.bool_],
    truths: NDArray[Any],
    left: NDArray[Any],
    *,
    absent_classes: bool,
) -> float:
    """Return the mean over the classes that have *truths*, where only *left* of them are to be found."""
    order = np.lexsort((-score, of_class))
    values = class_average_precision(of_class[order], hit[order], left, "101_point")
    # a class whose truths were all put aside has nothing to find: 0 if it has detections
    detected = np.bincount(of_class, minlength=len(truths)) > 0
    values[(left == 0) & detected & ((truths > 0) | absent_classes)] = 0.0
    return mean_where_defined(values)
