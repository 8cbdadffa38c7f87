"""Boxes of any size: a finite value and finite slopes without a warning, or an error that says what is wrong."""

import numpy as np
import pytest
from a4eval_box_metrics import FACTS, convert_boxes, quadrilateral_area, quadrilateral_iou, rotated_to_quadrilateral
from a4eval_box_metrics.boxes.types import largest
from hypothesis import given, settings
from hypothesis import strategies as st

from a4eval import build

SIZES = {
    np.float32: [1e-3, 1.0, 1e4, 1e14, 9e14, 1e16, 3e38],
    np.float64: [1e-3, 1.0, 1e9, 1e149, 9e149, 1e151, 1e200, 1e308],
}


def call_all(similarity, predicted, truth, form):
    yield similarity.elementwise(predicted, truth, format=form)
    yield similarity.pairwise(predicted, truth, format=form)
    if form != "quadrilateral":
        yield similarity.gradient(predicted, truth, format=form)


@pytest.mark.parametrize("name", sorted(FACTS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_finite_or_an_error(name, dtype, data):
    similarity = build("similarity", name)
    form = data.draw(st.sampled_from(similarity.formats))
    count = {"cxcywha": 5, "quadrilateral": 8}.get(form, 4)
    numbers = st.sampled_from(SIZES[dtype]).flatmap(lambda size: st.sampled_from([0.0, size, size / 2, -size]))
    boxes = [np.array([[data.draw(numbers) for _ in range(count)]], dtype) for _ in range(2)]
    try:
        found = list(call_all(similarity, *boxes, form))
    except ValueError as error:
        known = ("is inverted", "is too large for float", "negative size", "crosses itself")
        assert any(text in str(error) for text in known), error  # noqa: PT017  (only where it is raised)
        if "too large" in str(error):
            assert max(np.abs(one).max() for one in boxes) > largest(np.dtype(dtype)) / 4
        return
    for one in found:
        assert np.isfinite(one).all()


@pytest.mark.parametrize("name", sorted(FACTS))
def test_a_box_of_1e200_is_an_error_that_names_it(name):
    similarity = build("similarity", name)
    good = [0.0, 0, 2, 1]
    for bad in ([0.0, 0, 1e200, 0], [1e200, 0, 1e200, 1], [-1e200, 0, 0, 1e-200]):
        for call in call_all(similarity, [good, good], [good, good], "xyxy"):
            assert np.isfinite(call).all()
        for function in (similarity.elementwise, similarity.pairwise, similarity.gradient):
            with pytest.raises(ValueError, match=r"truth, row 1: .* is too large for float64: expected"):
                function([good, good], [good, bad], format="xyxy")
            with pytest.raises(ValueError, match=r"predicted, row 1: .* is too large for float64"):
                function([good, bad], [good, good], format="xyxy")


@pytest.mark.parametrize("name", sorted(FACTS))
def test_huge_boxes_have_the_value_of_small_ones(boxes, name):
    facts, similarity = FACTS[name], build("similarity", name)
    rng = np.random.default_rng(0)
    predicted, truth = boxes.general(rng, 300), boxes.general(rng, 300)
    scale = 2.0**480  # 3e144: scaling is exact
    small = similarity.elementwise(predicted, truth, format="xyxy")
    huge = similarity.elementwise(predicted * scale, truth * scale, format="xyxy")
    if "scale" in facts.invariances:
        np.testing.assert_array_equal(huge, small)
    elif facts.distance == "s" and "smooth" not in name:
        np.testing.assert_allclose(huge, small * scale, rtol=1e-13)
    else:
        assert np.isfinite(huge).all()


def test_rotated_boxes_quadrilaterals_and_conversions():
    turned = build("similarity", "rotated_iou")
    with pytest.raises(ValueError, match=r"predicted, row 0: .* as cxcywha is too large for float64"):
        turned.elementwise([[0, 0, 1e200, 1, 0.1]], [[0, 0, 1, 1, 0]])
    with pytest.raises(ValueError, match=r"truth, row 0: quadrilateral .* is too large for float64"):
        quadrilateral_iou([[0, 0, 1, 0, 1, 1, 0, 1]], [[0, 0, 1e200, 0, 1, 1, 0, 1]])
    with pytest.raises(ValueError, match="is too large for float64"):
        quadrilateral_area([[0, 0, 1e200, 0, 1, 1, 0, 1]])
    with pytest.raises(ValueError, match="is too large for float64"):
        rotated_to_quadrilateral([[0, 0, 1, -0.0, 0], [1e200, 0, 1, 1, 0]])
    with pytest.raises(ValueError, match="is too large for float32"):
        convert_boxes(np.array([0, 0, 1e30, 0], np.float32), "xyxy", "xywh")
    square = np.array([0, 0, 1, 0, 1, 1, 0, 1]) * 1e149
    assert quadrilateral_iou(square, square / 2) == pytest.approx(0.25)
    assert turned.elementwise([0, 0, 1e149, 1e149, np.pi / 4], [0, 0, 1e149, 1e149, 0]) == pytest.approx(0.5**0.5)


@pytest.mark.parametrize(("dtype", "least", "high"), [(np.float64, 1e-300, 1e10), (np.float32, 1e-30, 10)])
def test_an_edge_that_is_upright_but_for_a_rounding(dtype, least, high):
    square = np.array([0, 0, 4, 0, 4, high, least, high], dtype)
    half = np.array([0, 0, 2, 0, 2, high, 0, high], dtype)
    assert quadrilateral_iou(square, half) == pytest.approx(0.5, rel=1e-5)
    assert quadrilateral_iou(half, square[[6, 7, 0, 1, 2, 3, 4, 5]]) == pytest.approx(0.5, rel=1e-5)


def test_a_size_that_vanishes_beside_its_coordinate():
    box = [1e17, 0, 1, 1]  # 1e17 + 1 is 1e17
    for name in ("efficient_iou", "scylla_iou", "distance_iou"):
        assert np.isfinite(build("similarity", name).elementwise(box, [1e17, 0, 2, 1], format="xywh"))
