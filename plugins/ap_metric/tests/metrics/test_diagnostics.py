"""The metrics that say what is wrong with a detector, and their tables."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric import (
    DetectionData,
    tide_errors,
)

from a4eval import ConfigError, DataError, build

from ..brute_force import plain


def batch(data: DetectionData, **more):
    columns = {name: getattr(data, name) for name in data.__dataclass_fields__ if name[0] in "td"}
    columns = {name: column for name, column in columns.items() if column is not None}
    return {"unit": np.arange(data.n_units), **columns, **more}


def test_the_metrics_and_their_tables(tmp_path):
    data = plain(3)
    names = np.array([f"class {index}" for index in range(data.n_classes)])
    nodes = {
        "coco": {"name": "coco_detection", "report": ["classes", "thresholds", "curve"]},
        "f1": {"name": "detection_f1"},
        "calibration": {"name": "detection_calibration"},
        "confusion": {"name": "confusion_matrix", "score": 0.0},
        "tide": {"name": "tide"},
    }
    metrics = {label: build("metric", node) for label, node in nodes.items()}
    for metric in metrics.values():
        metric.update(batch(data, **{"class": np.arange(data.n_classes), "class_name": names}))
        assert set(metric.compute()) == set(metric.names)
    tables = metrics["coco"].tables()
    values = metrics["coco"].compute()
    assert [row["class"] for row in tables["classes"]] == names.tolist()
    assert np.nanmean([row["AP"] for row in tables["classes"]]) == pytest.approx(values["AP"].value)
    assert np.mean([row["AP"] for row in tables["thresholds"]]) == pytest.approx(values["AP"].value)
    assert tables["thresholds"][0]["AP"] == pytest.approx(values["AP50"].value)
    assert np.mean([row["APl"] for row in tables["thresholds"]]) == pytest.approx(values["APl"].value, nan_ok=True)
    assert np.mean([row["mean"] for row in tables["curve"]]) == pytest.approx(values["AP"].value)
    assert np.mean([row["IoU 0.5"] for row in tables["curve"]]) == pytest.approx(values["AP50"].value)
    counts = metrics["confusion"].tables()["confusion"]
    assert sum(row["count"] for row in counts if row["truth"] != "background") == len(data.truth_unit)
    assert sum(row["count"] for row in counts if row["detected"] != "background") == len(data.detection_unit)
    for truth in names:
        shares = [row["share"] for row in counts if row["truth"] == truth]
        assert sum(shares) == pytest.approx(1) or not shares
    scores = metrics["f1"].tables()["scores"]
    assert sum(row["right"] for row in scores) == metrics["f1"].outcomes.hit.sum()
    assert sum(row["right"] + row["wrong"] for row in scores) == len(metrics["f1"].outcomes.score)
    assert (scores[0]["from"], scores[-1]["to"]) == (0, 1)
    bins = metrics["calibration"].tables()["reliability"]
    assert sum(row["detections"] for row in bins) == metrics["calibration"].compute()["expected_calibration_error"].n
    assert max(row["f1"] for row in metrics["f1"].tables()["classes"]) >= metrics["f1"].compute()["f1"].value - 0.5
    assert {row["error"]: row["count"] for row in metrics["tide"].tables()["errors"]} == tide_errors(data).count
    with pytest.raises(ValueError, match="cannot weigh"):
        metrics["tide"].compute(np.ones(data.n_units))


def test_the_curve_of_a_class_is_that_of_its_detections_alone():
    data = plain(3)
    metric = build("metric", {"name": "coco_detection", "report": ["class_curves"]})
    metric.update(batch(data))
    found = metric.tables()["class_curves"]
    columns = [one for one in found[0] if one != "recall"]
    truths = np.bincount(data.truth_class)
    assert truths[int(columns[0])] == truths.max(), "the classes with the most truths come first"
    for name in columns:
        truth, detection = data.truth_class == int(name), data.detection_class == int(name)
        alone = {one: column for one, column in batch(data).items() if one != "unit"}
        kept = {one: column[truth if one.startswith("truth") else detection] for one, column in alone.items()}
        single = build("metric", {"name": "coco_detection", "report": ["curve"]})
        single.update({"unit": np.arange(data.n_units), **kept})
        assert [row[name] for row in found] == [row["IoU 0.5"] for row in single.tables()["curve"]]


def test_metrics_with_other_parameters_are_not_merged():
    whole = build("metric", "detection_f1")
    with pytest.raises(ValueError, match="merge: got"):
        whole.merge(build("metric", {"name": "detection_f1", "threshold": 0.7}))


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"name": "detection_f1", "threshold": 1.5}, "threshold: got 1.5, expected at least 0 and at most 1"),
        ({"name": "detection_calibration", "bins": 0}, "bins: got 0"),
        ({"name": "tide", "background": 0.6}, "background: got 0.6, expected less than foreground, 0.5"),
        ({"name": "coco_detection", "report": ["everything"]}, "everything"),
    ],
)
def test_bad_parameters_are_refused(node, words):
    with pytest.raises(ConfigError, match=words):
        build("metric", node)


def test_calibration_of_scores_that_are_no_probabilities_is_a_data_error():
    data = plain(3)
    metric = build("metric", "detection_calibration")
    metric.update(batch(data) | {"detection_score": data.detection_score * 7})
    with pytest.raises(DataError, match="expected probabilities"):
        metric.compute()


@pytest.mark.filterwarnings("ignore:max_detections")  # 1 are fewer than some images have objects
@pytest.mark.parametrize("seed", range(4))
def test_ap_by_detections_is_what_the_metric_gives_with_so_many(seed):
    data = plain(seed)
    metric = build("metric", {"name": "coco_detection", "report": ["detections"]})
    metric.update(batch(data))
    rows = metric.tables()["detections"]
    assert [row["detections"] for row in rows] == [1, 2, 5, 10, 20, 50, 100]
    for row in rows:
        alone = build("metric", {"name": "coco_detection", "max_detections": [row["detections"]]})
        alone.update(batch(data))
        values = alone.compute()
        assert row["AP"] == pytest.approx(values["AP"].value, nan_ok=True)
        assert row["AR"] == pytest.approx(values[f"AR{row['detections']}"].value, nan_ok=True)
