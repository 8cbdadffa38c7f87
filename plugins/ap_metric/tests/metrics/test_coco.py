"""The metric coco_detection."""

from __future__ import annotations

import json

import numpy as np
import pytest
from a4eval_ap_metric import (
    read_coco,
)
from a4eval_ap_metric.metrics import in_parts, matched

from a4eval import DataError, Run, build

from ..coco_cases import awkward_case
from ..shared_data import SHARED

FILES = SHARED / "coco_val2014_100"
TRUTH = FILES / "instances_val2014_100.json"
RESULTS = FILES / "instances_val2014_fakebbox100_results.json"
REFERENCE = {
    "AP": 0.5045806987249628,
    "AP50": 0.6969727247299577,
    "AP75": 0.5729816669904824,
    "APs": 0.5856257209410443,
    "APm": 0.5193996948036719,
    "APl": 0.5013978986347466,
    "AR1": 0.3868127796457805,
    "AR10": 0.5936795762842003,
    "AR100": 0.595352982877607,
    "ARs": 0.6398109626113442,
    "ARm": 0.5664205978994309,
    "ARl": 0.5642905982905982,
}
real = pytest.mark.skipif(not TRUTH.exists(), reason="the COCO conformance data is not there")


@real
def test_real_coco_files_give_the_reference_values(tmp_path):
    node = {
        "name": "evaluate",
        "data": {"name": "coco", "ground_truth": str(TRUTH), "detections": str(RESULTS)},
        "metrics": {"coco": "coco_detection"},
    }
    result = build("task", node).run(Run(directory=tmp_path))
    assert list(result.metrics) == list(REFERENCE)
    assert {name: value.value for name, value in result.metrics.items()} == pytest.approx(REFERENCE, abs=1e-14)
    assert result.metrics["AP"].n == 100


def batch_of(case, images):
    """Return the detection batch of some images, in the order given."""
    unit = np.array(images)
    place = {image: index for index, image in enumerate(images)}
    truths = [one for one in case["annotations"] if one["image_id"] in place]
    results = [one for one in case["results"] if one["image_id"] in place]
    return {
        "unit": unit,
        "truth_unit": np.array([place[one["image_id"]] for one in truths], np.int64),
        "truth_class": np.array([one["category_id"] for one in truths], np.int64),
        "truth_box": np.array([one["bbox"] for one in truths]).reshape(-1, 4),
        "truth_area": np.array([one["area"] for one in truths], float),
        "truth_crowd": np.array([one["iscrowd"] for one in truths], bool),
        "detection_unit": np.array([place[one["image_id"]] for one in results], np.int64),
        "detection_class": np.array([one["category_id"] for one in results], np.int64),
        "detection_box": np.array([one["bbox"] for one in results]).reshape(-1, 4),
        "detection_score": np.array([one["score"] for one in results], float),
    }


REPORT = ["classes", "class_thresholds", "images", "thresholds", "curve", "class_curves", "detections"]


def numbers_of(metric, weights):
    """Return everything that a metric says, as text: to the last bit."""
    many = {name: values.tolist() for name, values in metric.compute_many(weights).items()}
    parts = {name: values.tolist() for name, values in metric.compute_parts(weights).items()}
    return repr([metric.compute(), many, parts, metric.tables(), metric.units.tolist(), metric.class_names])


@pytest.mark.parametrize("seed", range(20))
def test_any_split_into_batches_and_shards_is_the_whole_bit_for_bit(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    case = awkward_case(rng)
    images = [one["id"] for one in case["images"]]
    node = {"name": "coco_detection", "report": REPORT, "per_class": True}
    whole = build("metric", node)
    whole.update(batch_of(case, images))
    weights = rng.integers(0, 3, (3, len(images)))
    expected = numbers_of(whole, weights)
    monkeypatch.setattr(in_parts, "_ENOUGH", int(rng.choice([1, 30])))  # detections that are matched together
    monkeypatch.setattr(matched, "AT_ONCE", int(rng.choice([0, 60])))  # detections whose curves are made together
    rng.shuffle(images)
    batches = np.array_split(images, int(rng.integers(1, len(images) + 2)))
    shards = [build("metric", node) for _ in range(int(rng.integers(1, 4)))]
    for batch in batches:
        shards[rng.integers(len(shards))].update(batch_of(case, batch.tolist()))
    first = shards.pop(rng.integers(len(shards)))
    for one in shards:
        first.merge(one)
    assert repr(first.compute()) == repr(whole.compute())  # some classes at a time
    assert numbers_of(first, weights) == expected


def test_many_float32_scores_are_split_bit_for_bit_too(monkeypatch):
    rng = np.random.default_rng(0)
    whole, split = build("metric", "coco_detection"), build("metric", "coco_detection")
    monkeypatch.setattr(in_parts, "_ENOUGH", 1)
    batches = [batch_of_noise(rng, range(first, first + 100)) for first in (200, 0, 100)]
    for batch in batches:
        split.update(batch)
    monkeypatch.setattr(in_parts, "_ENOUGH", 10**9)
    for batch in batches:
        whole.update(batch)
    assert len(split.matches.detection_score) > 10_000
    assert repr(split.compute()) == repr(whole.compute())
    weights = rng.integers(0, 3, (3, 300))
    assert repr(split.compute_many(weights)) == repr(whole.compute_many(weights))


def batch_of_noise(rng, images):
    """Return truths and detections near them, 45 an image, in two classes, with scores of float32."""
    n, m = len(images) * 15, len(images) * 45
    boxes = np.concatenate([rng.uniform(0, 400, (n, 2)), rng.uniform(4, 200, (n, 2))], axis=1)
    of = rng.integers(0, n, m)
    return {
        "unit": np.array(images),
        "truth_unit": np.repeat(np.arange(len(images)), 15),
        "truth_class": rng.integers(0, 2, n),
        "truth_box": boxes,
        "truth_area": boxes[:, 2] * boxes[:, 3],
        "truth_crowd": np.zeros(n, bool),
        "detection_unit": of // 15,
        "detection_class": rng.integers(0, 2, m),
        "detection_box": boxes[of] + rng.uniform(-4, 4, (m, 4)).clip(-3, 3),
        "detection_score": rng.random(m).astype(np.float32),
    }


@pytest.mark.parametrize("enough", [1, 10**9])
def test_an_image_in_two_batches_is_refused(monkeypatch, enough):
    monkeypatch.setattr(in_parts, "_ENOUGH", enough)
    case = awkward_case(np.random.default_rng(0))
    image = case["results"][0]["image_id"]
    metric = build("metric", "coco_detection")
    metric.update(batch_of(case, [image]))
    metric.update(batch_of(case, [image]))
    with pytest.raises(DataError, match=f"image {image} is in two batches"):
        metric.compute()


@real
def test_many_resamples_are_one_by_one():
    metric = build("metric", "coco_detection")
    metric.update(read_coco(TRUTH, RESULTS))
    weights = np.random.default_rng(0).multinomial(100, np.full(100, 0.01), 5)
    many = metric.compute_many(weights)
    for index, one in enumerate(weights):
        single = metric.compute(one)
        assert {name: values[index] for name, values in many.items()} == {n: v.value for n, v in single.items()}
    with pytest.raises(ValueError, match="one per unit"):
        metric.compute(np.ones(3))
    with pytest.raises(ValueError, match="whole numbers"):
        metric.compute(np.full(100, 0.5))


def test_nothing_at_all_is_undefined():
    metric = build("metric", "coco_detection")
    assert all(np.isnan(value.value) for value in metric.compute().values())
    assert all(np.isnan(values).all() for values in metric.compute_many(np.ones((2, 0))).values())


def test_no_detection_finds_nothing():
    metric = build("metric", "coco_detection")
    case = awkward_case(np.random.default_rng(4))
    case["results"] = []
    case["annotations"][0]["iscrowd"] = 0
    metric.update(batch_of(case, [one["id"] for one in case["images"]]))
    assert metric.compute()["AP"].value == 0
    assert metric.compute()["AR100"].value == 0


def test_other_parameters_give_other_names():
    metric = build(
        "metric",
        {"name": "coco_detection", "thresholds": [0.3, 0.5], "areas": {"tiny": [0, 64]}, "max_detections": [300]},
    )
    assert metric.names == ("AP", "AP50", "APtiny", "AR300", "ARtiny")
    metric.update(batch_of(awkward_case(np.random.default_rng(5)), [1]))
    assert set(metric.compute()) == set(metric.names)


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"thresholds": []}, "thresholds"),
        ({"thresholds": [0.9, 0.5]}, "ascending"),
        ({"thresholds": [50.0]}, r"thresholds\[0\]: got 50.0, expected at least 0 and at most 1"),
        ({"max_detections": [0]}, "at least 1"),
        ({"areas": {"x": [5, 1]}}, "low ≤ high"),
        ({"areas": {"50": [1, 5]}}, "two statistics have one name among AP, AP50"),
    ],
)
def test_bad_parameters_are_refused(node, words):
    from a4eval import ConfigError

    with pytest.raises(ConfigError, match=words):
        build("metric", {"name": "coco_detection", **node})


def test_the_registry_iou_gives_the_same_numbers_and_others_others(tmp_path):
    pytest.importorskip("a4eval_box_metrics", reason="needs a4eval-box-metrics")
    case = awkward_case(np.random.default_rng(8), many=True)
    batch = batch_of(case, [one["id"] for one in case["images"]])
    batch["detection_box"] = batch["detection_box"] + [1.5, 1.5, 0, 0]
    values = {}
    for name in (None, "iou", "generalized_iou"):
        metric = build("metric", {"name": "coco_detection", "similarity": name} if name else "coco_detection")
        metric.update(batch)
        values[name] = repr(metric.compute())
    assert values[None] == values["iou"]
    assert values[None] != values["generalized_iou"]


def test_the_mean_among_the_curves_has_a_colour_of_its_own():
    metric = build("metric", {"name": "coco_detection", "report": ["curve"]})
    scale = metric.charts()["curve"]["encoding"]["color"]["scale"]
    assert scale["domain"][-1] == "mean"
    assert len(set(scale["range"])) == len(scale["domain"]) == 11
    assert scale["range"][-1] == "#c2570c"


def test_a_distance_is_no_similarity():
    pytest.importorskip("a4eval_box_metrics", reason="needs a4eval-box-metrics")
    from a4eval import ConfigError

    with pytest.raises(ConfigError, match="got a distance"):
        build("metric", {"name": "coco_detection", "similarity": "centre_l2"})


@real
def test_compare_and_intervals_end_to_end(tmp_path):
    rows = json.loads(RESULTS.read_text())
    worse = tmp_path / "worse.json"
    worse.write_text(json.dumps(rows[::2]))
    first = {"name": "coco", "ground_truth": str(TRUTH), "detections": str(worse)}
    node = {
        "name": "compare",
        "first": first,
        "second": first | {"detections": str(RESULTS)},
        "metrics": {"coco": "coco_detection"},
        "interval": {"resamples": 100},
        "permutations": 100,
    }
    result = build("task", node).run(Run(directory=tmp_path))
    difference = result.metrics["AP/difference"]
    assert result.metrics["AP/second"].value == pytest.approx(REFERENCE["AP"], abs=1e-12)
    assert difference.value == result.metrics["AP/second"].value - result.metrics["AP/first"].value > 0
    assert difference.interval.low < difference.value < difference.interval.high
    row = next(row for row in result.tables["comparison"] if row["name"] == "AP")
    assert row["p_permutation"] < 0.05


@real
def test_the_classes_are_resampled_with_the_rest():
    metric = build("metric", {"name": "coco_detection", "per_class": True, "report": ["classes"]})
    metric.update(read_coco(TRUTH, RESULTS))
    found = metric.compute_parts(np.ones((2, 100)))
    for row in metric.tables()["classes"]:
        np.testing.assert_allclose(found[row["class"]], row["AP"], atol=1e-14)
    assert len(found) == len(metric.classes)


@real
def test_a_comparison_tests_each_class(tmp_path):
    coco = {"name": "coco", "ground_truth": str(TRUTH), "detections": str(RESULTS)}
    metric = {"name": "coco_detection", "per_class": True}
    node = {"name": "compare", "first": coco, "second": coco, "metrics": {"coco": metric}, "permutations": 20}
    result = build("task", {**node, "interval": {"resamples": 40}}).run(Run(tmp_path))
    rows = result.tables["coco/parts"]
    assert len(rows) == 80
    assert {row["difference"] for row in rows if isinstance(row["difference"], float)} >= {0.0}
    assert {row["p_holm"] for row in rows if row["p_holm"] == row["p_holm"]} == {1.0}
