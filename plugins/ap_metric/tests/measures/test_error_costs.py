"""What each error costs: every one is mended alone, and AP computed again."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric.matching.joined import MatchedPart
from a4eval_ap_metric.measures.class_average_precision import class_average_precision
from a4eval_ap_metric.measures.error_costs import error_costs
from a4eval_ap_metric.measures.errors import CLASS, KINDS, PLACE, RIGHT, errors_of
from a4eval_ap_metric.measures.verdicts import verdicts_of

from ..brute_force import plain

SEEDS = [seed for seed in range(20) if len(plain(seed).truth_unit)]


def costs_of(data, errors):
    units, classes = np.arange(data.n_units), np.arange(data.n_classes)
    found = error_costs([MatchedPart(units, classes, {}, verdicts_of(data, errors))], units, classes)
    return found.detection[0], found.worth


def mean_ap(of_class, score, hit, truths):
    order = np.lexsort((-score, of_class))
    return np.nanmean(class_average_precision(of_class[order], hit[order], truths, "step"))


@pytest.mark.parametrize("seed", SEEDS)
def test_an_error_costs_what_ap_gains_when_it_alone_is_mended(seed):
    data = plain(seed)
    errors = errors_of(data, foreground=0.5, background=0.1, max_detections=100)
    found, (cost, worth) = errors.found, costs_of(data, errors)
    truths = found.n_truth(data.n_classes)
    of_class, score, hit = found.detection_class, found.score, found.hit
    base = mean_ap(of_class, score, hit, truths)
    for row, kind in enumerate(errors.kind):
        if kind == RIGHT:
            wanted = 0.0
        elif errors.winner[row] and kind in (CLASS, PLACE):
            mended, right = of_class.copy(), hit.copy()
            mended[row], right[row] = data.truth_class[errors.target[row]], True
            wanted = mean_ap(mended, score, right, truths) - base
        else:
            kept = np.arange(len(hit)) != row
            wanted = mean_ap(of_class[kept], score[kept], hit[kept], truths) - base
        assert cost[row] == pytest.approx(wanted, abs=1e-12)
    for row in np.flatnonzero(~errors.used):
        more = np.append(of_class, data.truth_class[row]), np.append(score, np.inf), np.append(hit, True)
        wanted = mean_ap(*more, truths) - base
        assert worth[data.truth_class[row]] == pytest.approx(wanted, abs=1e-12)


def test_every_kind_was_there():
    kinds = [errors_of(plain(seed), foreground=0.5, background=0.1, max_detections=100) for seed in SEEDS]
    assert {int(one) for each in kinds for one in each.kind} == {*range(len(KINDS))}
    assert any(each.missed.any() for each in kinds)
    assert any((each.winner & (each.kind == CLASS)).any() for each in kinds)


def test_equal_scores_keep_the_order_of_the_classes():
    """A detection of the wrong class comes before or behind one of the same score, as its class does."""
    from dataclasses import replace

    for seed in SEEDS:
        data = plain(seed)
        data = replace(data, detection_score=np.round(data.detection_score, 1))
        errors = errors_of(data, foreground=0.5, background=0.1, max_detections=100)
        truths = errors.found.n_truth(data.n_classes)
        base = mean_ap(errors.found.detection_class, errors.found.score, errors.found.hit, truths)
        for row in np.flatnonzero((errors.kind == CLASS) & errors.winner):
            mended, right = errors.found.detection_class.copy(), errors.found.hit.copy()
            mended[row], right[row] = data.truth_class[errors.target[row]], True
            wanted = mean_ap(mended, errors.found.score, right, truths) - base
            assert costs_of(data, errors)[0][row] == pytest.approx(wanted, abs=1e-12)
