"""Every metric passes all checks: merging, weights, order, no data, NaN, the truth against chance."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from a4eval_ap_metric.plugin import a4eval_components

from a4eval import build
from a4eval.testing import Check, metric_checks

from .. import file_sets
from ..worksheet import EXACT


def segments(folder):
    return file_sets.panoptic(folder, np.random.default_rng(0))[0]


def rankings(folder):
    return file_sets.ranking_table(folder, np.random.default_rng(0))[0]


def boxes(folder):
    return file_sets.voc(folder, np.random.default_rng(0))[0]


def federated(folder):
    return file_sets.coco(folder, np.random.default_rng(0))[0]


def grouped(folder):
    return file_sets.open_images(folder, np.random.default_rng(0))[0]


OF_RANKINGS = [
    "average_precision",
    *({"name": "average_precision", "interpolation": one} for one in sorted(EXACT)),
    "average_precision_range",
    {"name": "trec_eval", "ties": "order"},
    {"name": "trec_eval", "ties": "order", "cutoffs": [3]},
    "precision_recall_by_rank",
    "graded_ranking",
]
OF_BOXES = [
    "coco_detection",
    {"name": "coco_detection", "report": ["classes", "class_thresholds", "images"]},
    "detection_average_precision",
    "detection_f1",
    "detection_calibration",
    "confusion_matrix",
    "tide",
    "detection_examples",
]


@metric_checks(*OF_RANKINGS, data=rankings)
def test_metrics_of_rankings(check: Check) -> None:
    check()


@metric_checks(*OF_BOXES, data=boxes)
def test_metrics_of_boxes(check: Check) -> None:
    check()


@metric_checks("lvis_detection", "coco_detection", data=federated)
def test_metrics_of_a_federated_data_set(check: Check) -> None:
    check()


@pytest.mark.skipif(find_spec("PIL") is None, reason="Pillow writes PNG files")
@metric_checks("panoptic_quality", data=segments)
def test_metrics_of_segments(check: Check) -> None:
    check()


@metric_checks("open_images_detection", data=grouped)
def test_metrics_of_groups(check: Check) -> None:
    check()


@pytest.mark.parametrize("name", ["average_precision", "trec_eval"])
def test_units_are_in_order_however_shards_come(name):
    node = {"name": name, "ties": "order"} if name == "trec_eval" else name
    merged = build("metric", node)
    for unit in (7, 3, 5):
        shard = build("metric", node)
        row = {"row_unit": np.zeros(2, int), "score": np.array([1.0, 0]), "relevance": np.array([0.0, 1])}
        shard.update({"unit": np.array([unit]), **row})
        merged.merge(shard)
    assert list(merged.units) == [3, 5, 7]


def test_none_is_left_out():
    tried = {one if isinstance(one, str) else one["name"] for one in [*OF_RANKINGS, *OF_BOXES]}
    tried |= {"lvis_detection", "open_images_detection", "panoptic_quality"}
    assert {one.name for one in a4eval_components() if one.kind == "metric"} == tried
