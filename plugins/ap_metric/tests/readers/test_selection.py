"""Some classes, some images, all classes as one: as pycocotools' catIds, imgIds and useCats, in every reader."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from a4eval import DataError, Run, build

from ..coco_cases import awkward_case, dropped_nan, pycocotools_evaluation
from ..file_sets import FILE_SETS

OF_DETECTIONS = [one for one in FILE_SETS if one.__name__ not in {"ranking_table", "trec", "panoptic"}]


def batch_of(node, folder):
    (batch,) = build("reader", node).batches(Run(directory=folder))
    return batch


def written(folder, case):
    truth = {key: case[key] for key in ("images", "categories", "annotations")}
    for name, what in (("truth.json", truth), ("found.json", case["results"])):
        (folder / name).write_text(json.dumps(what))
    return {"name": "coco", "ground_truth": str(folder / "truth.json"), "detections": str(folder / "found.json")}


def metric_of(node, folder, **more):
    metric = build("metric", {"name": "coco_detection", **more})
    metric.update(batch_of(node, folder))
    return metric


@pytest.mark.filterwarnings("ignore:there is no ground truth in the images")
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_equal_to_pycocotools(tmp_path_factory, seed, agnostic):
    rng = np.random.default_rng(seed)
    case = awkward_case(rng)

    def some(ids):
        return rng.choice(ids, int(rng.integers(1, len(ids) + 1)), replace=False).tolist()

    classes, images = some([one["id"] for one in case["categories"]]), some([one["id"] for one in case["images"]])
    folder = tmp_path_factory.mktemp("case")
    node = written(folder, case) | {"classes": classes, "image_list": images, "class_agnostic": agnostic}
    metric = metric_of(node, folder)
    expected = pycocotools_evaluation(case, catIds=sorted(classes), imgIds=images, useCats=int(not agnostic))
    np.testing.assert_array_equal(
        dropped_nan(np.array([one.value for one in metric.compute().values()])), expected.stats
    )


@pytest.mark.parametrize("seed", range(10))
def test_each_image_by_itself_and_each_class_by_size_are_pycocotools(tmp_path, seed):
    case = awkward_case(np.random.default_rng(seed))
    node = written(tmp_path, case)
    tables = metric_of(node, tmp_path, report=["images", "classes", "class_thresholds"]).tables()
    for row in tables["images"]:
        alone = pycocotools_evaluation(case, imgIds=[row["image"]])
        np.testing.assert_allclose(dropped_nan(np.array([row["AP"], row["AR"]])), alone.stats[[0, 8]], atol=1e-12)
        truths = [one for one in case["annotations"] if one["image_id"] == row["image"] and not one["iscrowd"]]
        assert row["right"] + row["missed"] == row["truths"] == len(truths)
    whole = pycocotools_evaluation(case)
    at = {"": 0, "s": 1, "m": 2, "l": 3}
    for index, row in enumerate(tables["classes"]):
        for area, place in at.items():
            precision, recall = (
                whole.eval["precision"][:, :, index, place, -1],
                whole.eval["recall"][:, index, place, -1],
            )
            got = dropped_nan(np.array([row[f"AP{area}"], row[f"AR{area}"]]))
            np.testing.assert_allclose(got, [precision.mean(), recall.mean()], atol=1e-12)
    for index, row in enumerate(tables["class_thresholds"]):
        of_class, threshold = divmod(index, 10)
        assert row["threshold"] == whole.params.iouThrs[threshold]
        precision = [whole.eval["precision"][threshold, :, of_class, place, -1].mean() for place in at.values()]
        got = dropped_nan(np.array([row[f"AP{area}"] for area in at]))
        np.testing.assert_allclose(got, precision, atol=1e-12)
        np.testing.assert_array_equal(
            dropped_nan(np.array([row[f"recall{area}"] for area in at])),
            whole.eval["recall"][threshold, of_class, :, -1],
        )


@pytest.mark.parametrize("write", OF_DETECTIONS, ids=lambda one: one.__name__)
def test_every_reader_takes_them(tmp_path, write):
    node, _ = write(tmp_path, np.random.default_rng(0))
    whole = batch_of(node, tmp_path)
    of_class, unit = whole["class"][0], whole["unit"][1:3]
    some = batch_of(node | {"classes": str(of_class), "image_list": unit.tolist()}, tmp_path)
    np.testing.assert_array_equal(some["unit"], unit)
    for side in ("truth", "detection"):
        kept = (whole[f"{side}_class"] == of_class) & np.isin(whole[f"{side}_unit"], [1, 2])
        for column in ("box", "class"):
            np.testing.assert_array_equal(some[f"{side}_{column}"], whole[f"{side}_{column}"][kept])
        np.testing.assert_array_equal(some[f"{side}_unit"], whole[f"{side}_unit"][kept] - 1)
    one = batch_of(node | {"class_agnostic": True}, tmp_path)
    assert one["class"].tolist() == ["object"]
    assert len(one["truth_box"]) == len(whole["truth_box"])


def test_names_and_lists_in_files(tmp_path):
    images = [{"id": 10 + one, "file_name": f"val/{name}.jpg"} for one, name in enumerate(("a", "b", "c"))]
    box = {"bbox": [0, 0, 9, 9]}
    truths = [
        {"image_id": 10 + one, "category_id": one % 2, "area": 81, "iscrowd": 0, "id": one, **box} for one in (1, 2)
    ]
    found = [{"image_id": 11, "category_id": 1, "score": 0.5, **box}]
    categories = [{"id": 0, "name": "traffic light"}, {"id": 1, "name": "cat"}]
    case = {"images": images, "annotations": truths, "categories": categories, "results": found}
    node = written(tmp_path, case)
    classes, chosen = tmp_path / "classes.txt", tmp_path / "val.txt"
    classes.write_text("traffic light\n\n")
    chosen.write_text("./images/val/c.jpg\n11\r\n")
    for one in (str(classes), "traffic light", ["traffic light"], 0, ["0"]):
        assert batch_of(node | {"classes": one}, tmp_path)["truth_unit"].tolist() == [2]
    for one in (str(chosen), ["c", 11], ["val/c.jpg", "b.jpg"]):
        assert batch_of(node | {"image_list": one}, tmp_path)["unit"].tolist() == [11, 12]
    reader = build("reader", node | {"classes": str(classes), "image_list": str(chosen)})
    assert {classes, chosen} <= set(reader.sources())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"classes": "dog"}, "classes: got 'dog', expected an id or a name among the 2: x, y"),
        ({"classes": []}, "classes: got none, expected names or ids"),
        ({"classes": [True]}, "classes: got True, expected names or ids"),
        ({"image_list": ["a", "z"]}, "image_list: got 'z', expected an id or a name among the 5: a, b, c, …"),
        ({"image_list": "missing.txt"}, "missing.txt: cannot be read"),
    ],
)
def test_what_is_not_known_is_refused(tmp_path, given, message):
    node, _ = FILE_SETS[1](tmp_path, np.random.default_rng(0))
    with pytest.raises(DataError, match=message):
        batch_of(node | given, tmp_path)


def test_nothing_chosen_is_said(tmp_path):
    node, _ = FILE_SETS[1](tmp_path, np.random.default_rng(0))
    (tmp_path / "truth" / "f.xml").write_text("<annotation></annotation>")
    with pytest.warns(UserWarning, match="there is no ground truth in the images and classes that are chosen"):
        batch_of(node | {"image_list": "f"}, tmp_path)
