"""The confusion matrix, by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric import (
    DetectionData,
    confusion_matrix,
)

from a4eval import build

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


@pytest.mark.parametrize("spread", [1, 100_000])
def test_the_table_holds_what_is_not_0_however_many_classes_there_are(spread):
    """A square of 200,000 classes would take 300 GB."""
    data = plain(3)
    metric = build("metric", {"name": "confusion_matrix", "score": 0.0})
    classes = np.arange(data.n_classes) * spread
    for image in range(data.n_units):
        truth, found = data.truth_unit == image, data.detection_unit == image
        metric.update(
            {
                "unit": np.array([image]),
                "class": np.arange(classes[-1] + 1),
                "class_name": np.arange(classes[-1] + 1).astype(str),
                **{name: getattr(data, name)[truth] for name in ("truth_box", "truth_area", "truth_crowd")},
                **{name: getattr(data, name)[found] for name in ("detection_box", "detection_score")},
                "truth_unit": np.zeros(truth.sum(), int),
                "detection_unit": np.zeros(found.sum(), int),
                "truth_class": classes[data.truth_class[truth]],
                "detection_class": classes[data.detection_class[found]],
            }
        )
    expected = brute_force_confusion(data, 0.5, 0.0)
    names = [*classes.astype(str).tolist(), "background"]
    assert metric.tables()["confusion"] == [
        {
            "truth": names[row],
            "detected": names[column],
            "count": expected[row, column],
            "share": expected[row, column] / expected[row].sum(),
        }
        for row, column in zip(*expected.nonzero(), strict=True)
    ]
