"""The metric detection_average_precision."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric import (
    DetectionData,
    voc_average_precision,
    voc_match,
)

from a4eval import ConfigError, build

from ..coco_cases import arrays_of_case, awkward_case
from ..shared_data import SHARED
from ..voc_cases import evaluated, voc_folder

TOY = SHARED / "padilla_toy"
TOY_VALUES = {
    (0.1, "11_point"): 0.3333333333333333,
    (0.1, "every_point"): 0.33719806763285026,
    (0.3, "11_point"): 0.26839826839826836,
    (0.3, "every_point"): 0.24568668046928915,
    (0.5, "11_point"): 0.030303030303030304,
    (0.5, "every_point"): 0.022222222222222223,
    (0.75, "11_point"): 0.0,
    (0.75, "every_point"): 0.0,
}


@pytest.mark.skipif(not TOY.exists(), reason="the toy data is not there")
@pytest.mark.parametrize(("threshold", "interpolation"), TOY_VALUES)
def test_the_toy_gives_the_published_values(tmp_path, threshold, interpolation):
    reader = {
        "name": "box_text",
        "ground_truth": str(TOY / "groundtruths"),
        "detections": str(TOY / "detections"),
        "format": "xywh",
        "relative": False,
        "score": "second",
    }
    value, result, _ = evaluated(tmp_path, reader, threshold=threshold, interpolation=interpolation)
    assert value == pytest.approx(TOY_VALUES[threshold, interpolation], abs=1e-15)
    assert result.tables["voc"][0]["truths"] == 15
    assert result.tables["voc"][0]["detections"] == 24


def test_weights_are_copies_of_images():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        data = arrays_of_case(awkward_case(rng))
        weights = rng.integers(0, 4, data.n_units)
        truth, found = (np.repeat(np.arange(len(u)), weights[u]) for u in (data.truth_unit, data.detection_unit))

        def copies(unit, rows, weights=weights):
            start = np.cumsum(weights) - weights
            which = np.concatenate([np.arange(weights[unit[row]]) for row in np.unique(rows)] or [rows])
            return start[unit[rows]] + which.astype(int)

        repeated = DetectionData(
            n_units=max(int(weights.sum()), 1),
            n_classes=data.n_classes,
            truth_unit=copies(data.truth_unit, truth),
            truth_class=data.truth_class[truth],
            truth_box=data.truth_box[truth],
            truth_area=data.truth_area[truth],
            truth_crowd=data.truth_crowd[truth],
            detection_unit=copies(data.detection_unit, found),
            detection_class=data.detection_class[found],
            detection_box=data.detection_box[found],
            detection_score=data.detection_score[found],
        )
        got = voc_average_precision(voc_match(data), data.n_classes, "every_point", weights)
        expected = voc_average_precision(voc_match(repeated), data.n_classes, "every_point")
        np.testing.assert_allclose(got, expected, atol=1e-14, err_msg=f"seed {seed}")


def test_the_extra_pixel_decides_at_the_threshold(tmp_path):
    # 10 × 10 pixels against 10 × 5: IoU 1/2 with inclusive edges, 9 × 4 / 81 without
    reader = voc_folder(tmp_path, "000001 0.9 10 10 19 14\n")
    assert evaluated(tmp_path, reader, extra_pixel=True)[0] == 0.5
    assert evaluated(tmp_path, reader, extra_pixel=False)[0] == 0


def test_a_bad_threshold_is_refused():
    with pytest.raises(ConfigError, match="threshold: got 0"):
        build("metric", {"name": "detection_average_precision", "threshold": 0.0})
