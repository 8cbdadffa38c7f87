"""Bad input: what docs/detection-input.md says, and pycocotools' own answers under ``compat: pycocotools``."""

from __future__ import annotations

import json
import math
import warnings
from copy import deepcopy

import numpy as np
import pytest
from a4eval_ap_metric import coco_arrays, read_coco
from a4eval_ap_metric.detections.checks import doubts

from a4eval import DataError, Run, build

from ..coco_cases import awkward_case, pycocotools_evaluation

NAN, INF = math.nan, math.inf


def plain_case():
    return {
        "images": [{"id": 1, "width": 640, "height": 480}, {"id": 2, "width": 640, "height": 480}],
        "categories": [{"id": 1}, {"id": 2}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 50, 50], "area": 2500, "iscrowd": 0},
            {"id": 2, "image_id": 2, "category_id": 1, "bbox": [10, 10, 50, 50], "area": 2500, "iscrowd": 0},
        ],
        "results": [
            {"image_id": 1, "category_id": 1, "bbox": [10, 10, 50, 50], "score": 0.9},
            {"image_id": 2, "category_id": 1, "bbox": [200, 200, 50, 50], "score": 0.8},
        ],
    }


def files(tmp_path, case):
    truth = {key: case[key] for key in ("images", "categories", "annotations")}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "results.json").write_text(json.dumps(case["results"]))
    return tmp_path / "truth.json", tmp_path / "results.json"


def evaluated(tmp_path, case, compat="none"):
    """Return the statistics and the warnings."""
    truth, results = files(tmp_path, case)
    run = Run(directory=tmp_path)
    node = {
        "name": "evaluate",
        "data": {"name": "coco", "ground_truth": str(truth), "detections": str(results), "compat": compat},
        "metrics": {"coco": {"name": "coco_detection", "compat": compat}},
    }
    result = build("task", node).run(run)
    return {name: value.value for name, value in result.metrics.items()}, run.warnings


def changed(key, row, **values):
    case = plain_case()
    case[key][row].update(values)
    return case


IMPOSSIBLE = {
    "NaN box": (changed("results", 1, bbox=[NAN, 10, 5, 5]), r"results.json: entry 1: bbox \[nan"),
    "infinite box": (changed("results", 1, bbox=[1, 10, INF, 5]), "entry 1: bbox .* is not finite"),
    "a box whose area is infinite": (changed("results", 1, bbox=[1, 10, 2e160, 2e160]), "entry 1: .* beyond 1e150"),
    "a box beyond all": (changed("annotations", 1, bbox=[-1e200, 0, 5, 5]), "annotations: entry 1: .* beyond 1e150"),
    "NaN truth": (changed("annotations", 0, bbox=[1, NAN, 5, 5]), "truth.json: annotations: entry 0: bbox"),
    "NaN score": (changed("results", 0, score=NAN), "entry 0: score nan is not finite"),
    "infinite score": (changed("results", 0, score=-INF), "entry 0: score -inf is not finite"),
    "text score": (changed("results", 0, score="0.9"), r"Expected `float`, got `str`"),
    "missing score": (changed("results", 0, score=None), "Expected `float`, got `null`"),
    "negative width": (changed("results", 0, bbox=[60, 10, -50, 50]), "negative width or height"),
    "negative truth height": (changed("annotations", 1, bbox=[60, 10, 50, -50]), "annotations: entry 1: bbox"),
    "three coordinates": (changed("results", 1, bbox=[1, 2, 3]), "got 3 numbers, expected 4"),
    "unknown image": (changed("results", 1, image_id=77), "entry 1: image_id 77 is not among the 2 images"),
    "text image": (changed("results", 1, image_id="1"), r"text, such as 1 \(entry 0\) and '1' \(entry 1\);"),
    "fractional image": (changed("results", 1, image_id=1.5), "got `float`"),
    "whole float image": (changed("results", 1, image_id=1.0), "got `float`"),
    "unknown truth class": (changed("annotations", 1, category_id=9), "entry 1: category_id 9 is not among the 2"),
    "unknown truth image": (changed("annotations", 1, image_id=9), "annotations: entry 1: image_id 9"),
    "NaN area": (changed("annotations", 1, area=NAN), "annotations: entry 1: area nan, expected a number from 0 up"),
    "negative area": (changed("annotations", 0, area=-5), "annotations: entry 0: area -5"),
    "infinite area": (changed("annotations", 0, area=INF), "annotations: entry 0: area inf"),
    "odd crowd": (changed("annotations", 1, iscrowd=2), "annotations: entry 1: iscrowd 2, expected 0 or 1"),
    "image twice": (plain_case() | {"images": [{"id": 1}, {"id": 2}, {"id": 2}]}, "image id occurs twice: 2"),
    "category twice": (plain_case() | {"categories": [{"id": 1}, {"id": 1}]}, "category id occurs twice: 1"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_cannot_be_meant_is_an_error(tmp_path, name):
    case, words = IMPOSSIBLE[name]
    with pytest.raises(DataError, match=words):
        evaluated(tmp_path, case)


def test_nesting_beyond_reason_is_an_error(tmp_path):
    truth, results = files(tmp_path, plain_case())
    deep = "[" * 100_000 + "]" * 100_000
    truth.write_text(truth.read_text()[:-1] + f', "more": {deep}}}')
    with pytest.raises(DataError, match="nested too deeply"):
        read_coco(truth, results)


def test_the_metric_refuses_it_from_any_reader():
    metric = build("metric", "coco_detection")
    batch = {
        "unit": [1],
        "truth_unit": np.zeros(0, int),
        "truth_class": np.zeros(0, int),
        "truth_box": np.zeros((0, 4)),
        "truth_area": np.zeros(0),
        "truth_crowd": np.zeros(0, bool),
        "detection_unit": np.zeros(1, int),
        "detection_class": np.zeros(1, int),
        "detection_box": np.array([[0, 0, NAN, 1]]),
        "detection_score": np.ones(1),
    }
    with pytest.raises(DataError, match="detection: entry 0"):
        metric.update(batch)
    del batch["truth_area"]
    with pytest.raises(ValueError, match="needs the column 'truth_area'"):
        metric.update(batch)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (changed("results", 1, bbox=[5, 5, 0, 9]), "1 detection without width or height"),
        (changed("annotations", 1, bbox=[5, 5, 0, 9]), "1 ground-truth box without width"),
        (changed("results", 1, score=7.5), r"between 0.9 and 7.5, not in \[0, 1\]"),
        (changed("results", 1, category_id=9), "1 detection of classes the ground truth does not know: 9"),
        (
            changed("images", 1, width=0),
            "1 image of width or height 0 or less: taken as not known",
        ),
        (changed("images", 0, width=-1, height=-1), "1 image of width or height 0 or less"),
        (changed("images", 0, width="640"), "widths and heights of images that are text .1. are taken as the numbers"),
        (changed("annotations", 0, iscrowd=False), "iscrowd of 1 annotation is true or false: taken as 1 or 0"),
        (changed("annotations", 0, id=0), "annotations with the id 0: 1; it counts like any other"),
        (plain_case() | {"results": {"annotations": plain_case()["results"]}}, "under 'annotations' of an object"),
        (changed("results", 1, category_id=2**70), f"of classes the ground truth does not know: {2**70}"),
        (changed("annotations", 1, id=1), "1 annotation with the id of another, such as 1: ids are not used"),
        (plain_case() | {"results": [plain_case()["results"][0]] * 3}, "2 detections exactly like another: each"),
        (
            plain_case() | {"categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "cat"}]},
            "classes are named 'cat'",
        ),
    ],
)
def test_what_is_hardly_meant_is_a_warning(tmp_path, case, words):
    _, warnings = evaluated(tmp_path, case)
    assert len(warnings) == 1
    import re

    assert re.search(words, warnings[0])


def test_clean_data_raises_no_doubt(tmp_path):
    values, warnings = evaluated(tmp_path, plain_case())
    assert warnings == []
    assert values["AP50"] == pytest.approx(0.504950495, abs=1e-9)  # 51 of 101 recall levels


def test_annotation_id_0_and_repeated_ids_count(tmp_path):
    for ids in ((0, 1), (1, 1), (0, 0)):
        case = plain_case()
        for annotation, one in zip(case["annotations"], ids, strict=True):
            annotation["id"] = one
        assert repr(evaluated(tmp_path, case)[0]) == repr(evaluated(tmp_path, plain_case())[0])


def test_missing_area_and_crowd_have_their_usual_meaning(tmp_path):
    case = plain_case()
    for annotation in case["annotations"]:
        del annotation["area"], annotation["iscrowd"], annotation["id"]
    assert repr(evaluated(tmp_path, case)) == repr(evaluated(tmp_path, plain_case()))
    assert evaluated(tmp_path, case, "pycocotools")[0]["AP50"] == evaluated(tmp_path, plain_case())[0]["AP50"]


def test_no_detections_and_no_ground_truth(tmp_path):
    values, _ = evaluated(tmp_path, plain_case() | {"results": []})
    assert values["AP"] == 0
    assert values["AR100"] == 0
    assert math.isnan(values["APl"])
    values, _ = evaluated(tmp_path, plain_case() | {"annotations": []})
    assert all(math.isnan(value) for value in values.values())


def test_a_class_without_ground_truth_does_not_count(tmp_path):
    case = plain_case()
    case["results"].append({"image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 4], "score": 1})
    assert repr(evaluated(tmp_path, case)) == repr(evaluated(tmp_path, plain_case()))


def corners(rng, n):
    corner = rng.uniform(50, 350, (n, 2))
    return np.concatenate([corner, corner + rng.uniform(20, 120, (n, 2))], axis=1)


def as_sizes(box):
    return np.concatenate([box[:, :2], box[:, 2:] - box[:, :2]], axis=1)


def box_batch(truth, detection, **more):
    return {
        "truth_unit": np.zeros(len(truth), int),
        "truth_box": truth,
        "detection_unit": np.arange(len(detection)),
        "detection_class": np.zeros(len(detection), int),
        "detection_box": detection,
        "detection_score": np.full(len(detection), 0.5),
        **more,
    }


@pytest.mark.parametrize("seed", range(5))
def test_corners_given_as_sizes_are_noticed_with_the_evidence(seed):
    rng = np.random.default_rng(seed)
    truth, detection = corners(rng, 60), corners(rng, 200)
    assert doubts(box_batch(as_sizes(truth), as_sizes(detection))) == []
    (doubt,) = doubts(box_batch(as_sizes(truth), detection))
    assert "the detections look like x1, y1, x2, y2" in doubt
    assert "100% the width" in doubt
    size = np.full(1, 480.0)
    nothing, both = doubts(box_batch(truth, detection[:0], unit_width=size, unit_height=size))
    assert nothing == "there are no detections: nothing is found"
    assert "the ground truth look like" in both
    # a few boxes are no evidence
    assert doubts(box_batch(as_sizes(truth), detection[:5])) == []


def test_big_boxes_at_the_origin_are_no_corners():
    rng = np.random.default_rng(0)
    big = np.concatenate([rng.uniform(0, 20, (100, 2)), rng.uniform(200, 400, (100, 2))], axis=1)
    assert doubts(box_batch(big, big)) == []


def quirky_case(rng):
    """Return an awkward case with what pycocotools swallows: NaN, infinite and negative, ids 0 and twice."""
    case = awkward_case(rng)
    strange = [NAN, INF, -INF, -5.0, 0.0, -20.0]
    for key in ("annotations", "results"):
        for one in case[key]:
            if rng.random() < 0.25:
                one["bbox"][int(rng.integers(4))] = strange[int(rng.integers(len(strange)))]
    for one in case["results"]:
        if rng.random() < 0.1:
            one["score"] = [NAN, INF, -1.0, 3.0][int(rng.integers(4))]
        if rng.random() < 0.1:
            one["category_id"] = 99
    for one in case["annotations"]:
        if rng.random() < 0.2:
            one["id"] = 0
        elif rng.random() < 0.2:
            one["id"] = int(rng.integers(1, 4))
        if rng.random() < 0.05:
            one["category_id"] = 99
    if rng.random() < 0.2:
        for one in case["results"]:
            one["image_id"] = float(one["image_id"])
    return case


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # pycocotools' and numpy's about NaN
def test_quirks_are_reproduced_bit_for_bit(tmp_path):
    pytest.importorskip("pycocotools", reason="pycocotools is the reference")
    swallowed = 0
    for seed in range(300):
        case = quirky_case(np.random.default_rng(seed))
        expected = pycocotools_evaluation(deepcopy(case))
        truth, results = files(tmp_path, case)
        metric = build("metric", {"name": "coco_detection", "compat": "pycocotools"})
        metric.update(read_coco(truth, results, compat="pycocotools"))
        got = [value.value for value in metric.compute().values()]
        np.testing.assert_array_equal(got, expected.stats, err_msg=f"seed {seed}")
        arrays = coco_arrays(metric.matches)
        known = np.isin(metric.classes, [one["id"] for one in case["categories"]])
        for name in ("precision", "recall", "scores"):
            array = getattr(arrays, name)
            axis = 1 if name == "recall" else 2
            array = np.compress(known, np.where(np.isnan(array), -1, array), axis=axis)
            reference = np.where(np.isnan(expected.eval[name]), -1, expected.eval[name])
            np.testing.assert_array_equal(array, reference, err_msg=f"seed {seed}: {name}")
        try:
            read_coco(truth, results)
        except DataError:
            swallowed += 1
    assert swallowed > 200


def test_undefined_is_minus_one_for_pycocotools(tmp_path):
    values, _ = evaluated(tmp_path, plain_case(), "pycocotools")
    assert values["APl"] == -1


def pycocotools_takes(case, change):
    """Return the case with one thing that pycocotools takes and that is an error or a doubt otherwise."""
    if change == "iscrowd false":
        case["annotations"][0]["iscrowd"] = False
    elif change == "iscrowd true":
        case["annotations"][1]["iscrowd"] = True
    elif change == "annotation of an unknown image":
        case["annotations"][0]["image_id"] = 99
    elif change == "image twice":
        case["images"].append(dict(case["images"][0], width=7, height=7))
    elif change == "category twice":
        case["categories"].append(dict(case["categories"][0]))
    elif change == "width as text":
        case["images"][0]["width"] = "100"
    elif change == "width that is no number":
        case["images"][0]["width"] = "wide"
    elif change == "sizes of -1":
        for image in case["images"]:
            image |= {"width": -1, "height": -1}
    elif change == "categories of the results as text":
        for one in case["results"]:
            one["category_id"] = str(one["category_id"])
    elif change == "categories of one file as text":
        for one in case["annotations"]:
            one["category_id"] = str(one["category_id"])
    return case


TAKEN = (
    "iscrowd false",
    "iscrowd true",
    "annotation of an unknown image",
    "image twice",
    "category twice",
    "width as text",
    "width that is no number",
    "sizes of -1",
    "categories of the results as text",
    "categories of one file as text",
)
HARMLESS = ("iscrowd false", "iscrowd true", "width as text", "width that is no number", "sizes of -1")


@pytest.mark.parametrize("change", TAKEN)
@pytest.mark.parametrize("seed", [None, 3, 8, 21])
def test_what_pycocotools_takes_is_taken(tmp_path, change, seed):
    pytest.importorskip("pycocotools", reason="pycocotools is the reference")
    case = plain_case() if seed is None else awkward_case(np.random.default_rng(seed), many=False)
    for number, one in enumerate(case["annotations"], 1):
        one.setdefault("id", number)
    if len(case["annotations"]) < 2:
        pytest.skip("too few annotations")
    expected = pycocotools_evaluation(pycocotools_takes(deepcopy(case), change)).stats
    values, _ = evaluated(tmp_path, pycocotools_takes(deepcopy(case), change), "pycocotools")
    np.testing.assert_array_equal(list(values.values()), expected)
    if change in HARMLESS:
        plain, warnings = evaluated(tmp_path, pycocotools_takes(deepcopy(case), change))
        np.testing.assert_array_equal(np.nan_to_num(list(plain.values()), nan=-1), expected)
        assert warnings
    else:
        with pytest.raises(DataError):
            evaluated(tmp_path, pycocotools_takes(deepcopy(case), change))


def test_scores_that_float32_does_not_hold_are_ordered_without_a_word_of_it(tmp_path):
    case = plain_case()
    for row, score in enumerate((1e300, -1e300)):
        case["results"][row]["score"] = score
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, said = evaluated(tmp_path, case)
    assert said == ["scores lie between -1e+300 and 1e+300, not in [0, 1]: only their order is used"]
