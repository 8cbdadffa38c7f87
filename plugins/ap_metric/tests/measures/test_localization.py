"""The localization-aware calibration error, by its definition."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric.measures.localization import localization_aware_calibration_error

from a4eval import build

from ..brute_force import plain
from ..metrics.test_diagnostics import batch


@pytest.mark.parametrize("seed", range(10))
def test_by_definition(seed):
    rng = np.random.default_rng(seed)
    scores, classes = rng.random(60), rng.integers(0, 3, 60)
    overlap = np.where(rng.random(60) < 0.5, rng.uniform(0.5, 1, 60), 0)
    errors = []
    for one in np.unique(classes):
        mine = classes == one
        error = 0.0
        for low in np.arange(25) / 25:
            inside = mine & (scores >= low) & (scores < low + 0.04)
            if inside.any():
                hits = inside & (overlap > 0)
                quality = overlap[hits].mean() if hits.any() else 0
                error += inside.sum() / mine.sum() * abs(scores[inside].mean() - hits.sum() / inside.sum() * quality)
        errors.append(error)
    assert localization_aware_calibration_error(scores, overlap, classes) == pytest.approx(np.mean(errors), abs=1e-9)


def test_the_metric_knows_how_well_each_hit_lies():
    truth = plain(3)
    metric = build("metric", "detection_calibration")
    exact = batch(truth)
    for name in ("unit", "class", "box"):
        exact[f"detection_{name}"] = exact[f"truth_{name}"]
    exact["detection_score"] = np.ones(len(exact["truth_unit"]))
    exact["truth_crowd"] = np.zeros(len(exact["truth_unit"]), bool)
    metric.update(exact)
    assert metric.compute()["localization_aware_calibration_error"].value == pytest.approx(0, abs=1e-12)
    metric = build("metric", "detection_calibration")
    metric.update({**exact, "detection_box": exact["truth_box"] * [1, 1, 1, 0.75]})
    assert metric.compute()["localization_aware_calibration_error"].value == pytest.approx(0.25)
    assert metric.compute()["expected_calibration_error"].value == 0
