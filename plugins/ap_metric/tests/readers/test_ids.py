"""An id is what the file says: text stays text, numbers stay numbers, in every reader."""

from __future__ import annotations

import json

import numpy as np
import pytest

from a4eval import DataError, Run, build

BIG = 2**63 + 1  # and one more is the same float64, so that a detour through floats would show


def batch_of(tmp_path, **node):
    (batch,) = build("reader", node).batches(Run(directory=tmp_path))
    return batch


def table(path, ids, *, score=False):
    head = "image,class,box_1,box_2,box_3,box_4" + (",score" if score else "")
    rows = [f"{one},{one},{10 * row},0,5,5" + (",0.9" if score else "") for row, one in enumerate(ids)]
    path.write_text("\n".join([head, *rows]) + "\n")
    return str(path)


def tables(tmp_path, truth, found):
    paths = {"ground_truth": table(tmp_path / "truth.csv", truth)}
    paths["detections"] = table(tmp_path / "found.csv", found, score=True)
    return batch_of(tmp_path, name="detection_table", format="xywh", **paths)


@pytest.mark.parametrize(
    "ids",
    [["007", "7"], ["000000000139", "000000000285"], [str(BIG), str(BIG + 1)], ["7", "abc", "007"], ["1e3", "1000"]],
)
def test_tables_keep_ids(tmp_path, ids):
    batch = tables(tmp_path, ids, ids)
    assert sorted(batch["unit"].tolist()) == sorted(batch["class"].tolist()) == sorted(ids)
    assert batch["unit"][batch["detection_unit"]].tolist() == ids
    assert batch["detection_class"].tolist() == ids


def test_seven_is_not_double_o_seven(tmp_path):
    batch = tables(tmp_path, ["7", "9"], ["007", "9"])
    assert batch["unit"].tolist() == ["007", "7", "9"]
    with pytest.raises(DataError, match=r"got images such as '007', none of which is in .* such as '7'"):
        tables(tmp_path, ["7"], ["007"])


def test_numbers_and_text_of_two_tables_are_matched_as_text(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow writes and reads Parquet")
    from pyarrow import table as arrow_table

    columns = {f"box_{one}": [0.0, 0.0] for one in (1, 2)} | {f"box_{one}": [5.0, 5.0] for one in (3, 4)}
    parquet.write_table(arrow_table({"image": [7, 8], "class": [1, 1], **columns}), tmp_path / "truth.parquet")
    found = tmp_path / "found.csv"
    found.write_text("image,class,box_1,box_2,box_3,box_4,score\n7,1,0,0,5,5,0.9\n8,1,0,0,5,5,0.8\n")
    node = {"name": "detection_table", "format": "xywh", "detections": str(found)}
    batch = batch_of(tmp_path, **node, ground_truth=str(tmp_path / "truth.parquet"))
    assert batch["unit"].tolist() == ["7", "8"]
    assert batch["detection_unit"].tolist() == batch["truth_unit"].tolist() == [0, 1]
    assert batch["class"].tolist() == ["1"]
    for image, kept in (([7, 8], [7, 8]), ([BIG, BIG + 1], [str(BIG), str(BIG + 1)])):
        kind = np.uint64 if BIG in image else np.int64
        data = arrow_table({"image": np.array(image, kind), "class": ["a", "a"], **columns, "score": [0.9, 0.8]})
        parquet.write_table(data, tmp_path / "both.parquet")
        both = dict.fromkeys(("ground_truth", "detections"), str(tmp_path / "both.parquet"))
        assert batch_of(tmp_path, name="detection_table", format="xywh", **both)["unit"].tolist() == kept
    data = arrow_table({"image": [7.0, 8.0], "class": ["a", "a"], **columns, "score": [0.9, 0.8]})
    parquet.write_table(data, tmp_path / "both.parquet")
    with pytest.raises(DataError, match=r"column 'image': got 7\.0, expected whole numbers or text"):
        batch_of(tmp_path, name="detection_table", format="xywh", **both)


@pytest.mark.parametrize("name", ["000000000139", "7", str(BIG)])
def test_sizes_of_images_whose_names_are_digits(tmp_path, name):
    for folder, line in (("truth", "0 0.5 0.5 0.2 0.2"), ("found", "0 0.5 0.5 0.2 0.2 0.9")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.txt").write_text(line + "\n")
    (tmp_path / "sizes.csv").write_text(f"image,width,height\n{name},640,426\n")
    paths = {"ground_truth": "truth", "detections": "found", "sizes": "sizes.csv"}
    batch = batch_of(tmp_path, name="box_text", **{key: str(tmp_path / path) for key, path in paths.items()})
    assert batch["unit"].tolist() == [name]
    np.testing.assert_allclose(batch["truth_box"], [[256, 170.4, 128, 85.2]])


def test_queries_and_documents_keep_their_names(tmp_path):
    rows = [("007", "10", 2), ("7", "9", 2), ("7", "10", 2)]
    path = tmp_path / "ranking.csv"
    path.write_text("query,document,score,relevance\n" + "".join(f"{q},{d},{s},1\n" for q, d, s in rows))
    batch = batch_of(tmp_path, name="ranking_table", path=str(path), document="document")
    assert batch["unit"].tolist() == ["007", "7"]
    assert batch["document"].tolist() == ["10", "9", "10"]


def test_open_images_labels_match_whatever_the_ids_look_like(tmp_path):
    head = "ImageID,LabelName,XMin,XMax,YMin,YMax"
    (tmp_path / "truth.csv").write_text(f"{head},IsGroupOf\n001,7,0,1,0,1,0\n")
    (tmp_path / "found.csv").write_text(f"{head},Score\n001,7,0,1,0,1,0.9\n")
    (tmp_path / "labels.csv").write_text("ImageID,LabelName,Confidence\n001,7,1\n1,7,1\n")
    paths = {"ground_truth": "truth.csv", "detections": "found.csv", "labels": "labels.csv"}
    batch = batch_of(tmp_path, name="open_images", **{key: str(tmp_path / path) for key, path in paths.items()})
    assert batch["unit"].tolist() == ["001"]
    assert batch["verified_unit"].tolist() == [0]


def coco(tmp_path, image, found, category=3, found_category=3):
    box = {"bbox": [0, 0, 5, 5]}
    truth = {
        "images": [{"id": one} for one in image],
        "categories": [{"id": category}],
        "annotations": [{"id": 1, "image_id": image[0], "category_id": category, "area": 25, "iscrowd": 0, **box}],
    }
    results = [{"image_id": one, "category_id": found_category, "score": 0.9, **box} for one in found]
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "found.json").write_text(json.dumps(results))
    paths = {"ground_truth": "truth.json", "detections": "found.json"}
    return batch_of(tmp_path, name="coco", **{key: str(tmp_path / path) for key, path in paths.items()})


@pytest.mark.parametrize("image", [[BIG, BIG + 1], [5, BIG], [2**70, -(2**70)], ["007", "7"]])
def test_coco_keeps_ids_of_any_size(tmp_path, image):
    batch = coco(tmp_path, image, image[::-1], category=BIG, found_category=BIG)
    names = [str(one) for one in image]
    assert sorted(batch["unit"].tolist()) == sorted(names)
    assert batch["unit"][batch["detection_unit"]].tolist() == names[::-1]
    assert batch["class"].tolist() == batch["truth_class"].tolist() == [str(BIG)]
    assert coco(tmp_path, [5, BIG], [5])["detection_unit"].tolist() == [0]


def test_coco_tells_numbers_from_text(tmp_path):
    with pytest.raises(DataError, match=r"image_id: got text, such as '5', but .*image id has numbers, such as 5"):
        coco(tmp_path, [5], ["5"])
    with pytest.raises(DataError, match=r"category id: got text, such as '3', but .* has numbers, such as 3"):
        coco(tmp_path, [5], [5], category="3")


def test_a_metric_takes_unsigned_ids_as_they_are():
    box = np.tile([0.0, 0, 9, 9], (2, 1))
    ids = np.array([2**63, 2**63 + 1], np.uint64)
    metric = build("metric", "coco_detection")
    metric.update(
        {
            "unit": ids,
            "truth_unit": np.array([0, 1]),
            "truth_class": np.array([1, 1], np.uint64),
            "truth_box": box,
            "truth_area": np.full(2, 81.0),
            "truth_crowd": np.zeros(2, bool),
            "detection_unit": np.array([0, 1]),
            "detection_class": np.array([1, 1]),
            "detection_box": box,
            "detection_score": np.ones(2),
        }
    )
    assert metric.units.tolist() == ids.astype(str).tolist()
    assert metric.compute()["AP"].value == 1
