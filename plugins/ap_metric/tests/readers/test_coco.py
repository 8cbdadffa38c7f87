"""COCO's files: read whole, in pieces, and refused with the place of the slip."""

from __future__ import annotations

import json

import numpy as np
import pytest
from a4eval_ap_metric import read_coco

from a4eval import DataError, build


def written(tmp_path, truth, results):
    for name, content in (("truth.json", truth), ("results.json", results)):
        (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return tmp_path / "truth.json", tmp_path / "results.json"


def small_truth(**change):
    annotation = {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 2, 30, 40], "area": 1200, "iscrowd": 0}
    return {"images": [{"id": 7}], "categories": [{"id": 3, "name": "cat"}], "annotations": [annotation | change]}


RESULT = {"image_id": 7, "category_id": 3, "bbox": [1, 2, 30, 40], "score": 0.5}


@pytest.mark.parametrize("n", [0, 1, 2, 5000])
@pytest.mark.parametrize("space", ["", " \n"])
def test_results_are_read_whole_in_pieces(tmp_path, n, space):
    rows = [RESULT | {"score": index / 8192, "extra": {"nested": [1, {"x": 2}]}} for index in range(n)]
    text = "[" + f"{space},{space}".join(json.dumps(one) for one in rows) + "]"
    batch = read_coco(*written(tmp_path, small_truth(), text))
    np.testing.assert_array_equal(batch["detection_score"], [one["score"] for one in rows])
    assert batch["detection_box"].shape == (n, 4)


def test_plain_results_in_many_pieces(tmp_path):
    rows = [RESULT | {"score": index / 8192, "bbox": [index, 2.5, 3, 4]} for index in range(8000)]
    batch = read_coco(*written(tmp_path, small_truth(), rows))
    np.testing.assert_array_equal(batch["detection_score"], [one["score"] for one in rows])
    np.testing.assert_array_equal(batch["detection_box"], [one["bbox"] for one in rows])


@pytest.mark.parametrize(
    "unusual", [{}, {"id": "a"}, {"id": None}, {"extra": [{"x": 1}, {"x": 2}] * 3}, {"area": None}]
)
def test_annotations_are_the_same_in_pieces_and_whole(tmp_path, unusual):
    row = small_truth()["annotations"][0]
    rows = [
        row | {"id": index, "bbox": [index, 2.5, 3, 4], "area": index, "iscrowd": index % 2} for index in range(5000)
    ]
    rows[4000] |= unusual
    batch = read_coco(*written(tmp_path, small_truth() | {"annotations": rows}, [RESULT]))
    np.testing.assert_array_equal(batch["truth_box"], [one["bbox"] for one in rows])
    np.testing.assert_array_equal(batch["truth_area"], [12 if one["area"] is None else one["area"] for one in rows])
    np.testing.assert_array_equal(batch["truth_crowd"], [one["iscrowd"] == 1 for one in rows])


@pytest.mark.parametrize(
    ("truth", "results", "words"),
    [
        ("{", [RESULT], "truth.json: not a COCO annotation file"),
        ({"images": []}, [RESULT], "missing required field `annotations`"),
        (small_truth(), "", "results.json: not a COCO result list"),
        (small_truth(), {"a": 1}, "results.json: not a COCO result list .*missing required field `annotations`"),
        (small_truth(), [RESULT | {"score": "high"}], r"Expected `float`, got `str` - at `\$\[0\].score`"),
        (small_truth(), [RESULT, RESULT | {"bbox": [1, 2, 3]}], "bbox of entry 1: got 3 numbers"),
        (small_truth(), [RESULT | {"image_id": 8}], "entry 0: image_id .*8.* is not among the 1 images"),
        (small_truth(image_id=9), [RESULT], "truth.json: annotations: entry 0"),
        (small_truth(bbox=[1, 2]), [RESULT], "annotations: bbox of entry 0: got 2 numbers"),
        (small_truth(), [RESULT, RESULT | {"image_id": "7"}], "some ids are numbers and some are text"),
        (
            small_truth(),
            [RESULT | {"image_id": "7"}],
            "image_id: got text, such as '7', but .*truth.json: image id has numbers, such as 7",
        ),
        (
            small_truth(),
            [RESULT | {"category_id": "3"}],
            "got text, such as '3', but .* id has numbers, such as 3",
        ),
    ],
)
def test_bad_files_are_refused(tmp_path, truth, results, words):
    with pytest.raises(DataError, match=words):
        read_coco(*written(tmp_path, truth, results))


def test_missing_files_are_refused(tmp_path):
    truth, results = written(tmp_path, small_truth(), [RESULT])
    with pytest.raises(DataError, match="No such file"):
        read_coco(truth, tmp_path / "nowhere.json")
    with pytest.raises(DataError, match="No such file"):
        read_coco(tmp_path / "nowhere.json", results)


def test_text_ids_and_missing_area_and_crowd_are_fine(tmp_path):
    truth = small_truth(image_id="a")
    truth["images"] = [{"id": "a"}]
    del truth["annotations"][0]["area"], truth["annotations"][0]["iscrowd"], truth["annotations"][0]["id"]
    batch = read_coco(*written(tmp_path, truth, [RESULT | {"image_id": "a"}]))
    assert batch["truth_area"].tolist() == [1200]
    metric = build("metric", "coco_detection")
    metric.update(batch)
    assert metric.compute()["AP"].value == pytest.approx(1, abs=1e-15)
