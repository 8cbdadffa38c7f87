"""The confusion matrix, by brute force."""

from __future__ import annotations

import numpy as np
from a4eval_ap_metric import (
    DetectionData,
    confusion_matrix,
)

from ..brute_force import iou, plain


def brute_force_confusion(data: DetectionData, threshold: float, score: float):
    counts = np.zeros((data.n_classes + 1, data.n_classes + 1), int)
    free = set(range(len(data.truth_unit)))
    for row in np.argsort(-data.detection_score):
        if data.detection_score[row] < score:
            continue
        near = [g for g in free if data.truth_unit[g] == data.detection_unit[row]]
        best = max(near, key=lambda g: iou(data.detection_box[row], data.truth_box[g]), default=None)
        if best is not None and iou(data.detection_box[row], data.truth_box[best]) >= threshold:
            free.remove(best)
            counts[data.truth_class[best], data.detection_class[row]] += 1
        else:
            counts[-1, data.detection_class[row]] += 1
    for g in free:
        counts[data.truth_class[g], -1] += 1
    return counts


def test_confusion_matrix_by_brute_force():
    for seed in range(100):
        data = plain(seed)
        for score in (0.0, 0.4):
            got = confusion_matrix(data, threshold=0.5, score=score)
            np.testing.assert_array_equal(got, brute_force_confusion(data, 0.5, score), err_msg=f"seed {seed}")
