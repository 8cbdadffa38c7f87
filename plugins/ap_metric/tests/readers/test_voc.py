"""PASCAL VOC's own files."""

from __future__ import annotations

import pytest

from a4eval import DataError, Run, build

from ..voc_cases import evaluated, voc_folder, xml


def test_vocs_own_files_and_difficult_objects(tmp_path):
    reader = voc_folder(tmp_path)
    assert evaluated(tmp_path, reader)[0] == 0.5
    # finding the difficult one changes nothing; 3 images of files are read
    (tmp_path / "results" / "comp4_det_test_cat.txt").write_text("000001 0.95 50 50 59 59\n000001 0.9 10 10 19 19\n")
    value, result, run = evaluated(tmp_path, reader)
    assert value == 0.5
    assert result.metrics["voc"].n == 2
    assert len(run.sources) == 3


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("Annotations/000001.xml", "<annotation>", "000001.xml: is not XML"),
        ("Annotations/000001.xml", xml(("cat", 0, "left", 1, 2, 3)), r"object 1: bndbox is \['left'"),
        ("Annotations/000001.xml", xml(("cat", 0, "1_0", 1, 20, 3)), r"object 1: bndbox is \['1_0'"),
        ("Annotations/000001.xml", xml(("cat", 2, 1, 1, 2, 3)), "object 1: difficult is '2', expected 0 or 1"),
        ("Annotations/000001.xml", xml(("cat", "yes", 1, 1, 2, 3)), "object 1: difficult is 'yes', expected 0 or 1"),
        ("Annotations/000001.xml", xml(("", 0, 1, 1, 2, 3)), "object 1 has no name"),
        ("Annotations/000001.xml", xml((" ", 0, 1, 1, 2, 3)), "object 1 has no name"),
        ("results/comp4_det_test_cat.txt", "000001 0.9 1 2 3\n", "line 1: got 5 fields"),
        ("results/comp4_det_test_cat.txt", "000001 high 1 2 3 4\n", "line 1: got 'high', expected a number"),
        ("results/comp4_det_test_cat.txt", "000009 0.5 1 2 3 4\n", "image '000009' is not among the 2"),
        ("results/comp4_det_test_cat.txt", "000001 nan 1 2 3 4\n", r"cat\.txt: line 1: score nan is not finite"),
    ],
)
def test_bad_voc_files_are_refused(tmp_path, name, text, words):
    reader = voc_folder(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=words):
        evaluated(tmp_path, reader)


def test_missing_folders_are_refused(tmp_path):
    reader = voc_folder(tmp_path)
    with pytest.raises(DataError, match="is not a folder"):
        evaluated(tmp_path, reader | {"ground_truth": "nowhere"})
    with pytest.raises(DataError, match="is not a folder"):
        evaluated(tmp_path, reader | {"detections": "nowhere"})


@pytest.mark.parametrize("name", ["comp4_det_test_traffic_light", "traffic_light", "results_of_2012_traffic_light"])
def test_a_class_is_what_the_ground_truth_knows(tmp_path, name):
    truth, results = tmp_path / "truth", tmp_path / "results"
    truth.mkdir()
    results.mkdir()
    (truth / "a.xml").write_text(xml(("traffic_light", 0, 10, 10, 30, 30), ("light", 0, 50, 50, 60, 60)))
    (results / f"{name}.txt").write_text("a 0.9 10 10 30 30\n")
    (results / "comp4_det_test_light.txt").write_text("a 0.9 50 50 60 60\n")
    metric = build("metric", {"name": "detection_average_precision"})
    reader = build("reader", {"name": "voc", "ground_truth": str(truth), "detections": str(results)})
    for batch in reader.batches(Run(directory=tmp_path)):
        metric.update(batch)
    assert metric.compute()["mean_average_precision"].value == 1


@pytest.mark.parametrize(
    ("written", "expected"), [("", False), (" 0 ", False), ("false", False), (" 1 ", True), ("True", True)]
)
def test_difficult_is_0_or_1(tmp_path, written, expected):
    reader = voc_folder(tmp_path)
    (tmp_path / "Annotations" / "000002.xml").write_text(xml(("cat", written, 10, 10, 19, 19)))
    (batch,) = build("reader", reader).batches(Run(directory=tmp_path))
    assert batch["truth_difficult"].tolist() == [False, True, expected]
