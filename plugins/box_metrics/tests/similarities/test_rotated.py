"""Rotated boxes and quadrilaterals against shapely, a raster, upright IoU and differences."""

import math

import numpy as np
import pytest
from a4eval_box_metrics import (
    pairwise_iou,
    pairwise_quadrilateral_iou,
    pairwise_rotated_iou,
    quadrilateral_area,
    quadrilateral_iou,
    rotated_iou,
    rotated_iou_gradient,
    rotated_to_quadrilateral,
)
from hypothesis import given
from hypothesis import strategies as st

from a4eval import build

from ..conftest import rotated


def rotated_pairs(rng, n=16_000, scale=100.0):
    """Return predicted and true boxes, a share each of what clipping may stumble over."""
    predicted, truth = rotated(rng, n, scale), rotated(rng, n, scale)
    kinds = np.array_split(np.arange(n), 8)
    predicted[kinds[1], 4] = truth[kinds[1], 4] + rng.integers(-4, 5, len(kinds[1])) * np.pi / 2  # aligned
    predicted[kinds[2]] = truth[kinds[2]]  # equal
    predicted[kinds[3]] = truth[kinds[3]]
    predicted[kinds[3], 4] += rng.choice([1e-15, 1e-12, 1e-9, -1e-6], len(kinds[3]))  # all but equal
    predicted[kinds[4], :2] = truth[kinds[4], :2]
    predicted[kinds[4], 2:4] = truth[kinds[4], 2:4].min(axis=1, keepdims=True) * 0.5  # nested
    direction = np.stack([np.cos(truth[kinds[5], 4]), np.sin(truth[kinds[5], 4])], axis=1)
    predicted[kinds[5], 4] = truth[kinds[5], 4]
    apart = (predicted[kinds[5], 2] + truth[kinds[5], 2]) / 2
    predicted[kinds[5], :2] = truth[kinds[5], :2] + direction * apart[:, None]  # touching along an edge
    predicted[kinds[6][::2], 2] = 0  # without area
    truth[kinds[6][::3], 3] = 0
    predicted[kinds[7], :2] = predicted[kinds[7], :2] + 1e6
    truth[kinds[7], :2] += 1e6
    return predicted, truth


def shapely_iou(shapely, predicted, truth):
    left, right = (shapely.polygons(one.reshape(-1, 4, 2)) for one in (predicted, truth))
    shared = shapely.area(shapely.intersection(left, right))
    union = shapely.area(left) + shapely.area(right) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def test_shapely_on_rotated_boxes():
    shapely = pytest.importorskip("shapely", reason="shapely is not installed")
    predicted, truth = rotated_pairs(np.random.default_rng(0))
    corners = rotated_to_quadrilateral(predicted), rotated_to_quadrilateral(truth)
    area = (predicted[:, 2] * predicted[:, 3] > 0) & (truth[:, 2] * truth[:, 3] > 0)
    expected = shapely_iou(shapely, corners[0][area], corners[1][area])
    assert len(expected) > 10_000
    np.testing.assert_allclose(rotated_iou(predicted, truth)[area], expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(quadrilateral_iou(*corners)[area], expected, rtol=0, atol=1e-9)
    assert not rotated_iou(predicted, truth)[~area].any()


def test_shapely_on_quadrilaterals_convex_or_not():
    shapely = pytest.importorskip("shapely", reason="shapely is not installed")
    corners = np.random.default_rng(1).random((45_000, 8)) * 10
    simple = shapely.is_valid(shapely.polygons(corners.reshape(-1, 4, 2)))
    left, right = np.array_split(corners[simple][: simple.sum() // 2 * 2], 2)
    assert len(left) > 10_000
    np.testing.assert_allclose(quadrilateral_iou(left, right), shapely_iou(shapely, left, right), rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        quadrilateral_area(left), shapely.area(shapely.polygons(left.reshape(-1, 4, 2))), atol=1e-9
    )
    for crossed in corners[~simple][:50]:
        with pytest.raises(ValueError, match=r"^boxes: quadrilateral .* crosses itself"):
            quadrilateral_area(crossed)


def test_raster():
    rng = np.random.default_rng(2)
    side = np.linspace(-3, 3, 1201)
    x, y = np.meshgrid(side, side)
    for _ in range(12):
        boxes = np.concatenate(
            [rng.uniform(-0.7, 0.7, (2, 2)), rng.uniform(0.5, 2.5, (2, 2)), rng.uniform(0, 7, (2, 1))], 1
        )
        inside = []
        for cx, cy, w, h, angle in boxes:
            along = (x - cx) * math.cos(angle) + (y - cy) * math.sin(angle)
            across = (y - cy) * math.cos(angle) - (x - cx) * math.sin(angle)
            inside.append((np.abs(along) < w / 2) & (np.abs(across) < h / 2))
        counted = (inside[0] & inside[1]).sum() / (inside[0] | inside[1]).sum()
        assert rotated_iou(boxes[0], boxes[1]) == pytest.approx(counted, abs=0.006)


def test_upright_boxes_give_upright_iou(boxes):
    predicted, truth = boxes.pairs(np.random.default_rng(3), 400)
    expected = pairwise_iou(predicted, truth)
    similarity = build("similarity", "rotated_iou")
    np.testing.assert_allclose(similarity.pairwise(predicted, truth, format="xyxy"), expected, atol=1e-9)
    turned = [
        np.concatenate([(b[:, :2] + b[:, 2:]) / 2, b[:, 2:] - b[:, :2], np.full((len(b), 1), np.pi)], 1)
        for b in (predicted, truth)
    ]
    np.testing.assert_allclose(pairwise_rotated_iou(*turned), expected, atol=1e-7)


@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 3), (3, 0), (1, 1), (300, 200), (3, 40_000)])
def test_pairwise_is_elementwise(n, m):
    rng = np.random.default_rng(4)
    predicted, truth = rotated(rng, n, 50), rotated(rng, m, 50)
    result = pairwise_rotated_iou(predicted, truth)
    assert result.shape == (n, m)
    corners = rotated_to_quadrilateral(predicted), rotated_to_quadrilateral(truth)
    polygons = pairwise_quadrilateral_iou(*corners)
    np.testing.assert_allclose(polygons, result, atol=1e-12)
    if n and m:
        i, j = rng.integers(n, size=3000), rng.integers(m, size=3000)
        np.testing.assert_allclose(result[i, j], rotated_iou(predicted[i], truth[j]), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(
            polygons[i, j], quadrilateral_iou(corners[0][i], corners[1][j]), rtol=1e-12, atol=1e-15
        )


def test_leading_axes():
    rng = np.random.default_rng(10)
    predicted, truth = rotated(rng, 24, 50).reshape(2, 3, 4, 5), rotated(rng, 30, 50).reshape(2, 3, 5, 5)
    result = pairwise_rotated_iou(predicted, truth)
    assert result.shape == (2, 3, 4, 5)
    np.testing.assert_array_equal(result[1, 2], pairwise_rotated_iou(predicted[1, 2], truth[1, 2]))
    polygons = pairwise_quadrilateral_iou(rotated_to_quadrilateral(predicted), rotated_to_quadrilateral(truth))
    np.testing.assert_allclose(polygons, result, atol=1e-12)


def test_single_precision():
    predicted, truth = rotated_pairs(np.random.default_rng(5), 4000)
    single = pairwise_rotated_iou(predicted[:800].astype(np.float32), truth[:300].astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, pairwise_rotated_iou(predicted[:800], truth[:300]), atol=2e-4)


@given(
    st.tuples(*[st.floats(-50, 50)] * 2, *[st.floats(0.1, 50)] * 2, st.floats(-10, 10)),
    st.tuples(*[st.floats(-50, 50)] * 2, *[st.floats(0.1, 50)] * 2, st.floats(-10, 10)),
    st.floats(-4, 4),
)
def test_turning_moving_growing_and_swapping_change_nothing(p, t, angle):
    before = rotated_iou(p, t)
    assert 0 <= before <= 1
    assert rotated_iou(t, p) == pytest.approx(before, abs=1e-9)
    assert rotated_iou(p, p) == pytest.approx(1, abs=1e-9)
    cos, sin = math.cos(angle), math.sin(angle)
    turned = [
        (3 + 2 * (x * cos - y * sin), 2 * (x * sin + y * cos), 2 * w, 2 * h, a + angle) for x, y, w, h, a in (p, t)
    ]
    assert rotated_iou(*turned) == pytest.approx(before, abs=1e-9)
    x, y, w, h, a = p
    assert rotated_iou((x, y, h, w, a + math.pi / 2), t) == pytest.approx(before, abs=1e-9)


def test_triangle_inequality():
    rng = np.random.default_rng(6)
    a, b, c = (rotated(rng, 50_000, 20) for _ in range(3))
    excess = (1 - rotated_iou(a, c)) - (1 - rotated_iou(a, b)) - (1 - rotated_iou(b, c))
    assert excess.max() <= 1e-12


@pytest.mark.parametrize("aligned", [False, True])
def test_gradient_against_central_differences(aligned):
    rng = np.random.default_rng(7)
    predicted, truth = rotated(rng, 2000, 10), rotated(rng, 2000, 10)
    if aligned:
        predicted[:, 4] = truth[:, 4] = 0
    step, expected = 1e-6, np.empty_like(predicted)
    for column in range(5):
        ahead, behind = predicted.copy(), predicted.copy()
        ahead[:, column] += step
        behind[:, column] -= step
        expected[:, column] = (rotated_iou(ahead, truth) - rotated_iou(behind, truth)) / (2 * step)
    np.testing.assert_allclose(rotated_iou_gradient(predicted, truth), expected, rtol=1e-4, atol=1e-6)
    if aligned:
        upright = [one[:, :4] for one in (predicted, truth)]
        slopes = build("similarity", "rotated_iou").gradient(*upright, format="cxcywh")
        np.testing.assert_allclose(slopes, build("similarity", "iou").gradient(*upright, format="cxcywh"), atol=1e-9)
    apart = rotated_iou_gradient(predicted + np.array([100, 0, 0, 0, 0]), truth)
    assert not apart.any()


@pytest.mark.parametrize(
    ("box", "text"),
    [
        ([0, 0, 1, 1, float("nan")], "predicted, row 1: .* is not finite"),
        ([0, 0, -1, 1, 0], "predicted, row 1: .* has a negative size"),
    ],
)
def test_unsound_rotated_boxes(box, text):
    good = [0, 0, 1, 1, 0]
    with pytest.raises(ValueError, match=text):
        rotated_iou([good, box], [good, good])


def test_unsound_input():
    square = [0, 0, 1, 0, 1, 1, 0, 1]
    with pytest.raises(ValueError, match=r"truth, row 1: quadrilateral .* is not finite"):
        pairwise_quadrilateral_iou([square], [square, [float("inf"), *square[1:]]])
    with pytest.raises(ValueError, match=r"predicted, row 0: quadrilateral .* crosses itself"):
        quadrilateral_iou([[0, 0, 1, 1, 1, 0, 0, 1]], [square])
    with pytest.raises(ValueError, match="format: got 'dota', expected one of cxcywha, xyxy"):
        rotated_iou([square], [square], format="dota")
    with pytest.raises(ValueError, match="not matched pairs"):
        rotated_iou(np.zeros((2, 5)), np.zeros((3, 5)))
    with pytest.raises(ValueError, match="not matched pairs"):
        quadrilateral_iou([square] * 2, [square] * 3)
    with pytest.raises(ValueError, match=r"expected \(…, n, 8\)"):
        pairwise_quadrilateral_iou(square, [square])
    with pytest.raises(ValueError, match=r"got predicted \(5,\) and truth \(1, 5\), expected \(…, n, 5\)"):
        pairwise_rotated_iou(np.zeros(5), np.zeros((1, 5)))
    similarity = build("similarity", "rotated_iou")
    assert similarity.elementwise(square, square, format="quadrilateral") == 1
    assert similarity.pairwise([square], [square], format="quadrilateral").tolist() == [[1]]
