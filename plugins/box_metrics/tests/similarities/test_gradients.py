"""Analytic slopes against central differences, also where boxes touch, and against torch's autograd."""

import numpy as np
import pytest
from a4eval_box_metrics import FACTS, FORMATS, iou_gradient
from a4eval_box_metrics.boxes.dual import Dual, variables

from a4eval import build

NAMES = sorted(set(FACTS) - {"rotated_iou"})


def central_differences(similarity, predicted, truth, step, form="xyxy"):
    """Return (n, 4): the mean of the one-sided slopes, up to the square of *step*."""
    slopes = np.empty_like(predicted)
    for column in range(4):
        ahead, behind = predicted.copy(), predicted.copy()
        ahead[:, column] += step
        behind[:, column] -= step
        after = similarity.elementwise(ahead, truth, format=form)
        before = similarity.elementwise(behind, truth, format=form)
        slopes[:, column] = (after - before) / (2 * step)
    return slopes


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", FORMATS)
def test_central_differences_in_general_position(boxes, name, form):
    rng = np.random.default_rng(0)
    corners = [boxes.general(rng, 400, 10.0) for _ in range(2)]
    if form in ("xywh", "cxcywh"):
        predicted, truth = (np.concatenate([one[:, :2], one[:, 2:] - one[:, :2]], axis=1) for one in corners)
    elif form == "yxyx":
        predicted, truth = (one[:, [1, 0, 3, 2]] for one in corners)
    else:
        predicted, truth = corners
    similarity = build("similarity", name)
    expected = central_differences(similarity, predicted, truth, 1e-5, form)
    np.testing.assert_allclose(similarity.gradient(predicted, truth, format=form), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_where_boxes_touch_it_is_the_mean_of_the_one_sided_slopes(boxes, name):
    rng = np.random.default_rng(1)
    predicted, truth = boxes.integers(rng, 3000, 5), boxes.integers(rng, 3000, 5)
    ties = (predicted[:, :, None] == truth[:, None, :]).any(axis=(1, 2))
    assert ties.mean() > 0.5
    similarity = build("similarity", name)
    expected = central_differences(similarity, predicted, truth, 1e-6)
    ours = similarity.gradient(predicted, truth)
    # at equal boxes distances have a kink of their own in several directions at once; differences see 0, and so do we
    # second-order terms of the differences are at most the step
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("name", NAMES)
def test_disjoint_boxes(boxes, name):
    rng = np.random.default_rng(2)
    predicted, truth = boxes.general(rng, 200, 10.0), boxes.general(rng, 200, 10.0) + 50
    slopes = build("similarity", name).gradient(predicted, truth)
    assert (np.abs(slopes).sum(axis=1) > 0).all() == FACTS[name].disjoint_slope
    if not FACTS[name].disjoint_slope:
        assert not slopes.any()


def test_stated_subgradients_of_iou():
    touching = iou_gradient([0.0, 0, 2, 2], [2, 0, 4, 2])
    assert touching.tolist() == [0, 0, 0.125, 0]  # half of the slope 2 / 8 to the right, 0 to the left
    equal = iou_gradient([0.0, 0, 2, 2], [0, 0, 2, 2])
    assert equal.tolist() == [0, 0, 0, 0]  # inwards −1/2, outwards +1/2
    assert not iou_gradient([1.0, 1, 1, 1], [1, 1, 1, 1]).any()


@pytest.mark.parametrize("name", NAMES)
def test_boxes_without_area_have_finite_slopes(boxes, name):
    predicted, truth = boxes.pairs(np.random.default_rng(3), 4000)
    assert np.isfinite(build("similarity", name).gradient(predicted, truth)).all()


def test_shapes_and_dtypes(boxes):
    rng = np.random.default_rng(4)
    predicted, truth = boxes.general(rng, 12), boxes.general(rng, 12)
    similarity = build("similarity", "complete_iou")
    whole = similarity.gradient(predicted, truth)
    batched = similarity.gradient(predicted.reshape(3, 4, 4), truth.reshape(3, 4, 4))
    np.testing.assert_array_equal(batched.reshape(12, 4), whole)
    np.testing.assert_array_equal(similarity.gradient(predicted[3], truth[3]), whole[3])
    np.testing.assert_array_equal(
        similarity.gradient(predicted, truth[0])[5], similarity.gradient(predicted[5], truth[0])
    )
    assert similarity.gradient([], []).shape == (0, 4)
    single = similarity.gradient(predicted.astype(np.float32), truth.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, whole, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("node", "function", "sign"),
    [
        ("generalized_iou", "generalized_box_iou_loss", -1),
        ("distance_iou", "distance_box_iou_loss", -1),
        ({"name": "complete_iou", "constant_alpha": True}, "complete_box_iou_loss", -1),
    ],
)
def test_torchvisions_losses(boxes, node, function, sign):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    ops = pytest.importorskip("torchvision.ops", reason="torchvision is not installed")
    rng = np.random.default_rng(5)
    predicted, truth = boxes.general(rng, 10_000), boxes.general(rng, 10_000)
    moving = torch.from_numpy(predicted).requires_grad_()
    values = getattr(ops, function)(moving, torch.from_numpy(truth), eps=1e-12)
    values.sum().backward()
    similarity = build("similarity", node)
    np.testing.assert_allclose(
        1 - similarity.elementwise(predicted, truth), values.detach().numpy(), rtol=1e-9, atol=1e-10
    )
    np.testing.assert_allclose(sign * similarity.gradient(predicted, truth), moving.grad.numpy(), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("beta", [0.5, 1.0, 20.0])
def test_torchs_smooth_l1(boxes, beta):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    rng = np.random.default_rng(6)
    predicted, truth = boxes.general(rng, 10_000), boxes.general(rng, 10_000)
    moving = torch.from_numpy(predicted).requires_grad_()
    values = torch.nn.functional.smooth_l1_loss(moving, torch.from_numpy(truth), reduction="none", beta=beta).sum(dim=1)
    values.sum().backward()
    similarity = build("similarity", {"name": "corner_smooth_l1", "beta": beta})
    np.testing.assert_allclose(similarity.elementwise(predicted, truth), values.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(similarity.gradient(predicted, truth), moving.grad.numpy(), rtol=1e-12, atol=1e-12)


def test_dual_numbers_refuse_what_they_have_no_rule_for():
    (x,) = variables(np.array([0.5]))
    with pytest.raises(TypeError):
        np.tan(x)
    with pytest.raises(TypeError):
        np.add.reduce(x)
    assert np.arctan2(x, 1.0).partials == pytest.approx(0.8)
    assert (np.cos(x) ** 2 + np.sin(x) ** 2).partials == pytest.approx(0)
    assert isinstance(-x, Dual)
    assert (x > 0.25).tolist() == [True]
