"""Metrics that match whole images as they come say to the last bit what they say of all images together."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from a4eval_ap_metric import coco_match, voc_match
from a4eval_ap_metric.measures import errors, verdicts
from a4eval_ap_metric.measures.errors import KINDS
from a4eval_ap_metric.metrics import in_parts

from a4eval import DataError, build

from ..coco_cases import arrays_of_case, awkward_case, busy_case
from .test_coco import batch_of

NODES = [
    "detection_average_precision",
    {
        "name": "detection_average_precision",
        "matching": "coco",
        "thresholds": [0.5, 0.75],
        "interpolation": "101_point",
    },
    {"name": "detection_average_precision", "thresholds": [0.3, 0.5, 0.9]},
    "detection_f1",
    "detection_calibration",
    "confusion_matrix",
    "open_images_detection",
    "tide",
    {"name": "tide", "limit": "image", "max_detections": 2, "absent_classes": True},
    {"name": "tide", "foreground": 0.3, "background": 0.2, "max_detections": 2},
    {"name": "detection_examples", "images": 30, "marks": 80},
    {"name": "detection_examples", "images": 2, "marks": 3, "max_detections": 2, "score": 0.5},
]


def with_flags(batch, *, classes=True):
    """Some truths are difficult, and which labels were verified is told, and which classes there are."""
    n, area = len(batch["unit"]), np.floor(batch["truth_area"])
    verified = {"verified_unit": np.arange(n), "verified_class": np.full(n, 3), "class": np.arange(1, 21)}
    names = np.array([f"class {one}" for one in range(1, 21)])
    shown = {"unit_width": np.where(batch["unit"] % 2, 640.0, np.nan), "unit_height": np.full(n, 480.0)}
    shown["unit_image"] = np.array([f"{one}.png" for one in batch["unit"]])
    found = {**batch, **verified, **shown, "class_name": names, "truth_difficult": area % 3 == 0}
    return found if classes else {name: one for name, one in found.items() if name not in {"class", "class_name"}}


def said(metric, weights):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        weighed = [metric.compute(one) for one in weights] if hasattr(metric, "units") else []
        charts = metric.charts() if hasattr(metric, "charts") else {}
        found = [metric.compute(), weighed, metric.tables(), charts, metric.classes.tolist()]
    return repr([*found, metric.class_names, [str(one.message) for one in caught]])


@pytest.mark.parametrize("node", NODES, ids=str)
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("made", ["awkward", "busy"])
def test_any_split_into_batches_and_shards_is_the_whole_bit_for_bit(node, made, seed, monkeypatch):
    rng = np.random.default_rng(seed)
    case = awkward_case(rng) if made == "awkward" else busy_case(rng)
    images = [one["id"] for one in case["images"]]
    whole = build("metric", node)
    classes = seed % 2 == 0  # else each batch knows those that are in it
    whole.update(with_flags(batch_of(case, images), classes=classes))
    weights = rng.integers(0, 3, (3, len(images)))
    expected = said(whole, weights)
    monkeypatch.setattr(in_parts, "_ENOUGH", int(rng.choice([1, 30])))
    monkeypatch.setattr(errors, "_BLOCK", 5)
    monkeypatch.setattr(verdicts, "AT_ONCE", int(rng.choice([1, 10, 1000])))  # detections whose classes are joined
    rng.shuffle(images)
    shards = [build("metric", node) for _ in range(int(rng.integers(1, 4)))]
    for batch in np.array_split(images, int(rng.integers(1, len(images) + 2))):
        shards[rng.integers(len(shards))].update(with_flags(batch_of(case, batch.tolist()), classes=classes))
    first = shards.pop(rng.integers(len(shards)))
    for one in shards:
        first.merge(one)
    assert said(first, weights) == expected


def test_a_busy_case_has_errors_of_every_kind():
    counts = dict.fromkeys(KINDS, 0)
    for seed in range(8):
        case = busy_case(np.random.default_rng(seed))
        metric = build("metric", "tide")
        metric.update(batch_of(case, [one["id"] for one in case["images"]]))
        for row in metric.tables()["errors"]:
            counts[row["error"]] += row["count"]
    assert min(counts.values()) > 10


@pytest.mark.parametrize("matching", ["voc", "coco"])
@pytest.mark.parametrize("seed", range(8))
def test_what_is_joined_is_what_is_matched_together(matching, seed, monkeypatch):
    monkeypatch.setattr(in_parts, "_ENOUGH", 1)
    case = awkward_case(np.random.default_rng(seed))
    metric = build("metric", {"name": "detection_average_precision", "matching": matching})
    for image in [one["id"] for one in case["images"]]:
        metric.update({**batch_of(case, [image]), "class": np.array([one["id"] for one in case["categories"]])})
    data = arrays_of_case(case)
    expected = coco_match(data) if matching == "coco" else voc_match(data)
    for name in ("detection_class", "unit", "score", "hit", "counted"):
        np.testing.assert_array_equal(getattr(metric.matches, name), getattr(expected, name), err_msg=name)


@pytest.mark.parametrize("node", NODES, ids=str)
def test_batches_are_not_kept(node, monkeypatch):
    monkeypatch.setattr(in_parts, "_ENOUGH", 1)
    metric = build("metric", node)
    case = awkward_case(np.random.default_rng(1))
    batch = with_flags(batch_of(case, [one["id"] for one in case["images"]]))
    metric.update(batch)
    assert not metric._state.batches
    metric.update(batch)
    with pytest.raises(DataError, match="is in two batches: a batch is of whole images"):
        metric.compute() if metric.names else metric.tables()
