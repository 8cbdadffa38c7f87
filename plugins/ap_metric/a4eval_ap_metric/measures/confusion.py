"""The confusion matrix of a detector: which class was found where which class is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from a4eval_ap_metric.detections.data import EVERY_AREA, CocoParameters, DetectionData
from a4eval_ap_metric.matching.coco import match
from a4eval_ap_metric.matching.outcomes import outcomes

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    kept = data.detection_score >= score
    together = replace(
        data.with_detections(kept),
        n_classes=1,
        truth_class=np.zeros_like(data.truth_class),
        detection_class=np.zeros(int(kept.sum()), np.int64),
    )
    most = max(int(kept.sum()), 1)
    matches = match(together, CocoParameters((threshold,), areas=(EVERY_AREA,), max_detections=(most,)))
    detected = data.detection_class[kept]
    n = data.n_classes
    counts = np.zeros((n + 1, n + 1), np.int64)
    right = ~matches.truth_ignored[0][matches.truth]
    truth = matches.truth_row[matches.truth[right]]
    detection = matches.detection[matches.position[right]]
    np.add.at(counts, (data.truth_class[truth], detected[detection]), 1)
    found = outcomes(matches)
    counts[n, :n] = np.bincount(detected[found.detection[~found.hit]], minlength=n)
    missed = ~data.truth_crowd
    missed[truth] = False
    counts[:n, n] = np.bincount(data.truth_class[missed], minlength=n)
    return counts
