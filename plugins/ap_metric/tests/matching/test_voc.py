"""PASCAL VOC's definition, and the readers of other formats."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric import (
    DetectionData,
    coco_match,
    coco_statistics,
    match,
    to_xywh,
    voc_average_precision,
    voc_match,
)

from a4eval import ConfigError, DataError, Run, build

from ..coco_cases import arrays_of_case, awkward_case
from ..shared_data import SHARED

TOY = SHARED / "padilla_toy"
TOY_VALUES = {
    (0.1, "11_point"): 0.3333333333333333,
    (0.1, "every_point"): 0.33719806763285026,
    (0.3, "11_point"): 0.26839826839826836,
    (0.3, "every_point"): 0.24568668046928915,
    (0.5, "11_point"): 0.030303030303030304,
    (0.5, "every_point"): 0.022222222222222223,
    (0.75, "11_point"): 0.0,
    (0.75, "every_point"): 0.0,
}


def evaluated(tmp_path, data, **metric):
    run = Run(directory=tmp_path)
    node = {"name": "evaluate", "data": data, "metrics": {"voc": {"name": "detection_average_precision", **metric}}}
    result = build("task", node).run(run)
    return result.metrics["voc"].value, result, run


@pytest.mark.skipif(not TOY.exists(), reason="the toy data is not there")
@pytest.mark.parametrize(("threshold", "interpolation"), TOY_VALUES)
def test_the_toy_gives_the_published_values(tmp_path, threshold, interpolation):
    reader = {
        "name": "box_text",
        "ground_truth": str(TOY / "groundtruths"),
        "detections": str(TOY / "detections"),
        "format": "xywh",
        "relative": False,
        "score": "second",
    }
    value, result, _ = evaluated(tmp_path, reader, threshold=threshold, interpolation=interpolation)
    assert value == pytest.approx(TOY_VALUES[threshold, interpolation], abs=1e-15)
    assert result.tables["voc"][0]["truths"] == 15
    assert result.tables["voc"][0]["detections"] == 24


def by_the_book(data: DetectionData, threshold: float, extra: int, interpolation: str) -> list[float]:
    """VOCevaldet.m, detection by detection."""
    values = []
    for one in range(data.n_classes):
        truths = np.flatnonzero(data.truth_class == one)
        counting = truths[~data.truth_crowd[truths]]
        rows = np.flatnonzero(data.detection_class == one)
        rows = sorted(rows, key=lambda row: (-data.detection_score[row], data.detection_unit[row], row))
        taken, outcome = set(), []
        for row in rows:
            best, match = -np.inf, None
            x, y, w, h = data.detection_box[row]
            for truth in truths[data.truth_unit[truths] == data.detection_unit[row]]:
                gx, gy, gw, gh = data.truth_box[truth]
                width = min(x + w, gx + gw) - max(x, gx) + extra
                height = min(y + h, gy + gh) - max(y, gy) + extra
                if width > 0 and height > 0:
                    both = width * height
                    union = (w + extra) * (h + extra) + (gw + extra) * (gh + extra) - both
                    if both / union > best:
                        best, match = both / union, truth
            if best >= threshold:
                if not data.truth_crowd[match]:
                    outcome.append(match not in taken)
                    taken.add(match)
            else:
                outcome.append(False)
        if not len(counting):
            values.append(np.nan)
        else:
            hits = np.cumsum(outcome)
            precision, recall = hits / np.arange(1, len(hits) + 1), hits / len(counting)
            if interpolation == "11_point":
                levels = [max(precision[recall >= one], default=0) for one in np.linspace(0, 1, 11)]
                values.append(np.mean(levels))
            else:
                gain = np.diff(recall, prepend=0)
                values.append(sum(gain[i] * precision[i:].max() for i in range(len(hits))))
    return values


@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize("interpolation", ["11_point", "every_point"])
def test_awkward_cases_by_the_book(extra, interpolation):
    for seed in range(150):
        data = arrays_of_case(awkward_case(np.random.default_rng(seed)))
        threshold = [0.3, 0.5, 0.75][seed % 3]
        matches = voc_match(data, threshold=threshold, extra_pixel=bool(extra))
        got = voc_average_precision(matches, data.n_classes, interpolation)
        expected = by_the_book(data, threshold, extra, interpolation)
        np.testing.assert_allclose(got, expected, atol=1e-14, err_msg=f"seed {seed}")


def test_weights_are_copies_of_images():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        data = arrays_of_case(awkward_case(rng))
        weights = rng.integers(0, 4, data.n_units)
        truth, found = (np.repeat(np.arange(len(u)), weights[u]) for u in (data.truth_unit, data.detection_unit))

        def copies(unit, rows, weights=weights):
            start = np.cumsum(weights) - weights
            which = np.concatenate([np.arange(weights[unit[row]]) for row in np.unique(rows)] or [rows])
            return start[unit[rows]] + which.astype(int)

        repeated = DetectionData(
            n_units=max(int(weights.sum()), 1),
            n_classes=data.n_classes,
            truth_unit=copies(data.truth_unit, truth),
            truth_class=data.truth_class[truth],
            truth_box=data.truth_box[truth],
            truth_area=data.truth_area[truth],
            truth_crowd=data.truth_crowd[truth],
            detection_unit=copies(data.detection_unit, found),
            detection_class=data.detection_class[found],
            detection_box=data.detection_box[found],
            detection_score=data.detection_score[found],
        )
        got = voc_average_precision(voc_match(data), data.n_classes, "every_point", weights)
        expected = voc_average_precision(voc_match(repeated), data.n_classes, "every_point")
        np.testing.assert_allclose(got, expected, atol=1e-14, err_msg=f"seed {seed}")


def xml(*objects):
    text = "".join(
        f"<object><name>{name}</name><difficult>{difficult}</difficult><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin>"
        f"<xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
        for name, difficult, x1, y1, x2, y2 in objects
    )
    return f"<annotation>{text}</annotation>"


def voc_folder(tmp_path, results="000001 0.9 10 10 19 19\n000002 0.8 100 100 109 109\n"):
    for name in ("Annotations", "results"):
        (tmp_path / name).mkdir()
    (tmp_path / "Annotations" / "000001.xml").write_text(xml(("cat", 0, 10, 10, 19, 19), ("cat", 1, 50, 50, 59, 59)))
    (tmp_path / "Annotations" / "000002.xml").write_text(xml(("cat", 0, 10, 10, 19, 19)))
    (tmp_path / "results" / "comp4_det_test_cat.txt").write_text(results)
    return {"name": "voc", "ground_truth": str(tmp_path / "Annotations"), "detections": str(tmp_path / "results")}


def test_vocs_own_files_and_difficult_objects(tmp_path):
    reader = voc_folder(tmp_path)
    assert evaluated(tmp_path, reader)[0] == 0.5
    # finding the difficult one changes nothing; 3 images of files are read
    (tmp_path / "results" / "comp4_det_test_cat.txt").write_text("000001 0.95 50 50 59 59\n000001 0.9 10 10 19 19\n")
    value, result, run = evaluated(tmp_path, reader)
    assert value == 0.5
    assert result.metrics["voc"].n == 2
    assert len(run.sources) == 3


def test_the_extra_pixel_decides_at_the_threshold(tmp_path):
    # 10 × 10 pixels against 10 × 5: IoU 1/2 with inclusive edges, 9 × 4 / 81 without
    reader = voc_folder(tmp_path, "000001 0.9 10 10 19 14\n")
    assert evaluated(tmp_path, reader, extra_pixel=True)[0] == 0.5
    assert evaluated(tmp_path, reader, extra_pixel=False)[0] == 0


def test_yolo_files_are_centres_and_sizes_relative_to_the_image(tmp_path):
    for name, text in (("truth", "0 0.5 0.5 0.2 0.5\n"), ("found", "0 0.5 0.5 0.2 0.5 0.9\n1 0.1 0.1 0.1 0.1 0.8\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(text)
    (tmp_path / "truth" / "empty.txt").write_text("\n")
    (tmp_path / "sizes.csv").write_text("image,width,height\na,100,40\nempty,100,40\n")
    reader = {
        "name": "box_text",
        "ground_truth": str(tmp_path / "truth"),
        "detections": str(tmp_path / "found"),
        "sizes": str(tmp_path / "sizes.csv"),
    }
    (batch,) = build("reader", reader).batches(Run(directory=tmp_path))
    np.testing.assert_allclose(batch["truth_box"], [[40, 10, 20, 20]])
    value, result, run = evaluated(tmp_path, reader)
    assert value == 1
    assert result.metrics["voc"].n == 2
    assert "classes the ground truth does not know: 1" in run.warnings[0]
    with pytest.raises(ConfigError, match="sizes: relative boxes need"):
        build("reader", {key: value for key, value in reader.items() if key != "sizes"})
    (tmp_path / "sizes.csv").write_text("image,width,height\nempty,100,40\n")
    with pytest.raises(DataError, match="no size of image 'a'"):
        evaluated(tmp_path, reader)
    (tmp_path / "found" / "b.txt").write_text("0 0.5 0.5 0.2 0.5 0.9\n")
    (tmp_path / "sizes.csv").write_text("image,width,height\na,100,40\nb,100,40\n")
    with pytest.raises(DataError, match="image 'b' is not among the 2 images"):
        evaluated(tmp_path, reader)
    (tmp_path / "found" / "b.txt").write_text("0 0.5 0.5 0.2 0.5\n")
    with pytest.raises(DataError, match=r"b\.txt: line 1: got 4 numbers after the class, expected 5"):
        evaluated(tmp_path, reader)


TRUTH = "ImageID,LabelName,XMin,XMax,YMin,YMax,IsGroupOf,w,h\na,/m/1,0.1,0.3,0.1,0.5,0,100,200\n"
FOUND = "ImageID,LabelName,XMin,XMax,YMin,YMax,Score,w,h\na,/m/1,0.1,0.3,0.1,0.5,0.9,100,200\n"
COLUMNS = {
    "image": "ImageID",
    "class": "LabelName",
    "box_1": "XMin",
    "box_2": "YMin",
    "box_3": "XMax",
    "box_4": "YMax",
    "score": "Score",
    "width": "w",
    "height": "h",
}


def tables(tmp_path, truth=TRUTH, found=FOUND):
    (tmp_path / "truth.csv").write_text(truth)
    (tmp_path / "found.csv").write_text(found)
    return {
        "name": "detection_table",
        "ground_truth": str(tmp_path / "truth.csv"),
        "detections": str(tmp_path / "found.csv"),
        "format": "xyxy",
        "relative": True,
        "columns": COLUMNS,
    }


def test_flat_tables_such_as_open_images(tmp_path):
    reader = tables(tmp_path)
    (batch,) = build("reader", reader).batches(Run(directory=tmp_path))
    np.testing.assert_allclose(batch["truth_box"], [[10, 20, 20, 80]])
    assert evaluated(tmp_path, reader)[0] == 1
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow writes and reads Parquet")
    from pyarrow import csv

    for name in ("truth", "found"):
        parquet.write_table(csv.read_csv(tmp_path / f"{name}.csv"), tmp_path / f"{name}.parquet")
        (tmp_path / f"{name}.csv").unlink()
    files = {"ground_truth": str(tmp_path / "truth.parquet"), "detections": str(tmp_path / "found.parquet")}
    assert evaluated(tmp_path, reader | files)[0] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": {"picture": "ImageID"}, "relative": False}, "columns: got 'picture'"),
        ({"columns": {}}, "relative: set columns.width"),
        ({"format": "xxyy"}, "xxyy"),
    ],
)
def test_bad_table_parameters_are_refused(tmp_path, change, words):
    with pytest.raises(ConfigError, match=words):
        build("reader", tables(tmp_path) | change)


def test_bad_cells_are_refused(tmp_path):
    with pytest.raises(DataError, match="column 'XMin': expected numbers, got text"):
        evaluated(tmp_path, tables(tmp_path, truth=TRUTH.replace("0.1,0.3,0.1", "left,0.3,0.1")))
    with pytest.raises(DataError, match="negative width or height"):
        evaluated(tmp_path, tables(tmp_path, found=FOUND.replace("0.1,0.3", "0.3,0.1")))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("Annotations/000001.xml", "<annotation>", "000001.xml: is not XML"),
        ("Annotations/000001.xml", xml(("cat", 0, "left", 1, 2, 3)), r"object 1: bndbox is \['left'"),
        ("Annotations/000001.xml", xml(("", 0, 1, 1, 2, 3)), "object 1 has no name"),
        ("results/comp4_det_test_cat.txt", "000001 0.9 1 2 3\n", "line 1: got 5 fields"),
        ("results/comp4_det_test_cat.txt", "000001 high 1 2 3 4\n", "line 1: could not convert"),
        ("results/comp4_det_test_cat.txt", "000009 0.5 1 2 3 4\n", "image '000009' is not among the 2"),
        ("results/comp4_det_test_cat.txt", "000001 nan 1 2 3 4\n", "entry 0: score nan is not finite"),
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


def test_formats_agree():
    xywh = np.array([[1.0, 2, 30, 40]])
    assert to_xywh([[1, 2, 31, 42]], "xyxy").tolist() == xywh.tolist()
    assert to_xywh([[16, 22, 30, 40]], "cxcywh").tolist() == xywh.tolist()
    with pytest.raises(ValueError, match="format: got 'yxyx'"):
        to_xywh(xywh, "yxyx")  # type: ignore[arg-type]


def test_a_bad_threshold_is_refused():
    with pytest.raises(ConfigError, match="threshold: got 0"):
        build("metric", {"name": "detection_average_precision", "threshold": 0.0})


def test_cocos_matching_and_grid_give_cocos_ap50():
    for seed in range(60):
        data = arrays_of_case(awkward_case(np.random.default_rng(seed), many=seed % 10 == 0))
        got = voc_average_precision(coco_match(data), data.n_classes, "101_point")
        expected = coco_statistics(match(data))[1]
        mean = got[~np.isnan(got)].mean() if (~np.isnan(got)).any() else np.nan
        np.testing.assert_allclose(mean, expected, atol=1e-14)


def test_the_two_matchings_differ_where_the_best_truth_is_taken():
    # two truths; the second detection overlaps the taken one more, but the free one enough
    data = DetectionData(
        n_units=1,
        n_classes=1,
        truth_unit=np.zeros(2, int),
        truth_class=np.zeros(2, int),
        truth_box=np.array([[0.0, 0, 100, 100], [20, 0, 100, 100]]),
        truth_area=np.full(2, 1e4),
        truth_crowd=np.zeros(2, bool),
        detection_unit=np.zeros(2, int),
        detection_class=np.zeros(2, int),
        detection_box=np.array([[0.0, 0, 100, 100], [5, 0, 100, 100]]),
        detection_score=np.array([0.9, 0.8]),
    )
    assert voc_match(data).hit.tolist() == [True, False]
    assert coco_match(data).hit.tolist() == [True, True]
