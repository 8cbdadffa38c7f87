"""YOLO's own AP against its definition, written out for one detection after another."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from a4eval import ConfigError, build

from ..coco_cases import arrays_of_case, awkward_case
from .test_coco import batch_of

THRESHOLDS = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]


def iou(one, other):
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    overlap = max(width, 0) * max(height, 0)
    return overlap / (one[2] * one[3] + other[2] * other[3] - overlap)


def right_detections(data, threshold):
    """Each detection wants the truth of its image and class that it overlaps most; a truth goes to the best score."""
    right = np.zeros(len(data.detection_score), bool)
    given = set()
    for row in np.lexsort((np.arange(len(right)), data.detection_unit, -data.detection_score)):
        unit, of_class = data.detection_unit[row], data.detection_class[row]
        overlaps = {
            truth: iou(data.detection_box[row], data.truth_box[truth])
            for truth in range(len(data.truth_unit))
            if data.truth_unit[truth] == unit and data.truth_class[truth] == of_class
        }
        best = max(overlaps, key=lambda one: (overlaps[one], -one), default=None)
        if best is not None and overlaps[best] >= threshold and best not in given:
            given.add(best)
            right[row] = True
    return right


def area_under_lines(right, n_truth, *, ramp):
    """Precision is read on straight lines between (recall, highest precision from there on), at 101 levels."""
    if not len(right):
        return 0.0
    points, found = [(0.0, 1.0)], 0
    for rank, one in enumerate(right, 1):
        found += int(one)
        points.append((found / n_truth, found / rank))
    if not ramp:
        points.append((points[-1][0], 0.0))
    points.append((1.0, 0.0))
    highest = [max(precision for _, precision in points[place:]) for place in range(len(points))]
    read = []
    for level in np.linspace(0, 1, 101):
        place = max(index for index, (recall, _) in enumerate(points) if recall <= level)
        if place == len(points) - 1:
            read.append(highest[-1])
            continue
        (left, _), (far, _) = points[place], points[place + 1]
        read.append(highest[place] + (level - left) / (far - left) * (highest[place + 1] - highest[place]))
    return sum((first + second) / 2 * 0.01 for first, second in itertools.pairwise(read))


@pytest.mark.parametrize("interpolation", ["yolo", "yolo_ramp"])
@pytest.mark.parametrize("seed", range(25))
def test_the_definition(interpolation, seed):
    case = awkward_case(np.random.default_rng(seed))
    for one in case["annotations"]:
        one["iscrowd"] = 0  # YOLO knows none
    data = arrays_of_case(case)
    values = []
    for threshold in THRESHOLDS:
        right = right_detections(data, threshold)
        order = np.lexsort((np.arange(len(right)), data.detection_unit, -data.detection_score))
        of_class = [
            area_under_lines(right[order][data.detection_class[order] == one], n, ramp=interpolation == "yolo_ramp")
            for one, n in enumerate(np.bincount(data.truth_class, minlength=data.n_classes))
            if n
        ]
        values.append(np.mean(of_class) if of_class else np.nan)
    node = {"name": "detection_average_precision", "interpolation": interpolation, "extra_pixel": False}
    for thresholds, expected in ([0.5], values[0]), (THRESHOLDS, np.mean(values)):
        metric = build("metric", node | {"thresholds": thresholds})
        metric.update(batch_of(case, [one["id"] for one in case["images"]]))
        assert metric.compute()["mean_average_precision"].value == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_thresholds_are_checked():
    for given, message in (
        ([], "thresholds: got none"),
        ([0.5, 1.5], r"thresholds\[1\]: got 1.5, expected above 0 and at most 1"),
    ):
        with pytest.raises(ConfigError, match=message):
            build("metric", {"name": "detection_average_precision", "thresholds": given})
