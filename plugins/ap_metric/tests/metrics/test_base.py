"""What the metrics of detections doubt: more objects than may be found, classes of one image."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import build


def crowded(n, *, images=1):
    """Return images with n objects each, all found."""
    box = np.array([[20.0 * one, 0, 10, 10] for one in range(n)] * images)
    unit = np.repeat(np.arange(images), n)
    return {
        "unit": np.arange(images),
        "truth_unit": unit,
        "truth_class": np.zeros(len(unit), int),
        "truth_box": box,
        "truth_area": np.full(len(unit), 100.0),
        "truth_crowd": np.zeros(len(unit), bool),
        "detection_unit": unit,
        "detection_class": np.zeros(len(unit), int),
        "detection_box": box,
        "detection_score": np.ones(len(unit)),
    }


@pytest.mark.parametrize(
    "node",
    [
        {"name": "coco_detection", "max_detections": [1, 10]},
        {"name": "detection_f1", "max_detections": 10},
        {"name": "detection_calibration", "max_detections": 10},
        {"name": "detection_average_precision", "matching": "coco", "max_detections": 10},
        {"name": "tide", "max_detections": 10},
    ],
)
def test_more_objects_than_detections_count(node):
    metric = build("metric", node)
    metric.update(crowded(40))
    words = r"up to 40 objects of a class, and 10 detections count \(1 .*\): no more than 0\.25 of all objects"
    with pytest.warns(UserWarning, match=words):
        metric.compute()
    metric.compute()  # once is enough
    enough = build("metric", node)
    enough.update(crowded(10))
    enough.compute()


def test_a_class_in_one_image_has_no_honest_interval():
    metric = build("metric", "coco_detection")
    metric.update(crowded(3, images=4))
    batch = crowded(3)
    metric.update(batch | {"unit": np.array([9]), "truth_class": np.ones(3, int), "detection_class": np.ones(3, int)})
    weights = np.ones((60, 5))
    with pytest.warns(UserWarning, match="1 of 2 classes, such as '1', are in one image alone"):
        metric.compute_many(weights)
    metric.compute_many(weights)
    several = build("metric", "coco_detection")
    several.update(crowded(3, images=4))
    several.compute_many(np.ones((60, 4)))
