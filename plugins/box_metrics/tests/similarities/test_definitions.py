"""Every similarity against its definition written out anew, and every entry of its facts."""

import math
from fractions import Fraction

import numpy as np
import pytest
from a4eval_box_metrics import FACTS, wasserstein
from a4eval_box_metrics import iou as iou_function
from hypothesis import given
from hypothesis import strategies as st

from a4eval import ConfigError, build

NAMES = sorted(set(FACTS) - {"rotated_iou"})


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def shared(a, b):
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def plain_iou(p, t):
    union = area(p) + area(t) - shared(p, t)
    return shared(p, t) / union if union else 0 * union


def parts(p, t):
    """Sizes, centre distances and hull sides, in whatever numbers the boxes have."""
    size = [p[2] - p[0], p[3] - p[1], t[2] - t[0], t[3] - t[1]]
    distance = [(p[k] + p[k + 2] - t[k] - t[k + 2]) / 2 for k in (0, 1)]
    hull = [max(p[k + 2], t[k + 2]) - min(p[k], t[k]) for k in (0, 1)]
    return size, distance, hull


def plain_giou(p, t):
    _, _, (cw, ch) = parts(p, t)
    return plain_iou(p, t) - (cw * ch - (area(p) + area(t) - shared(p, t))) / (cw * ch)


def plain_diou(p, t):
    _, (dx, dy), (cw, ch) = parts(p, t)
    return plain_iou(p, t) - (dx * dx + dy * dy) / (cw * cw + ch * ch)


def plain_ciou(p, t):
    (pw, ph, tw, th), _, _ = parts(p, t)
    v = 4 / math.pi**2 * (math.atan(tw / th) - math.atan(pw / ph)) ** 2
    return plain_diou(p, t) - (v / (1 - plain_iou(p, t) + v) * v if v else 0)


def plain_eiou(p, t):
    (pw, ph, tw, th), _, (cw, ch) = parts(p, t)
    return plain_diou(p, t) - ((pw - tw) / cw) ** 2 - ((ph - th) / ch) ** 2


def plain_siou(p, t):
    """As the paper writes it, with the arcsine."""
    (pw, ph, tw, th), (dx, dy), (cw, ch) = parts(p, t)
    sigma = math.hypot(dx, dy)
    cost = 1 - 2 * math.sin(math.asin(min(1, abs(dy) / sigma)) - math.pi / 4) ** 2 if sigma else 0.0
    gamma = 2 - cost
    delta = sum(1 - math.exp(-gamma * (d / c) ** 2) for d, c in ((dx, cw), (dy, ch)))
    omega = sum((1 - math.exp(-abs(a - b) / max(a, b))) ** 4 for a, b in ((pw, tw), (ph, th)))
    return plain_iou(p, t) - (delta + omega) / 2


def plain_differences(p, t, coordinates):
    if coordinates == "corner":
        return [a - b for a, b in zip(p, t, strict=True)]
    (pw, ph, tw, th), (dx, dy), _ = parts(p, t)
    return [dx, dy, pw - tw, ph - th]


def plain_norm(kind, coordinates):
    def norm(p, t):
        differences = [abs(float(one)) for one in plain_differences(p, t, coordinates)]
        if kind == "l1":
            return math.fsum(differences)
        if kind == "l2":
            return math.hypot(*differences)
        return math.fsum(d * d / 2 if d < 1 else d - 0.5 for d in differences)

    return norm


def plain_nwd(p, t):
    (pw, ph, tw, th), (dx, dy), _ = parts(p, t)
    return math.exp(-math.hypot(dx, dy, (pw - tw) / 2, (ph - th) / 2) / 12.8)


PLAIN = {
    "iou": plain_iou,
    "alpha_iou": lambda p, t: plain_iou(p, t) ** 3,
    "crowd_iou": lambda p, t: shared(p, t) / area(p),
    "generalized_iou": plain_giou,
    "distance_iou": plain_diou,
    "complete_iou": plain_ciou,
    "efficient_iou": plain_eiou,
    "scylla_iou": plain_siou,
    "normalized_wasserstein": plain_nwd,
    **{f"{c}_{k}": plain_norm(k, c) for c in ("corner", "centre") for k in ("l1", "l2", "smooth_l1")},
}


@pytest.mark.parametrize("name", NAMES)
def test_against_the_definition_in_floats_and_in_exact_arithmetic(boxes, name):
    predicted, truth = boxes.pairs(np.random.default_rng(0), 12_000)
    keep = boxes.solid(predicted, truth)
    predicted, truth = predicted[keep], truth[keep]
    assert len(predicted) > 10_000
    ours = build("similarity", name).elementwise(predicted, truth)
    expected = [PLAIN[name](p, t) for p, t in zip(predicted.tolist(), truth.tolist(), strict=True)]
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-12)
    exact = [
        float(PLAIN[name]([Fraction(x) for x in p], [Fraction(x) for x in t]))
        for p, t in zip(predicted[::8].tolist(), truth[::8].tolist(), strict=True)
    ]
    scale = np.maximum(1, np.abs(exact)) if not FACTS[name].higher_is_better else 1
    assert np.max(np.abs(ours[::8] - exact) / scale) < 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_elementwise_and_pairwise_and_every_function_agree(boxes, name):
    import a4eval_box_metrics

    rng = np.random.default_rng(1)
    predicted, truth = boxes.general(rng, 37), boxes.general(rng, 23)
    similarity = build("similarity", name)
    table = similarity.pairwise(predicted, truth)
    rows, columns = np.indices(table.shape).reshape(2, -1)
    np.testing.assert_array_equal(table.ravel(), similarity.elementwise(predicted[rows], truth[columns]))
    function = getattr(a4eval_box_metrics, name)
    np.testing.assert_array_equal(function(predicted[rows], truth[columns]), table.ravel())
    single = similarity.pairwise(predicted.astype(np.float32), truth.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, table, rtol=2e-4, atol=2e-5)
    as_xywh = [np.concatenate([b[:, :2], b[:, 2:] - b[:, :2]], axis=1) for b in (predicted, truth)]
    np.testing.assert_allclose(similarity.pairwise(*as_xywh, format="xywh"), table, rtol=1e-11, atol=1e-12)


def loss(name, value):
    return 1 - value if FACTS[name].higher_is_better else value


@pytest.mark.parametrize("name", NAMES)
def test_range_is_kept_and_reached(boxes, name):
    facts, similarity = FACTS[name], build("similarity", name)
    predicted, truth = boxes.pairs(np.random.default_rng(2))
    values = similarity.elementwise(predicted, truth)
    assert np.isfinite(values).all()
    assert values.min() >= facts.low - 1e-12
    assert values.max() <= facts.high + 1e-12
    perfect = similarity.elementwise([0, 0, 2, 3], [0, 0, 2, 3])
    assert perfect == (facts.high if facts.higher_is_better else facts.low)
    tiny, small = 1e-9, 1e-3
    extremes = {
        "efficient_iou": ([0, 0, 1, 1], [0, 0, tiny, tiny]),
        "complete_iou": ([0, 0, tiny, small], [1e6, 1e6, 1e6 + small, 1e6 + tiny / 10]),
        "scylla_iou": ([0, 0, 1, 1], [1e8, 1e4, 1e8 + 1e-3, 1e4 + 1e-3]),
    }
    far = extremes.get(name, ([0, 0, small, small], [1e9, 1e9, 1e9 + 1, 1e9 + 1]))
    reached = similarity.elementwise(*far)
    if np.isinf(facts.high):
        assert reached > 1e9
    else:
        assert facts.low - 1e-12 <= reached < facts.low + 0.02 * (facts.high - facts.low)


BREAKS_TRIANGLE = {
    "crowd_iou": ([0, 0, 1, 1], [0, 0, 5, 1], [4, 0, 5, 1]),
    "distance_iou": ([2, 5, 8, 6], [2, 5, 6, 13], [2, 6, 6, 13]),
    "complete_iou": ([4, 0, 5, 5], [4, 0, 5, 6], [4, 5, 5, 6]),
    "efficient_iou": ([9.754, 2.77, 9.756, 17.12], [6.07, 6.4, 6.49, 16.29], [9.39, 1.82, 10.25, 2.31]),
    "scylla_iou": ([4, 4, 8, 7], [1, 4, 8, 7], [1, 4, 6, 7]),
    "corner_smooth_l1": ([0, 0, 1, 1], [0, 0, 1, 1.5], [0, 0, 1, 2]),
    "centre_smooth_l1": ([0, 0, 1, 1], [0, 0, 1, 1.5], [0, 0, 1, 2]),
}


@pytest.mark.parametrize("name", NAMES)
def test_triangle_inequality(boxes, name):
    similarity = build("similarity", name)

    def distance(a, b):
        return loss(name, similarity.elementwise(a, b))

    if not FACTS[name].triangle_inequality:
        a, b, c = BREAKS_TRIANGLE[name]
        assert distance(a, c) > distance(a, b) + distance(b, c) + 1e-4
        return
    rng = np.random.default_rng(3)
    for draw in (boxes.integers, boxes.general):
        a, b, c = (draw(rng, 100_000) for _ in range(3))
        assert (distance(a, c) <= distance(a, b) + distance(b, c) + 1e-12 * (1 + distance(a, c))).all()


def test_alpha_iou_below_one_is_no_metric():
    similarity = build("similarity", {"name": "alpha_iou", "power": 0.5})
    a, b, c = [5, 1, 9, 9], [1, 1, 9, 8], [1, 1, 5, 8]
    distance = {
        pair: 1 - similarity.elementwise(*boxes) for pair, boxes in {"ac": (a, c), "ab": (a, b), "bc": (b, c)}.items()
    }
    assert distance["ac"] > distance["ab"] + distance["bc"] + 0.3


MOVES = {
    "translation": lambda p, t: (p + np.array([3, -2, 3, -2]), t + np.array([3, -2, 3, -2])),
    "scale": lambda p, t: (p * 4, t * 4),
    "stretch": lambda p, t: (p * [4, 0.5, 4, 0.5], t * [4, 0.5, 4, 0.5]),
    "swap": lambda p, t: (t, p),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("move", sorted(MOVES))
def test_invariances_hold_and_the_others_do_not(boxes, name, move):
    similarity = build("similarity", name)
    rng = np.random.default_rng(4)
    predicted, truth = boxes.general(rng, 500), boxes.general(rng, 500)
    before = similarity.elementwise(predicted, truth)
    after = similarity.elementwise(*MOVES[move](predicted, truth))
    if move in FACTS[name].invariances:
        np.testing.assert_allclose(after, before, rtol=1e-10, atol=1e-12)
    else:
        assert np.abs(after - before).max() > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_transposed_and_mirrored_boxes_have_the_same_value(boxes, name):
    similarity = build("similarity", name)
    predicted, truth = boxes.pairs(np.random.default_rng(5), 800)
    if name == "complete_iou":  # a point has no aspect ratio; it counts as infinitely tall
        keep = boxes.solid(predicted, truth)
        predicted, truth = predicted[keep], truth[keep]
    before = similarity.elementwise(predicted, truth)
    order = [1, 0, 3, 2]
    np.testing.assert_allclose(
        similarity.elementwise(predicted[:, order], truth[:, order]), before, rtol=1e-9, atol=1e-12
    )
    mirrored = [np.stack([-b[:, 2], b[:, 1], -b[:, 0], b[:, 3]], axis=1) for b in (predicted, truth)]
    np.testing.assert_allclose(similarity.elementwise(*mirrored), before, rtol=1e-9, atol=1e-12)


def test_stated_values_of_boxes_without_area():
    point, line, box = [1, 1, 1, 1], [1, 0, 1, 2], [0, 0, 2, 2]
    for name in ("iou", "alpha_iou", "crowd_iou"):
        assert build("similarity", name).elementwise([point, line, point], [point, line, line]).tolist() == [0, 0, 0]
    assert build("similarity", "generalized_iou").elementwise([point, line], [point, box]).tolist() == [0, 0]
    assert build("similarity", "distance_iou").elementwise(point, point) == 0
    assert build("similarity", "scylla_iou").elementwise(point, point) == 0
    assert build("similarity", "crowd_iou").elementwise(point, box) == 0


@given(st.floats(0.1, 8), st.floats(0.1, 50))
def test_parameters(power, scale):
    p, t = [0, 0, 10, 4], [1, 1, 10, 3]
    assert build("similarity", {"name": "alpha_iou", "power": power}).elementwise(p, t) == pytest.approx(
        iou_function(p, t) ** power
    )
    nwd = build("similarity", {"name": "normalized_wasserstein", "scale": scale}).elementwise(p, t)
    assert nwd == pytest.approx(math.exp(-wasserstein(p, t) / scale))
    for beta in (scale, 0.25):
        smooth = build("similarity", {"name": "corner_smooth_l1", "beta": beta}).elementwise([0, 0, 9, 9], [3, 0, 9, 9])
        assert smooth == pytest.approx(9 / 2 / beta if beta > 3 else 3 - beta / 2)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        ({"name": "alpha_iou", "power": 0}, "power: got 0"),
        ({"name": "alpha_iou", "power": float("inf")}, "power: got inf"),
        ({"name": "normalized_wasserstein", "scale": -1}, "scale: got -1"),
        ({"name": "corner_smooth_l1", "beta": 0}, "beta: got 0"),
        ({"name": "centre_smooth_l1", "beta": float("nan")}, "beta: got nan"),
        ({"name": "giou"}, "no similarity 'giou'; did you mean"),
    ],
)
def test_wrong_parameters(node, text):
    with pytest.raises(ConfigError, match=text):
        build("similarity", node)


def test_every_similarity_is_held_against_its_definition():
    assert set(NAMES) == set(PLAIN)
