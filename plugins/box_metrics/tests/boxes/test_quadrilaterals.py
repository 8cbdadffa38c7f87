"""Quadrilaterals and rotated boxes, one to the other."""

import numpy as np
import pytest
from a4eval_box_metrics import (
    quadrilateral_area,
    quadrilateral_to_rotated,
    rotated_iou,
    rotated_to_quadrilateral,
)

from ..conftest import rotated


def test_conversions():
    rng = np.random.default_rng(8)
    boxes = rotated(rng, 500, 50)
    corners = rotated_to_quadrilateral(boxes)
    again = quadrilateral_to_rotated(corners)
    np.testing.assert_allclose(rotated_iou(again, boxes), 1, atol=1e-9)
    np.testing.assert_allclose(np.sort(again[:, 2:4]), np.sort(boxes[:, 2:4]), atol=1e-9)
    assert (np.abs(again[:, 4]) <= np.pi / 2 + 1e-12).all()
    assert (again[:, 4] > -np.pi / 2).all()
    np.testing.assert_allclose(quadrilateral_area(corners), boxes[:, 2] * boxes[:, 3], rtol=1e-9)
    np.testing.assert_allclose(
        quadrilateral_area(corners.reshape(-1, 4, 2)[:, ::-1].reshape(-1, 8)), boxes[:, 2] * boxes[:, 3]
    )


def test_smallest_box_around_quadrilaterals_is_shapelys():
    shapely = pytest.importorskip("shapely", reason="shapely is not installed")
    corners = np.random.default_rng(9).random((4000, 8)) * 10
    polygons = shapely.polygons(corners.reshape(-1, 4, 2))
    simple = shapely.is_valid(polygons)
    smallest = quadrilateral_to_rotated(corners[simple])
    expected = shapely.area(shapely.minimum_rotated_rectangle(polygons[simple]))
    np.testing.assert_allclose(smallest[:, 2] * smallest[:, 3], expected, rtol=1e-9)
    around = shapely.polygons(rotated_to_quadrilateral(smallest).reshape(-1, 4, 2))
    assert shapely.covers(shapely.buffer(around, 1e-6), polygons[simple]).all()
