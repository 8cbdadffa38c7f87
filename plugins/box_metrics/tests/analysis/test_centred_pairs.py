"""The worksheet's predictions in closed form."""

import pytest
from a4eval_box_metrics import centred_iou
from a4eval_box_metrics.analysis.centred_pairs import centred_predictions


def test_centred_functions():
    assert centred_iou(10, 4, 10, 2) == 0.5
    assert centred_iou(10, 4, 8, 5) == pytest.approx(32 / 48)
    assert centred_predictions(10, 4, 1)["p2_grown"] == (12, 4)
