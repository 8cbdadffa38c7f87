"""COCO's matching: equal to pycocotools, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from a4eval_ap_metric import (
    CocoParameters,
    DetectionData,
    coco_arrays,
    coco_statistics,
    match,
)
from a4eval_ap_metric.matching import coco as matching
from a4eval_ap_metric.matching import greedy, pairs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..coco_cases import arrays_of_case, awkward_case, dropped_nan, pycocotools_evaluation


@settings(max_examples=2100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1), many=st.sampled_from([False] * 19 + [True]))
def test_bit_identical_to_pycocotools_on_awkward_cases(seed, many):
    pytest.importorskip("pycocotools", reason="pycocotools is the reference")
    case = awkward_case(np.random.default_rng(seed), many=many)
    expected = pycocotools_evaluation(case)
    matches = match(arrays_of_case(case))
    np.testing.assert_array_equal(dropped_nan(coco_statistics(matches)), expected.stats)
    arrays = coco_arrays(matches)
    for name in ("precision", "recall", "scores"):
        np.testing.assert_array_equal(dropped_nan(getattr(arrays, name)), expected.eval[name], err_msg=name)


def test_other_parameters_equal_pycocotools_too():
    pytest.importorskip("pycocotools", reason="pycocotools is the reference")
    parameters = CocoParameters(
        thresholds=(0.0, 0.3, 0.5, 1.0),
        recalls=(0.0, 0.25, 0.5, 1.0),
        areas=((0.0, 1e10), (100.0, 400.0), (300.0, 2000.0)),
        max_detections=(2, 5, 50),
    )
    for seed in range(150):
        case = awkward_case(np.random.default_rng(seed), many=seed % 15 == 0)
        expected = pycocotools_evaluation(
            case,
            iouThrs=np.array(parameters.thresholds),
            recThrs=np.array(parameters.recalls),
            areaRng=[list(one) for one in parameters.areas],
            areaRngLbl=["all", "x", "y"],
            maxDets=list(parameters.max_detections),
        )
        arrays = coco_arrays(match(arrays_of_case(case), parameters))
        for name in ("precision", "recall", "scores"):
            got = dropped_nan(getattr(arrays, name))
            np.testing.assert_array_equal(got, expected.eval[name], err_msg=f"seed {seed}: {name}")


def crowded(seed):
    """Return one class with many overlapping objects in many images: matching in rounds."""
    rng = np.random.default_rng(seed)
    n, d = 300, 900
    truth_box = np.concatenate([rng.integers(0, 20, (n, 2)), rng.integers(20, 40, (n, 2))], axis=1).astype(float)
    box = np.concatenate([rng.integers(0, 20, (d, 2)), rng.integers(20, 40, (d, 2))], axis=1).astype(float)
    return DetectionData(
        n_units=20,
        n_classes=2,
        truth_unit=rng.integers(0, 20, n),
        truth_class=rng.integers(0, 2, n),
        truth_box=truth_box,
        truth_area=truth_box[:, 2] * truth_box[:, 3],
        truth_crowd=rng.random(n) < 0.05,
        detection_unit=rng.integers(0, 20, d),
        detection_class=rng.integers(0, 2, d),
        detection_box=box,
        detection_score=np.round(rng.random(d), 2),
    )


def test_blocks_and_chunks_change_nothing(monkeypatch):
    data = crowded(0)
    whole = coco_arrays(match(data))
    monkeypatch.setattr(greedy, "_BLOCK", 50)
    monkeypatch.setattr(pairs.overlapping_pairs, "__kwdefaults__", {"chunk": 37})
    monkeypatch.setattr(matching, "_TABLE", 1)
    parts = coco_arrays(match(data))
    for name in ("precision", "recall", "scores"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_more_groups_than_a_32_bit_integer_counts():
    data = crowded(1)
    wide = replace(
        data,
        n_units=2**20,
        n_classes=5000,
        truth_unit=data.truth_unit * 50_000,
        truth_class=data.truth_class * 4000,
        detection_unit=data.detection_unit * 50_000,
        detection_class=data.detection_class * 4000,
    )
    np.testing.assert_array_equal(coco_statistics(match(wide)), coco_statistics(match(data)))


def test_units_in_any_order_give_the_same():
    data = crowded(2)
    order = np.random.default_rng(0).permutation(len(data.detection_unit))
    order = order[np.lexsort((order, data.detection_unit[order]))]  # within an image the order is that of the input
    moved = np.argsort(np.random.default_rng(1).permutation(20)[data.detection_unit[order]], kind="stable")
    rows = order[moved]
    shuffled = replace(
        data,
        detection_unit=data.detection_unit[rows],
        detection_class=data.detection_class[rows],
        detection_box=data.detection_box[rows],
        detection_score=data.detection_score[rows],
    )
    np.testing.assert_array_equal(coco_statistics(match(shuffled)), coco_statistics(match(data)))
