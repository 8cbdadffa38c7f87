"""Units that belong together, said by the images themselves, by a table or by a pattern, for every reader."""

from __future__ import annotations

import json

import numpy as np
import pytest

from a4eval import DataError, Run, build

from ..file_sets import FILE_SETS, coco, voc

BOX = {"bbox": [0, 0, 9, 9]}


def intervals(folder, node, clusters, metric):
    task = {"name": "evaluate", "data": node, "metrics": {"it": metric}}
    task["interval"] = {"resamples": 40, "method": "percentile", "clusters": clusters}
    values = build("task", task).run(Run(directory=folder)).metrics
    return {name: (one.interval.low, one.interval.high) for name, one in values.items()}


def units(node, folder):
    (batch,) = build("reader", node).batches(Run(directory=folder))
    return batch


def coco_files(folder, more):
    """Return the node of six images with what *more* says of each."""
    images = [{"id": one, "file_name": f"v{one % 2}_{one:03}.jpg", **more(one)} for one in (5, 3, 1, 2, 4, 6)]
    annotations = [
        {"id": one, "image_id": one, "category_id": 1, "area": 81, "iscrowd": 0, **BOX} for one in range(1, 7)
    ]
    results = [{"image_id": one, "category_id": 1, "score": 1 - one / 10, **BOX} for one in (1, 2, 3)]
    truth = {"images": images, "categories": [{"id": 1}], "annotations": annotations}
    for name, what in (("truth.json", truth), ("found.json", results)):
        (folder / name).write_text(json.dumps(what))
    return {"name": "coco", "ground_truth": str(folder / "truth.json"), "detections": str(folder / "found.json")}


@pytest.mark.parametrize("key", ["video_id", "patient"])
def test_what_coco_files_say_of_their_images(tmp_path, key):
    more = {"video_id": lambda one: one % 2 + 10**12, "patient": lambda one: "ab"[one % 2]}[key]
    node = coco_files(tmp_path, lambda one: {key: more(one), "nested": {"a": 1}, "sometimes": None if one == 3 else 1})
    batch = units(node, tmp_path)
    assert batch["unit"].tolist() == [1, 2, 3, 4, 5, 6]
    assert batch[f"unit_{key}"].tolist() == [more(one) for one in range(1, 7)]
    assert batch["unit_file_name"][2] == "v1_003.jpg"
    assert "unit_nested" not in batch
    assert "unit_sometimes" not in batch
    table = tmp_path / "clusters.csv"
    table.write_text("cluster,image\n" + "".join(f"{more(one)},{one}\n" for one in range(6, 0, -1)))
    expected = intervals(tmp_path, node, key, "coco_detection")
    for clusters in (str(table), r"^v(\d)"):
        assert intervals(tmp_path, node | {"clusters": clusters}, "cluster", "coco_detection") == expected
    assert intervals(tmp_path, node, "file_name", "coco_detection") != expected
    with pytest.raises(DataError, match=r"the data has no column 'camera'; it has .*file_name.*nothing_else|camera"):
        intervals(tmp_path, node, "camera", "coco_detection")


@pytest.mark.parametrize("write", FILE_SETS)
def test_a_table_and_a_pattern_for_every_reader(tmp_path, write):
    node, _ = write(tmp_path, np.random.default_rng(0))
    batch = units(node, tmp_path)
    ids = batch["unit"].astype(str).tolist()
    column = "query" if "row_unit" in batch else "image"
    table = tmp_path / "groups.csv"
    table.write_text(f"{column},cluster\n" + "".join(f"{one},{row % 2}\n" for row, one in enumerate(ids)))
    reader = build("reader", node | {"clusters": str(table)})
    assert table in reader.sources()
    assert units(node | {"clusters": str(table)}, tmp_path)["unit_cluster"].tolist() == [
        str(row % 2) for row in range(len(ids))
    ]
    labels = units(node | {"clusters": ".$"}, tmp_path)["unit_cluster"].tolist()
    names = batch.get("unit_file_name", batch["unit"]).astype(str).tolist()
    assert labels == [one[-1] for one in names]
    parts = [next(iter(reader.part(index, 2).batches(Run(tmp_path)))) for index in range(2)]
    both = np.concatenate([one["unit_cluster"] for one in parts])
    assert both.tolist() == [str(row % 2) for row in range(len(ids))]


@pytest.mark.parametrize(
    ("clusters", "words"),
    [
        ("(", "expected a table .* or a pattern"),
        ("^z", "the pattern '.z' finds nothing in 'a'"),
        ("image,cluster\na,1\n", "there is no cluster of 'b'"),
        ("image,cluster\na,1\na,2\n", "image 'a' stands in several rows"),
        ("image,group\na,1\n", "there is no column 'cluster'; it has image, group"),
        ("frame,cluster\na,1\n", "there is no column 'image'; it has frame, cluster"),
    ],
)
def test_bad_clusters_are_refused(tmp_path, clusters, words):
    node, _ = voc(tmp_path, np.random.default_rng(0))
    if "\n" in clusters:
        (tmp_path / "groups.csv").write_text(clusters)
        clusters = str(tmp_path / "groups.csv")
    with pytest.raises(DataError, match=words):
        units(node | {"clusters": clusters}, tmp_path)


def test_files_without_further_columns(tmp_path):
    node, _ = coco(tmp_path, np.random.default_rng(0))
    assert "unit_file_name" not in units(node, tmp_path)
