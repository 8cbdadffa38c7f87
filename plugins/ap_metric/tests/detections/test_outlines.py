"""Outlines of masks, filled again."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric.detections.outlines import CELLS, MOST_PIXELS, outline, rings, run_lengths


def inside(found, x, y):
    """Say whether a point lies in polygons, by how many of their edges lie right of it."""
    crossed = False
    for ring in found:
        for (a, b), (c, d) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (b > y) != (d > y) and x < a + (y - b) / (d - b) * (c - a):
                crossed = not crossed
    return crossed


@pytest.mark.parametrize("seed", range(20))
def test_polygons_hold_the_cells_and_no_others(seed):
    cells = np.random.default_rng(seed).random((7, 9)) < 0.5
    found = rings(cells)
    filled = [[inside(found, x + 0.5, y + 0.5) for x in range(9)] for y in range(7)]
    assert np.array_equal(filled, cells)
    for ring in found:
        for place, one in enumerate(ring):
            before, after = ring[place - 1], ring[(place + 1) % len(ring)]
            assert (before[0] == one[0]) != (after[0] == one[0]), "every corner is one"


def test_run_lengths_are_those_of_pycocotools():
    encoded = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")
    for seed in range(30):
        rng = np.random.default_rng(seed)
        mask = np.repeat(rng.random(40) < 0.5, rng.integers(1, 3000, 40))
        mask = mask[: len(mask) // 7 * 7].reshape(7, -1)
        found = np.flatnonzero(np.diff(np.concatenate([[0], mask.T.ravel(), [2]])))
        wanted = np.diff(np.append(0, found)).tolist()
        assert run_lengths(encoded.encode(np.asfortranarray(mask, np.uint8))["counts"]) == wanted


def test_a_hole_and_nothing():
    cells = np.ones((3, 3), bool)
    cells[1, 1] = False
    assert len(rings(cells)) == 2
    assert rings(np.zeros((2, 2), bool)) == []


def test_a_mask_is_drawn_with_few_points_and_near_to_it():
    encoded = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")
    y, x = np.mgrid[:400, :600]
    circle = (x - 300) ** 2 + (y - 200) ** 2 < 150**2
    text = outline(encoded.encode(np.asfortranarray(circle, np.uint8)))
    (ring,) = [[tuple(map(int, point.split(","))) for point in one.split(" ")] for one in text.split(";")]
    assert len(ring) <= 4 * CELLS
    turned = [*ring[1:], ring[0]]
    area = abs(sum(a * d - c * b for (a, b), (c, d) in zip(ring, turned, strict=True))) / 2
    assert area == pytest.approx(circle.sum(), rel=0.02)
    assert outline(encoded.encode(np.zeros((4, 4), np.uint8, order="F"))) == ""
    assert outline({"size": [MOST_PIXELS, 2], "counts": b"never read"}) == ""
