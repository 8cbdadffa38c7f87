"""TIDE's errors, by brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from a4eval_ap_metric import (
    DetectionData,
    coco_statistics,
    match,
    tide_errors,
)
from a4eval_ap_metric.measures.tide import KINDS

from ..brute_force import iou, plain


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


def test_a_truth_that_is_ignored_is_neither_missed_nor_mended():
    # two truths, of which the second counts for nothing: a detection beside each
    data = DetectionData(
        n_units=1,
        n_classes=1,
        truth_unit=np.zeros(2, int),
        truth_class=np.zeros(2, int),
        truth_box=np.array([[0.0, 0, 10, 10], [100, 0, 10, 10]]),
        truth_area=np.full(2, 100.0),
        truth_crowd=np.zeros(2, bool),
        truth_ignored=np.array([False, True]),
        detection_unit=np.zeros(2, int),
        detection_class=np.zeros(2, int),
        detection_box=np.array([[0.0, 0, 10, 10], [106, 0, 10, 10]]),
        detection_score=np.array([0.8, 0.9]),
    )
    found = tide_errors(data)
    assert found.average_precision == 0.5
    assert found.count == dict.fromkeys(KINDS, 0) | {"localisation": 1}
    assert found.cost == dict.fromkeys(KINDS, 0.0) | {"localisation": 0.5}, "it is gone, as it has no truth"
    assert tide_errors(data.with_detections([0])).count["missed"] == 0


@pytest.mark.parametrize(("of_truth", "cost"), [(1, 1.0), (0, 0.5)])
def test_equal_scores_keep_the_order_of_the_classes_they_were_found_in(of_truth, cost):
    # the truth has a detection of the other class; of its own class one of the same score lies on nothing
    box = [0.0, 0.0, 10.0, 10.0]
    data = DetectionData(
        n_units=1,
        n_classes=2,
        truth_unit=np.zeros(1, int),
        truth_class=np.array([of_truth]),
        truth_box=np.array([box]),
        truth_area=np.full(1, 100.0),
        truth_crowd=np.zeros(1, bool),
        detection_unit=np.zeros(2, int),
        detection_class=np.array([1 - of_truth, of_truth]),
        detection_box=np.array([box, [50.0, 50, 5, 5]]),
        detection_score=np.array([0.5, 0.5]),
    )
    assert tide_errors(data).cost["classification"] == cost


def test_tidecvs_definitions_are_parameters():
    # one image: class 0 has a truth and its detection behind two detections of class 1, which has no truth
    box = [0.0, 0.0, 10.0, 10.0]
    data = DetectionData(
        n_units=1,
        n_classes=2,
        truth_unit=np.zeros(1, int),
        truth_class=np.zeros(1, int),
        truth_box=np.array([box]),
        truth_area=np.full(1, 100.0),
        truth_crowd=np.zeros(1, bool),
        detection_unit=np.zeros(3, int),
        detection_class=np.array([1, 1, 0]),
        detection_box=np.array([[50.0, 50, 5, 5], [70.0, 70, 5, 5], box]),
        detection_score=np.array([0.9, 0.8, 0.7]),
    )
    assert tide_errors(data).average_precision == 1
    absent = tide_errors(data, absent_classes=True)
    assert absent.average_precision == 0.5, "an AP of 0 of the class that is not there"
    assert absent.cost["background"] == 0.5, "without its detections the class is gone"
    assert absent.false_positive_cost == 0, "put behind the rest they are still there"
    assert tide_errors(data, max_detections=1).average_precision == 1, "one of each class"
    assert tide_errors(data, max_detections=2, limit="image").average_precision == 0, "two of the image"
    assert tide_errors(data, max_detections=3, limit="image").average_precision == 1
