"""Conversions: there and back, and the same as torchvision's."""

from itertools import permutations

import numpy as np
import pytest
from a4eval_box_metrics import FORMATS, clip_boxes, convert_boxes, iou, to_absolute, to_relative
from hypothesis import given
from hypothesis import strategies as st

whole = st.integers(-(2**40), 2**40)
side = st.integers(0, 2**40)
COUPLES = list(permutations(FORMATS, 2))


@given(st.lists(st.tuples(whole, whole, side, side), min_size=1, max_size=5), st.sampled_from(COUPLES))
def test_whole_pixels_come_back_exactly(rows, couple):
    source, target = couple
    boxes = convert_boxes(rows, "xywh", source)
    np.testing.assert_array_equal(convert_boxes(convert_boxes(boxes, source, target), target, source), boxes)
    np.testing.assert_array_equal(convert_boxes(boxes, source, "xywh"), rows)


@pytest.mark.parametrize("couple", COUPLES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_box_comes_back_to_rounding_and_keeps_its_iou(boxes, couple, dtype):
    source, target = couple
    rng = np.random.default_rng(0)
    corners = boxes.general(rng, 5000), boxes.general(rng, 5000)
    predicted, truth = (convert_boxes(one, "xyxy", source).astype(dtype) for one in corners)
    there = convert_boxes(predicted, source, target)
    assert there.dtype == dtype
    rounding = 400 * np.finfo(dtype).eps  # of coordinates up to 200
    np.testing.assert_allclose(convert_boxes(there, target, source), predicted, rtol=0, atol=rounding)
    after = iou(there, convert_boxes(truth, source, target), format=target)
    np.testing.assert_allclose(after, iou(predicted, truth, format=source), atol=100 * rounding)


def test_torchvision(boxes):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    ops = pytest.importorskip("torchvision.ops", reason="torchvision is not installed")
    predicted, _ = boxes.pairs(np.random.default_rng(1))
    for source, target in permutations(("xyxy", "xywh", "cxcywh"), 2):
        start = convert_boxes(predicted, "xyxy", source)
        theirs = ops.box_convert(torch.from_numpy(start), source, target).numpy()
        rounding = 1e-15 * (1 + np.abs(predicted).max(axis=1, keepdims=True))  # torchvision goes by the corners
        assert (np.abs(convert_boxes(start, source, target) - theirs) <= rounding).all()
    theirs = ops.clip_boxes_to_image(torch.from_numpy(predicted), (80, 120)).numpy()
    np.testing.assert_array_equal(clip_boxes(predicted, 120, 80), theirs)


def test_clipping():
    assert clip_boxes([-5, -5, -1, 20], 10, 8).tolist() == [0, 0, 0, 8]  # outside: without area on the border
    assert clip_boxes([-5, 2, 30, 3], 10, 8, format="xywh").tolist() == [0, 2, 10, 3]
    assert clip_boxes([0, 0, 30, 30], 10, 8, format="xyxy_inclusive").tolist() == [0, 0, 9, 7]
    assert clip_boxes([4, 4, 20, 2], 10, 8, format="cxcywh").tolist() == [5, 4, 10, 2]
    each = clip_boxes([[0, 0, 9, 9], [0, 0, 9, 9]], [5, 20], [20, 6], format="yxyx")
    assert each.tolist() == [[0, 0, 9, 5], [0, 0, 6, 9]]


@given(st.tuples(*[st.integers(0, 1000)] * 4), st.integers(1, 12), st.integers(1, 12))
def test_relative_and_back(box, width, height):
    for form in ("xyxy", "yxyx", "xywh", "cxcywh"):
        boxes = convert_boxes(box, "xywh", form)
        relative = to_relative(boxes, 2**width, 2**height, format=form)
        np.testing.assert_array_equal(to_absolute(relative, 2**width, 2**height, format=form), boxes)
        assert relative[0] == boxes[0] / (2**height if form == "yxyx" else 2**width)


def test_each_box_may_have_its_own_image():
    assert to_relative([[10, 10, 10, 10]] * 2, [10, 20], [40, 50]).tolist() == [
        [1, 0.25, 1, 0.25],
        [0.5, 0.2, 0.5, 0.2],
    ]


def test_wrong_arguments():
    with pytest.raises(ValueError, match="format: got 'ltrb', expected one of xyxy"):
        convert_boxes([0, 0, 1, 1], "xyxy", "ltrb")
    with pytest.raises(ValueError, match=r"boxes, row 1: .* is inverted"):
        convert_boxes([[0, 0, 1, 1], [0, 0, -1, 1]], "xyxy", "xywh")
    with pytest.raises(ValueError, match="counts pixels and cannot be relative"):
        to_relative([0, 0, 1, 1], 10, 10, format="xyxy_inclusive")
    with pytest.raises(ValueError, match="an image of 0 × 10 pixels"):
        clip_boxes([0, 0, 1, 1], 0, 10)
    with pytest.raises(ValueError, match="an image of 10 × nan pixels"):
        to_absolute([0, 0, 1, 1], 10, float("nan"))


def test_inclusive_boxes_are_pascal_vocs():
    """VOC's development kit counts (x2 − x1 + 1)(y2 − y1 + 1) pixels."""
    a, b = (0, 0, 9, 9), (5, 5, 14, 14)
    assert iou(a, b, format="xyxy_inclusive") == 25 / 175
    assert iou((3, 3, 3, 3), (3, 3, 3, 3), format="xyxy_inclusive") == 1


def test_clipping_by_counting_pixels():
    """The clipped box holds the pixels of the box that are in the image, and IoU is a ratio of counted pixels."""
    rng = np.random.default_rng(2)
    y, x = np.mgrid[-20:60, -20:60] + 0.5

    def inside(box):
        return (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])

    image = inside([0, 0, 40, 30])
    for _ in range(200):
        first, second = (np.sort(rng.integers(-20, 60, (2, 2)), axis=0).reshape(4).astype(float) for _ in range(2))
        counted = inside(first) & image
        clipped = clip_boxes(first, 40, 30)
        np.testing.assert_array_equal(inside(clipped), counted)
        assert (clipped[2] - clipped[0]) * (clipped[3] - clipped[1]) == counted.sum()
        union = (inside(first) | inside(second)).sum()
        expected = (inside(first) & inside(second)).sum() / union if union else 0
        assert iou(first, second) == pytest.approx(expected, rel=1e-12)
