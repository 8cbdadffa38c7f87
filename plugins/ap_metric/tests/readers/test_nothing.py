"""Where nothing was read there is no number without a word: an error, or a warning."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from a4eval import DataError, Run, build

from ..file_sets import box_text, detection_table, open_images, ranking_table, trec, voc


def evaluated(folder, node, metric):
    run = Run(directory=folder)
    task = {"name": "evaluate", "data": node, "metrics": {"it": metric}}
    return build("task", task).run(run).metrics, run.warnings


@pytest.mark.parametrize("write", [voc, box_text])
@pytest.mark.parametrize("side", ["truth", "found"])
def test_a_folder_without_a_fitting_file(tmp_path, write, side):
    node, _ = write(tmp_path, np.random.default_rng(0))
    for one in (tmp_path / side).iterdir():
        one.rename(one.with_suffix(".text"))
    with pytest.raises(DataError, match=rf"{side}: got only others, such as \w+\.text, expected files \.(txt|xml)"):
        evaluated(tmp_path, node, "detection_average_precision")
    for one in (tmp_path / side).iterdir():
        one.unlink()
    with pytest.raises(DataError, match=rf"{side}: got nothing in it, expected files"):
        evaluated(tmp_path, node, "detection_average_precision")


@pytest.mark.parametrize("write", [voc, box_text])
def test_files_without_a_line(tmp_path, write):
    node, _ = write(tmp_path, np.random.default_rng(0))
    for one in (tmp_path / "found").iterdir():
        one.write_text("")
    values, warnings = evaluated(tmp_path, node, "detection_average_precision")
    assert values["it"].value == 0
    assert "there are no detections: nothing is found" in warnings
    for one in (tmp_path / "truth").iterdir():
        one.write_text("" if write is box_text else "<annotation/>")
    values, warnings = evaluated(tmp_path, node, "detection_average_precision")
    assert math.isnan(values["it"].value)
    assert "there is no ground truth: what it is compared with is undefined" in warnings


@pytest.mark.parametrize("lenient", ["none", "pycocotools"])
@pytest.mark.parametrize("geometry", ["box", "mask", "keypoints"])
def test_coco_results_without_an_entry(tmp_path, geometry, lenient):
    if geometry == "mask":
        pytest.importorskip("pycocotools", reason="pip install 'a4eval-ap-metric[masks]'")
    shape = {"segmentation": {"size": [20, 30], "counts": [110, 490]}, "keypoints": [6, 6, 2] * 17}
    one = {"id": 7, "image_id": 1, "category_id": 1, "bbox": [5, 5, 10, 10], "area": 100, **shape}
    truth = {"images": [{"id": 1, "width": 30, "height": 20}], "categories": [{"id": 1}], "annotations": [one]}
    for name, what in (("truth.json", truth), ("found.json", [])):
        (tmp_path / name).write_text(json.dumps(what))
    node = {"name": "coco", "ground_truth": str(tmp_path / "truth.json"), "detections": str(tmp_path / "found.json")}
    node |= {"geometry": geometry, "compat": lenient}
    values, warnings = evaluated(tmp_path, node, {"name": "coco_detection", "geometry": geometry})
    assert values["AP"].value == 0
    assert any("there are no detections" in one for one in warnings)


def test_coco_files_without_an_entry(tmp_path):
    truth = {"images": [], "categories": [], "annotations": []}
    for name, what in (("truth.json", truth), ("found.json", [])):
        (tmp_path / name).write_text(json.dumps(what))
    node = {"name": "coco", "ground_truth": str(tmp_path / "truth.json"), "detections": str(tmp_path / "found.json")}
    values, warnings = evaluated(tmp_path, node, "coco_detection")
    assert all(math.isnan(one.value) for one in values.values())
    assert len(warnings) == 2


@pytest.mark.parametrize("write", [detection_table, open_images])
def test_tables_of_different_images(tmp_path, write):
    node, _ = write(tmp_path, np.random.default_rng(0))
    found = tmp_path / "found.csv"
    head, *rows = found.read_text().splitlines()
    found.write_text("\n".join([head, *(f"other_{row}" for row in rows)]) + "\n")
    with pytest.raises(DataError, match=r"found\.csv: got images such as 'other_\w', none of which is in .*truth\.csv"):
        evaluated(tmp_path, node, "detection_average_precision")
    found.write_text(head + "\n")
    values, warnings = evaluated(tmp_path, node, "detection_average_precision")
    assert values["it"].value == 0
    assert "there are no detections: nothing is found" in warnings


def test_labels_of_other_images(tmp_path):
    node, _ = open_images(tmp_path, np.random.default_rng(0))
    for text in ("ImageID,LabelName,Confidence\nz,x,1\n", "ImageID,LabelName,Confidence\n"):
        (tmp_path / "labels.csv").write_text(text)
        with pytest.raises(DataError, match=r"labels\.csv: got .*, expected labels of the images that have boxes"):
            evaluated(tmp_path, node, "open_images_detection")


def test_no_judged_query(tmp_path):
    node, _ = trec(tmp_path, np.random.default_rng(0))
    run = tmp_path / "run"
    run.write_text(run.read_text().replace("q", "topic"))
    with pytest.raises(DataError, match=r"run: got queries such as topic0, none of which .*qrels judges; .* as q0"):
        evaluated(tmp_path, node | {"complete": False}, "trec_eval")
    values, warnings = evaluated(tmp_path, node | {"complete": True}, "trec_eval")
    assert values["map"].value == 0
    assert "nothing is retrieved in 6 queries of 6" in warnings
    for name in ("qrels", "run"):
        (tmp_path / name).write_text("# nothing\n")
        with pytest.raises(DataError, match=f"{name}: got no line, expected query"):
            evaluated(tmp_path, node, "trec_eval")
        trec(tmp_path, np.random.default_rng(0))


def test_nothing_relevant(tmp_path):
    node, _ = ranking_table(tmp_path, np.random.default_rng(0))
    path = tmp_path / "ranking.csv"
    head, *rows = path.read_text().splitlines()
    path.write_text("\n".join([head, *(f"{row[:-1]}0" for row in rows)]) + "\n")
    values, warnings = evaluated(tmp_path, node, "average_precision")
    assert math.isnan(values["it"].value)
    assert "nothing is relevant in 6 queries of 6: average precision is undefined" in warnings
    inline = {"name": "ranking", "relevance": [0, 0]}
    assert "nothing is relevant" in evaluated(tmp_path, inline, "average_precision")[1][0]
    path.write_text(head + "\n")
    with pytest.raises(DataError, match="got no row, expected one for each item"):
        evaluated(tmp_path, node, "average_precision")
