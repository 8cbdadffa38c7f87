"""The confusion matrix of a detector: which class was found where which class is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.detections.data import EVERY_AREA, CocoParameters
from a4eval_ap_metric.matching.coco import match
from a4eval_ap_metric.matching.outcomes import outcomes

if TYPE_CHECKING:
    from a4eval_ap_metric.detections.data import DetectionData


def confusion_matrix(data: DetectionData, *, threshold: float = 0.5, score: float = 0.0) -> NDArray[np.int64]:
    """Count truths by their class and the class of the detection that has them.

    Detections take turns by score, whatever their class; each takes the free truth of its image that it overlaps most.
    What lies in a crowd counts for nothing.

    Args:
        data: ground truth and detections.
        threshold: the IoU from which a detection has a truth.
        score: leave out detections below.

    Returns:
        (k + 1, k + 1) int64: row the true class, column the detected one; the last row is detections without a truth,
        the last column truths without a detection.
    """
    true, detected, count = confusion_counts(data, threshold=threshold, score=score)
    counts = np.zeros((data.n_classes + 1, data.n_classes + 1), np.int64)
    counts[true, detected] = count
    return counts


def confusion_counts(data: DetectionData, *, threshold: float = 0.5, score: float = 0.0) -> NDArray[np.int64]:
    """Return what is not 0 in :func:`confusion_matrix`, whose arguments are the same, row after row.

    Returns:
        (3, m) int64: true class, class detected, and how often; the number of classes stands for none.
    """
    found = confused(data, threshold=threshold, score=score)
    true = np.concatenate([found.truth, found.missed])
    none = data.n_classes
    return summed_counts(
        np.concatenate([data.truth_class[true], np.full(len(found.alone), none)]),
        np.concatenate(
            [
                data.detection_class[found.detection],
                np.full(len(found.missed), none),
                data.detection_class[found.alone],
            ]
        ),
        np.ones(len(true) + len(found.alone), np.int64),
        none,
    )


def summed_counts(
    true: NDArray[np.integer], detected: NDArray[np.integer], count: NDArray[np.int64], n_classes: int
) -> NDArray[np.int64]:
    """Return counts as :func:`confusion_counts` has them, those of the same two classes summed up."""
    cell, place = np.unique(true.astype(np.int64) * (n_classes + 1) + detected, return_inverse=True)
    total = np.zeros(len(cell), np.int64)
    np.add.at(total, place, count)
    return np.array([*np.divmod(cell, n_classes + 1), total])


@dataclass(frozen=True, slots=True, eq=False)
class Confused:
    """Who has whom, whatever their classes; all are input rows.

    Args:
        truth: (p,) truths that a detection has.
        detection: (p,) the detection of each.
        alone: (n,) detections that have none.
        missed: (m,) truths that none has.
    """

    truth: NDArray[np.intp]
    detection: NDArray[np.intp]
    alone: NDArray[np.intp]
    missed: NDArray[np.intp]


def confused(data: DetectionData, *, threshold: float = 0.5, score: float = 0.0) -> Confused:
    """Say which detection has which truth, as :func:`confusion_matrix` counts them; its arguments are the same."""
    kept = np.flatnonzero(data.detection_score >= score)
    together = replace(
        data.with_detections(kept),
        n_classes=1,
        truth_class=np.zeros_like(data.truth_class),
        detection_class=np.zeros(len(kept), np.int64),
    )
    matches = match(together, CocoParameters((threshold,), areas=(EVERY_AREA,), max_detections=(max(len(kept), 1),)))
    right = ~matches.truth_ignored[0][matches.truth]
    truth = matches.truth_row[matches.truth[right]]
    found = outcomes(matches)
    missed = ~data.truth_crowd
    missed[truth] = False
    return Confused(
        truth=truth,
        detection=kept[matches.detection[matches.position[right]]],
        alone=kept[found.detection[~found.hit]],
        missed=np.flatnonzero(missed),
    )
