"""Best F1, calibration, confusion matrix, TIDE and COCO's tables, against brute force."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from a4eval_ap_metric import (
    DetectionData,
    best_f1,
    calibration,
    coco_statistics,
    confusion_matrix,
    match,
    tide_errors,
)
from a4eval_ap_metric.measures.tide import KINDS
from hypothesis import given
from hypothesis import strategies as st

from a4eval import ConfigError, DataError, build

from ..coco_cases import arrays_of_case, awkward_case

outcomes_strategy = st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=30)


@given(outcomes_strategy, st.integers(0, 5))
def test_best_f1_is_the_best_of_all_thresholds(rows, missed):
    scores, hit = np.array([one[0] / 10 for one in rows]), np.array([one[1] for one in rows])
    n_truth = int(hit.sum()) + missed
    got = best_f1(scores, hit, n_truth)
    if not n_truth:
        assert math.isnan(got.f1)
        return
    values = {}
    for threshold in scores:
        kept = scores >= threshold
        values[float(threshold)] = 2 * hit[kept].sum() / (kept.sum() + n_truth)
    assert got.f1 == pytest.approx(max(values.values()))
    if hit.any():
        assert values[got.score] == pytest.approx(got.f1)
        kept = scores >= got.score
        assert got.precision == pytest.approx(hit[kept].mean())
        assert got.recall == pytest.approx(hit[kept].sum() / n_truth)


@given(outcomes_strategy, st.integers(1, 12))
def test_calibration_by_definition(rows, bins):
    scores, hit = np.array([one[0] / 10 for one in rows]), np.array([one[1] for one in rows])
    got = calibration(scores, hit, bins)
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for index in range(bins):
        last = index == bins - 1
        inside = (scores >= edges[index]) & ((scores < edges[index + 1]) | last)
        assert got.count[index] == inside.sum()
        if inside.any():
            error += inside.mean() * abs(hit[inside].mean() - scores[inside].mean())
    assert got.error == pytest.approx(error)


def test_a_perfectly_calibrated_detector_has_no_error_and_scores_must_be_probabilities():
    scores = np.array([0.25] * 4 + [0.75] * 4)
    hit = np.array([1, 0, 0, 0, 1, 1, 1, 0], bool)
    assert calibration(scores, hit).error == 0
    with pytest.raises(ValueError, match="expected probabilities"):
        calibration(scores * 2, hit)


def iou(first, second):
    (x, y, w, h), (a, b, c, d) = first, second
    width, height = min(x + w, a + c) - max(x, a), min(y + h, b + d) - max(y, b)
    both = max(width, 0) * max(height, 0)
    return both / (w * h + c * d - both)


def plain(seed, **changes):
    """Return a case without crowds, ties and rounding: what brute force gives without rules for them."""
    rng = np.random.default_rng(seed)
    case = awkward_case(rng)
    for one in case["results"]:
        one["score"] = float(rng.random())
        one["bbox"] = [value + float(rng.random()) * 0.01 for value in one["bbox"]]
    for one in case["annotations"]:
        one["iscrowd"] = 0
    return arrays_of_case(case | changes)


def brute_force_confusion(data: DetectionData, threshold: float, score: float):
    counts = np.zeros((data.n_classes + 1, data.n_classes + 1), int)
    free = set(range(len(data.truth_unit)))
    for row in np.argsort(-data.detection_score):
        if data.detection_score[row] < score:
            continue
        near = [g for g in free if data.truth_unit[g] == data.detection_unit[row]]
        best = max(near, key=lambda g: iou(data.detection_box[row], data.truth_box[g]), default=None)
        if best is not None and iou(data.detection_box[row], data.truth_box[best]) >= threshold:
            free.remove(best)
            counts[data.truth_class[best], data.detection_class[row]] += 1
        else:
            counts[-1, data.detection_class[row]] += 1
    for g in free:
        counts[data.truth_class[g], -1] += 1
    return counts


def test_confusion_matrix_by_brute_force():
    for seed in range(100):
        data = plain(seed)
        for score in (0.0, 0.4):
            got = confusion_matrix(data, threshold=0.5, score=score)
            np.testing.assert_array_equal(got, brute_force_confusion(data, 0.5, score), err_msg=f"seed {seed}")


def brute_force_ap(found, n_truth, had):
    """101-point AP of {class: [(score, hit)]}, the mean over the classes that had truths."""
    values = []
    for one in had:
        rows = sorted(found.get(one, []), key=lambda row: -row[0])
        if not n_truth[one]:
            if rows:
                values.append(0.0)
            continue
        hits = np.cumsum([hit for _, hit in rows])
        precision, recall = hits / np.arange(1, len(rows) + 1), hits / n_truth[one]
        values.append(np.mean([max(precision[recall >= level], default=0) for level in np.linspace(0, 1, 101)]))
    return float(np.mean(values))


def brute_force_tide(data: DetectionData):
    """The definitions of the paper, detection by detection."""
    table = {
        (d, g): iou(data.detection_box[d], data.truth_box[g])
        for d in range(len(data.detection_unit))
        for g in range(len(data.truth_unit))
        if data.detection_unit[d] == data.truth_unit[g]
    }
    order = np.argsort(-data.detection_score)
    owner: dict[int, int] = {}
    for d in order:
        own = [g for (e, g) in table if e == d and data.truth_class[g] == data.detection_class[d] and g not in owner]
        best = max(own, key=lambda g: table[d, g], default=None)
        if best is not None and table[d, best] >= 0.5:
            owner[best] = d
    right = set(owner.values())
    kind, target = {}, {}
    for d in range(len(order)):
        if d in right:
            continue
        own = {g: v for (e, g), v in table.items() if e == d and data.truth_class[g] == data.detection_class[d]}
        other = {g: v for (e, g), v in table.items() if e == d and data.truth_class[g] != data.detection_class[d]}
        best_own, best_other = max(own.values(), default=0), max(other.values(), default=0)
        if 0.1 <= best_own <= 0.5:
            kind[d], target[d] = "localisation", max(own, key=own.get)
        elif best_other >= 0.5:
            kind[d], target[d] = "classification", max(other, key=other.get)
        elif any(v >= 0.5 for g, v in own.items() if g in owner):
            kind[d] = "duplicate"
        elif max(best_own, best_other) <= 0.1:
            kind[d] = "background"
        else:
            kind[d] = "both"
    winner: dict[int, int] = {}
    for d in order:
        if d in target and target[d] not in owner:
            winner.setdefault(target[d], d)
    missed = [g for g in range(len(data.truth_unit)) if g not in owner and g not in winner]
    had = sorted(set(data.truth_class.tolist()))
    n_truth = np.bincount(data.truth_class, minlength=data.n_classes)

    def ap(fixed_kind, n):
        found: dict[int, list] = {}
        for d in range(len(order)):
            one, hit = int(data.detection_class[d]), d in right
            if d in kind and kind[d] == fixed_kind:
                if winner.get(target.get(d)) != d:
                    continue
                one, hit = int(data.truth_class[target[d]]), True
            found.setdefault(one, []).append((data.detection_score[d], hit))
        return brute_force_ap(found, n, had)

    base = ap(None, n_truth)
    cost = {one: max(ap(one, n_truth) - base, 0) for one in KINDS[:5]}
    left = n_truth - np.bincount(data.truth_class[missed], minlength=data.n_classes)
    cost["missed"] = max(ap(None, left) - base, 0)
    count = {one: sum(k == one for k in kind.values()) for one in KINDS[:5]} | {"missed": len(missed)}
    return base, count, cost


def test_tide_without_truths_has_only_background():
    data = plain(0)
    names = ("truth_unit", "truth_class", "truth_box", "truth_area", "truth_crowd")
    got = tide_errors(replace(data, **{name: getattr(data, name)[:0] for name in names}))
    assert np.isnan(got.average_precision)
    assert got.count["background"] == sum(got.count.values()) > 0


def test_tide_by_brute_force():
    seen = dict.fromkeys(KINDS, 0)
    for seed in range(120):
        data = plain(seed)
        if not len(data.truth_unit):
            continue
        got = tide_errors(data)
        base, count, cost = brute_force_tide(data)
        assert got.average_precision == pytest.approx(base, abs=1e-12), seed
        assert got.count == count, seed
        assert got.cost == pytest.approx(cost, abs=1e-12), seed
        assert got.average_precision == pytest.approx(coco_statistics(match(data))[1], abs=1e-12)
        for one in KINDS:
            seen[one] += count[one]
    assert min(seen.values()) > 5


def test_one_error_of_each_kind():
    truth = np.array([[0.0, 0, 10, 10], [100, 0, 10, 10], [200, 0, 10, 10], [300, 0, 10, 10]])
    found = {
        "right": [0.0, 0, 10, 10],
        "duplicate": [0.0, 0, 10, 9],
        "localisation": [106.0, 0, 10, 10],
        "classification": [200.0, 0, 10, 10],
        "both": [206.0, 0, 10, 10],
        "background": [900.0, 0, 10, 10],
    }
    classes = {"classification": 1, "both": 1}
    n = len(found)
    data = DetectionData(
        n_units=1,
        n_classes=2,
        truth_unit=np.zeros(4, int),
        truth_class=np.zeros(4, int),
        truth_box=truth,
        truth_area=np.full(4, 100.0),
        truth_crowd=np.zeros(4, bool),
        detection_unit=np.zeros(n, int),
        detection_class=np.array([classes.get(name, 0) for name in found]),
        detection_box=np.array(list(found.values())),
        detection_score=np.linspace(0.9, 0.4, n),
    )
    assert tide_errors(data).count == dict.fromkeys(KINDS, 1)


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
    assert np.mean([row["precision"] for row in tables["curve"]]) == pytest.approx(values["AP"].value)
    assert np.mean([row["precision_0.5"] for row in tables["curve"]]) == pytest.approx(values["AP50"].value)
    counts = metrics["confusion"].tables()["confusion"]
    assert sum(row["count"] for row in counts if row["truth"] != "background") == len(data.truth_unit)
    assert sum(row["count"] for row in counts if row["detected"] != "background") == len(data.detection_unit)
    bins = metrics["calibration"].tables()["reliability"]
    assert sum(row["detections"] for row in bins) == metrics["calibration"].compute()["expected_calibration_error"].n
    assert max(row["f1"] for row in metrics["f1"].tables()["classes"]) >= metrics["f1"].compute()["f1"].value - 0.5
    assert {row["error"]: row["count"] for row in metrics["tide"].tables()["errors"]} == tide_errors(data).count
    with pytest.raises(ValueError, match="cannot weigh"):
        metrics["tide"].compute(np.ones(data.n_units))


def test_shards_merged_are_the_whole():
    data = plain(5)
    whole, first, second = (build("metric", "detection_f1") for _ in range(3))
    whole.update(batch(data))
    for metric, side in ((first, 0), (second, 1)):
        units = np.arange(data.n_units) % 2 == side
        truth, found = units[data.truth_unit], units[data.detection_unit]
        columns = batch(data)
        part = {"unit": columns["unit"]}
        for name, column in columns.items():
            if name != "unit":
                part[name] = column[truth if name.startswith("truth") else found]
        metric.update(part)
    second.merge(first)
    assert repr(second.compute()) == repr(whole.compute())
    with pytest.raises(ValueError, match="merge: got"):
        whole.merge(build("metric", {"name": "detection_f1", "threshold": 0.7}))


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"name": "detection_f1", "threshold": 1.5}, "thresholds: got"),
        ({"name": "detection_calibration", "bins": 0}, "bins: got 0"),
        ({"name": "tide", "background": 0.6}, "background and foreground"),
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
