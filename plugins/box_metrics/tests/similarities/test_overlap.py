"""IoU and crowd IoU against pycocotools and torchvision, bit for bit."""

from fractions import Fraction

import numpy as np
import pytest
from a4eval_box_metrics import crowd_iou, iou, pairwise_crowd_iou, pairwise_iou

from a4eval import build


def random_xywh(rng, n, scale=100.0, dtype=np.float64):
    boxes = rng.random((n, 4)) * scale
    boxes[: n // 4] = np.floor(boxes[: n // 4] / 20) * 20  # a coarse grid: touching, equal, nested, without area
    return boxes.astype(dtype)


@pytest.mark.parametrize("scale", [1e-3, 100.0, 1e7])
def test_iou_and_crowd_iou_are_pycocotools_to_the_last_bit(scale):
    mask = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")
    rng = np.random.default_rng(0)
    predicted, truth = random_xywh(rng, 300, scale), random_xywh(rng, 200, scale)
    for crowd, ours in [(0, pairwise_iou), (1, pairwise_crowd_iou)]:
        theirs = mask.iou(predicted, truth, [crowd] * len(truth))
        np.testing.assert_array_equal(ours(predicted, truth, format="xywh"), theirs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_iou_is_torchvision_to_the_last_bit(dtype):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    ops = pytest.importorskip("torchvision.ops", reason="torchvision is not installed")
    rng = np.random.default_rng(1)
    predicted, truth = random_xywh(rng, 300, dtype=dtype), random_xywh(rng, 200, dtype=dtype)
    predicted[:, 2:] += predicted[:, :2]
    truth[:, 2:] += truth[:, :2]
    theirs = ops.box_iou(torch.from_numpy(predicted), torch.from_numpy(truth)).numpy()
    ours = pairwise_iou(predicted, truth)
    assert ours.dtype == dtype
    np.testing.assert_array_equal(ours, np.nan_to_num(theirs))  # torchvision's 0 / 0 is NaN, ours 0


@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 3), (3, 0), (1, 1), (5000, 3), (3, 5000), (700, 700), (2, 40_000)])
def test_tiles_cover_the_whole_result(n, m):
    rng = np.random.default_rng(2)
    predicted, truth = random_xywh(rng, n), random_xywh(rng, m)
    result = pairwise_iou(predicted, truth, format="xywh")
    assert result.shape == (n, m)
    if n and m:
        rows, columns = rng.integers(n, size=2000), rng.integers(m, size=2000)
        expected = iou(predicted[rows], truth[columns], format="xywh")
        np.testing.assert_array_equal(result[rows, columns], expected)


def test_leading_axes():
    rng = np.random.default_rng(3)
    predicted, truth = random_xywh(rng, 24).reshape(2, 3, 4, 4), random_xywh(rng, 30).reshape(2, 3, 5, 4)
    result = pairwise_iou(predicted, truth, format="xywh")
    assert result.shape == (2, 3, 4, 5)
    np.testing.assert_array_equal(result[1, 2], pairwise_iou(predicted[1, 2], truth[1, 2], format="xywh"))
    assert iou(predicted[0, 0, 0], truth[0, 0, 0], format="xywh").shape == ()


def test_exact_values():
    box = (0, 0, 10, 4)
    others = {(0, 1, 10, 3): Fraction(1, 2), (1, 0, 9, 4): Fraction(4, 5), (0, -1, 10, 5): Fraction(2, 3)}
    for other, expected in others.items():
        assert iou(box, other) == float(expected)
    assert iou(box, (10, 0, 20, 4)) == 0  # touching
    assert iou((1, 1, 1, 3), (1, 1, 1, 3)) == 0  # without area
    assert crowd_iou((1, 1, 1, 3), box) == 0
    assert crowd_iou((1, 1, 3, 3), box) == 1


def test_components_by_name():
    similarity = build("similarity", "iou")
    assert similarity.elementwise([[0, 0, 2, 2]], [[1, 0, 3, 2]]) == pytest.approx(1 / 3)
    assert build("similarity", {"name": "crowd_iou"}).pairwise([[0, 0, 2, 2]], [[1, 0, 3, 2]], format="xywh").shape == (
        1,
        1,
    )


@pytest.mark.parametrize(
    ("box", "text"),
    [
        ([0, 0, float("nan"), 1], "row 1: .* is not finite"),
        ([0, 0, float("inf"), 1], "row 1: .* is not finite"),
        ([float("-inf"), 0, 1, 1], "row 1: .* is not finite"),
        ([0, 0, -1, 1], "row 1: .* is inverted: width -1.0, height 1.0"),
        ([0, 0, 1e200, 1e200], "row 1: .* is too large for float64"),
    ],
)
def test_unsound_boxes_are_errors_that_name_the_row(box, text):
    good = [0, 0, 1, 1]
    for form in ("xyxy", "xywh", "cxcywh"):
        with pytest.raises(ValueError, match=f"predicted, {text}"):
            iou([good, box], [good, good], format=form)
        with pytest.raises(ValueError, match=f"truth, {text}"):
            pairwise_iou([good], [good, box], format=form)


def test_wrong_shapes_and_formats():
    with pytest.raises(ValueError, match=r"predicted: got shape \(2, 3\), expected \(…, 4\)"):
        iou(np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="not matched pairs"):
        iou(np.zeros((2, 4)), np.zeros((3, 4)))
    with pytest.raises(ValueError, match="format: got 'xyhw', expected one of xyxy, xywh"):
        iou(np.zeros((2, 4)), np.zeros((2, 4)), format="xyhw")
    with pytest.raises(ValueError, match="expected numbers"):
        iou([["a", "b", "c", "d"]], np.zeros((1, 4)))
    with pytest.raises(ValueError, match=r"expected \(…, n, 4\)"):
        pairwise_iou(np.zeros((2, 3, 4)), np.zeros((3, 3, 4)))


@pytest.mark.parametrize("name", ["iou", "complete_iou", "scylla_iou", "rotated_iou"])
def test_memory_is_the_result_and_a_few_megabytes(name):
    import tracemalloc

    rng = np.random.default_rng(4)
    predicted, truth = random_xywh(rng, 3000), random_xywh(rng, 1000)
    similarity = build("similarity", name)
    similarity.pairwise(predicted[:5], truth[:5], format="xywh")  # imports are not counted
    tracemalloc.start()
    result = similarity.pairwise(predicted, truth, format="xywh")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.nbytes == 24_000_000
    assert peak - result.nbytes < 8_000_000


def test_calls_leave_numpys_buffer_size_alone():
    before = np.getbufsize()
    pairwise_iou(np.ones((3, 4)), np.ones((3, 4)))
    assert np.getbufsize() == before
