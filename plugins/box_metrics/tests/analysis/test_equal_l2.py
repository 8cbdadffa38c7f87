"""The best and the worst prediction at one L2 distance: closed form, search and a fine grid."""

import math

import numpy as np
import pytest
from a4eval_box_metrics import (
    iou,
    most_iou,
    search_iou,
)


@pytest.mark.parametrize("freedom", ["size", "all"])
def test_closed_form_is_what_search_finds(freedom):
    rng = np.random.default_rng(0)
    for index in range(8):
        width, height = rng.uniform(1, 20, 2)
        height = width if index == 0 else height
        radius = rng.uniform(0.1, 2) * min(width, height)
        closed = most_iou(width, height, radius, freedom)
        searched = search_iou(width, height, radius, freedom, rng, most=True)
        assert closed.iou - 1e-3 < searched.iou <= closed.iou + 1e-12
        truth = [0, 0, width, height]
        assert iou(closed.box, truth, format="cxcywh") == pytest.approx(closed.iou, rel=1e-12)
        assert math.dist(closed.box, truth) == pytest.approx(radius, rel=1e-12)


def test_worst_prediction_against_a_fine_grid():
    angle = np.linspace(0, 2 * np.pi, 20_001)
    for freedom, boxes in {
        "size": np.stack([0 * angle, 0 * angle, 10 + 2 * np.cos(angle), 4 + 2 * np.sin(angle)], axis=1),
        "shift": np.stack([2 * np.cos(angle), 2 * np.sin(angle), 0 * angle + 10, 0 * angle + 4], axis=1),
    }.items():
        values = iou(boxes, [0, 0, 10, 4], format="cxcywh")
        rng = np.random.default_rng(1)
        assert search_iou(10, 4, 2, freedom, rng).iou == pytest.approx(values.min(), abs=1e-7)
        assert search_iou(10, 4, 2, freedom, rng, most=True).iou == pytest.approx(values.max(), abs=1e-7)
    # with all four numbers free it is at least as bad as the worst of a million random directions
    directions = rng.normal(size=(200_000, 4))
    boxes = [0, 0, 10, 4] + 2 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    assert search_iou(10, 4, 2, "all", rng).iou <= iou(boxes, [0, 0, 10, 4], format="cxcywh").min()
    with pytest.raises(ValueError, match="radius: got 0, expected a positive number"):
        search_iou(10, 4, 0, "all", rng)
