"""The expected calibration error, by its definition."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric import (
    calibration,
)
from hypothesis import given
from hypothesis import strategies as st

from ..brute_force import outcomes_strategy


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
