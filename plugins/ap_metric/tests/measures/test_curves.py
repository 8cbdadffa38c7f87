"""Precision at any recall levels, as pycocotools reads it."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from a4eval_ap_metric import CocoParameters, Resampler, coco_arrays, coco_statistics, match, read_coco
from a4eval_ap_metric.detections.data import COCO_RECALLS, COCO_THRESHOLDS
from hypothesis import given, settings
from hypothesis import strategies as st

from a4eval import ConfigError, build

from ..coco_cases import arrays_of_case, awkward_case, dropped_nan, pycocotools_evaluation
from ..shared_data import SHARED

FILES = SHARED / "coco_val2014_100"
LEVELS = st.lists(
    st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1e-300, 0.1, 1 / 3, 0.5, 2 / 3, 0.6000000000000001, 1.0])),
    min_size=1,
    max_size=12,
).map(sorted)


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), recalls=LEVELS)
def test_any_ascending_levels_equal_pycocotools(seed, recalls):
    pytest.importorskip("pycocotools", reason="pycocotools is the reference")
    case = awkward_case(np.random.default_rng(seed), many=False)
    expected = pycocotools_evaluation(case, recThrs=np.array(recalls))
    matches = match(arrays_of_case(case), CocoParameters(recalls=tuple(recalls)))
    arrays = coco_arrays(matches)
    for name in ("precision", "recall", "scores"):
        np.testing.assert_array_equal(dropped_nan(getattr(arrays, name)), expected.eval[name])
    np.testing.assert_array_equal(dropped_nan(coco_statistics(matches)), expected.stats)


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), recalls=LEVELS)
def test_weights_of_one_change_nothing_at_any_levels(seed, recalls):
    data = arrays_of_case(awkward_case(np.random.default_rng(seed), many=False))
    matches = match(data, CocoParameters(recalls=tuple(recalls)))
    ones = np.ones((1, data.n_units), int)
    np.testing.assert_array_equal(Resampler(matches).statistics(ones).statistics[0], coco_statistics(matches))


def test_a_class_does_not_read_on_into_the_next():
    # class 0: a false positive, then its one truth; class 1: the first of two truths.  Precision at recall 1: ½ and 0
    box = [0.0, 0.0, 10.0, 10.0]
    batch = {
        "unit": np.arange(2),
        "truth_unit": np.array([1, 0, 1]),
        "truth_class": np.array([0, 1, 1]),
        "truth_box": np.array([box, box, [20.0, 20, 10, 10]]),
        "truth_area": np.full(3, 100.0),
        "truth_crowd": np.zeros(3, bool),
        "detection_unit": np.array([0, 1, 0]),
        "detection_class": np.array([0, 0, 1]),
        "detection_box": np.array([box] * 3),
        "detection_score": np.array([0.5, 0.3, 0.9]),
    }
    metric = build("metric", {"name": "coco_detection", "recalls": [1.0]})
    metric.update(batch)
    assert metric.compute()["AP"].value == 0.25
    assert metric.compute(np.ones(2))["AP"].value == 0.25


@pytest.mark.skipif(not FILES.exists(), reason="the COCO conformance data is not there")
def test_three_levels_on_real_files():
    metric = build("metric", {"name": "coco_detection", "recalls": [0.25, 0.5, 0.75]})
    truth, results = (FILES / f"instances_val2014_{one}.json" for one in ("100", "fakebbox100_results"))
    metric.update(read_coco(truth, results))
    values = metric.compute()
    assert (round(values["AP"].value, 4), round(values["AP50"].value, 4)) == (0.5422, 0.7648)


@pytest.mark.parametrize("recalls", [[], [0.5, 0.2], [-0.1, 0.5], [0.5, 1.1], [float("nan")], [0.2, float("nan"), 0.1]])
def test_other_levels_are_refused(recalls):
    with pytest.raises(ConfigError, match="recalls"):
        build("metric", {"name": "coco_detection", "recalls": recalls})


def test_classes_without_truths_take_next_to_nothing_and_change_nothing():
    case = awkward_case(np.random.default_rng(0), many=False)
    data = arrays_of_case(case)
    spread = 1_000  # between one class and the next that has anything
    sparse = replace(
        data,
        n_classes=data.n_classes * spread,
        truth_class=data.truth_class * spread,
        detection_class=data.detection_class * spread,
    )
    weights = np.random.default_rng(0).integers(0, 3, (4, data.n_units))
    expected = match(data)
    of_sparse = match(sparse)
    tracemalloc.start()
    found = coco_statistics(of_sparse)
    resampled = Resampler(of_sparse, 2).statistics(weights)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(found, coco_statistics(expected))
    of_few = Resampler(expected, 2).statistics(weights)
    np.testing.assert_array_equal(resampled.statistics, of_few.statistics)
    np.testing.assert_array_equal(resampled.class_precision[:, ::spread], of_few.class_precision)
    assert np.isnan(np.delete(resampled.class_precision, slice(None, None, spread), axis=1)).all()
    dense = len(COCO_THRESHOLDS) * len(COCO_RECALLS) * sparse.n_classes * 8
    assert peak < dense / 2
