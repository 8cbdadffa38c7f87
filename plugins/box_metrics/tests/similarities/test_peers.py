"""Values against torchvision and pycocotools on pairs of every kind."""

import numpy as np
import pytest

from a4eval import build


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("iou", "box_iou"),
        ("generalized_iou", "generalized_box_iou"),
        ("distance_iou", "distance_box_iou"),
        ("complete_iou", "complete_box_iou"),
    ],
)
def test_torchvision(boxes, name, function):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    ops = pytest.importorskip("torchvision.ops", reason="torchvision is not installed")
    predicted, truth = boxes.pairs(np.random.default_rng(0), 800)
    keep = boxes.solid(predicted, truth)  # torchvision has NaN for some boxes without area
    predicted, truth = predicted[keep][:, :], truth[keep][::4]
    arguments = torch.from_numpy(predicted), torch.from_numpy(truth)
    extra = {"eps": 1e-15} if name in ("distance_iou", "complete_iou") else {}
    theirs = getattr(ops, function)(*arguments, **extra).numpy()
    assert theirs.size > 100_000
    ours = build("similarity", name).pairwise(predicted, truth)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
    if name in ("iou", "generalized_iou"):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("name", "crowd"), [("iou", 0), ("crowd_iou", 1)])
def test_pycocotools(boxes, name, crowd):
    mask = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")
    predicted, truth = boxes.pairs(np.random.default_rng(1), 800)
    predicted[:, 2:] -= predicted[:, :2]
    truth[:, 2:] -= truth[:, :2]
    theirs = mask.iou(predicted, truth[::4], [crowd] * len(truth[::4]))
    np.testing.assert_array_equal(build("similarity", name).pairwise(predicted, truth[::4], format="xywh"), theirs)
