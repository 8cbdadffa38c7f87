"""The best F1 is that of a search through all thresholds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from a4eval_ap_metric import (
    best_f1,
)
from hypothesis import given
from hypothesis import strategies as st

from ..brute_force import outcomes_strategy


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
