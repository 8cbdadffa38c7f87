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
    found = confused(data, threshold=threshold, score=score)
    n = data.n_classes
    counts = np.zeros((n + 1, n + 1), np.int64)
    true, detected = data.truth_class[found.truth], data.detection_class[found.detection]
    np.add.at(counts, (true, detected), 1)
    counts[n, :n] = np.bincount(data.detection_class[found.alone], minlength=n)
    counts[:n, n] = np.bincount(data.truth_class[found.missed], minlength=n)
    return counts


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
