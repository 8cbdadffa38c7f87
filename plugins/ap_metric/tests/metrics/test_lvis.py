"""LVIS's federated protocol against another implementation of it."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from a4eval_ap_metric import read_coco

from a4eval import DataError, build

from ..coco_cases import awkward_case
from ..lvis_cases import federated_case, written


@pytest.mark.filterwarnings("ignore:max_detections")  # 10 are fewer than some images have objects
@pytest.mark.parametrize("limit", [300, 10])
def test_equal_to_another_implementation(tmp_path, limit):
    peer = pytest.importorskip("ultrafast_pycocotools", reason="ultrafast-pycocotools has LVIS's protocol")
    compared = 0
    for seed in range(80):
        files = written(tmp_path, federated_case(seed))
        metric = build("metric", {"name": "lvis_detection", "max_detections": limit})
        metric.update(read_coco(*files))
        with contextlib.redirect_stdout(io.StringIO()):
            truth = peer.COCO(str(files[0]), verbose=False)
            evaluation = peer.COCOeval(truth, truth.loadRes(str(files[1])), "bbox", lvis_style=True)
            evaluation.params.maxDets = [limit]
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        got = np.array([value.value for value in metric.compute().values()])
        np.testing.assert_allclose(np.where(np.isnan(got), -1, got), evaluation.stats, atol=1e-14, err_msg=str(seed))
        compared += 1
    assert compared == 80


def test_the_names_are_those_of_lvis():
    assert build("metric", "lvis_detection").names[6:] == (
        "APr",
        "APc",
        "APf",
        "AR@300",
        "ARs@300",
        "ARm@300",
        "ARl@300",
    )


def test_what_was_not_looked_for_counts_for_nothing(tmp_path):
    box = [10, 10, 50, 50]
    truth = {
        "images": [{"id": 1, "neg_category_ids": [3], "not_exhaustive_category_ids": [1]}],
        "categories": [{"id": one, "frequency": "f"} for one in (1, 2, 3)],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": box, "area": 2500}],
    }
    right = {"image_id": 1, "category_id": 1, "bbox": box, "score": 0.5}
    elsewhere = right | {"bbox": [200, 200, 50, 50], "score": 0.9}
    for extra in (elsewhere, elsewhere | {"category_id": 2}, elsewhere | {"category_id": 3}):
        metric = build("metric", "lvis_detection")
        metric.update(read_coco(*written(tmp_path, truth | {"results": [right, extra]})))
        assert metric.compute()["AP"].value == pytest.approx(1, abs=1e-12)
    # were class 1 exhaustively annotated, the miss above it would halve its precision
    truth["images"][0]["not_exhaustive_category_ids"] = []
    metric = build("metric", "lvis_detection")
    metric.update(read_coco(*written(tmp_path, truth | {"results": [right, elsewhere]})))
    assert metric.compute()["AP"].value == pytest.approx(0.5, abs=1e-12)


def test_other_files_are_refused(tmp_path):
    case = awkward_case(np.random.default_rng(0))
    metric = build("metric", "lvis_detection")
    with pytest.raises(DataError, match="no neg_category_ids"):
        metric.update(read_coco(*written(tmp_path, case)))


def test_its_tables_say_what_its_values_say(tmp_path):
    report = ["frequencies", "classes", "thresholds", "curve", "detections"]
    compared = 0
    for seed in range(8):
        metric = build("metric", {"name": "lvis_detection", "report": report})
        metric.update(read_coco(*written(tmp_path, federated_case(seed))))
        values, tables = metric.compute(), metric.tables()
        of = {row["frequency"]: row["AP"] for row in tables["frequencies"]}
        for name, letter in (("rare", "r"), ("common", "c"), ("frequent", "f")):
            assert of[name] == pytest.approx(values[f"AP{letter}"].value, nan_ok=True)
        known = [row["AP"] for row in tables["classes"] if row["truths"]]
        assert (np.mean(known) if known else np.nan) == pytest.approx(values["AP"].value, nan_ok=True)
        assert tables["detections"][-1]["AP"] == pytest.approx(values["AP"].value, nan_ok=True)
        assert tables["detections"][-1]["detections"] == 300
        assert set(metric.charts()) == set(report) == set(tables)
        compared += bool(known)
    assert compared > 4
