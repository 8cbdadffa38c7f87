"""Boxes in another notation, or shares among pixels, are noticed with the evidence."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric.detections.checks import doubts
from a4eval_ap_metric.matching.doubts import notation_doubts

SIZE = np.array([640.0, 480.0])


def pictures(seed, n=60, *, images=8):
    """Return truths as real pictures have them, and a good detector's boxes, xywh in pixels."""
    rng = np.random.default_rng(seed)
    size = rng.uniform(20, 150, (n, 2)) * [1.3, 0.8]
    truth = np.concatenate([rng.uniform(0, 1, (n, 2)) * (SIZE - size), size], axis=1)
    found = truth + rng.normal(0, 2, (n, 4))
    unit = rng.integers(0, images, n)
    return truth, found, unit


def batch(truth, found, unit, images=8):
    n = len(unit)
    return {
        "unit": np.arange(images),
        "class": np.arange(2),
        "truth_unit": unit,
        "truth_class": np.arange(n) % 2,
        "truth_box": truth,
        "truth_area": truth[:, 2] * truth[:, 3],
        "truth_crowd": np.zeros(n, bool),
        "detection_unit": unit,
        "detection_class": np.arange(n) % 2,
        "detection_box": found,
        "detection_score": np.linspace(0, 1, n),
    }


def centre(box):
    return np.concatenate([box[:, :2] + box[:, 2:] / 2, box[:, 2:]], axis=1)


def corners(box):
    return np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1)


def swapped(box):
    return box[:, [1, 0, 3, 2]]


WRITTEN = {
    "centre x, centre y, width, height": centre,
    "x1, y1, x2, y2": corners,
    "which of x and y comes first": swapped,
    "y1, x1, y2, x2": lambda box: swapped(corners(box)),
    "centre y, centre x, height, width": lambda box: swapped(centre(box)),
}


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [10, 60])
def test_another_notation_is_noticed_on_either_side(name, seed, n):
    truth, found, unit = pictures(seed, n)
    (doubt,) = notation_doubts(batch(truth, WRITTEN[name](found), unit))
    assert name in doubt
    assert f"of {n} detections compared" in doubt
    (doubt,) = notation_doubts(batch(WRITTEN[name](truth), found, unit))
    assert name in doubt


@pytest.mark.parametrize("seed", range(20))
def test_good_bad_and_few_boxes_raise_no_doubt(seed):
    rng = np.random.default_rng(seed)
    truth, found, unit = pictures(seed)
    assert notation_doubts(batch(truth, found, unit)) == []
    assert notation_doubts(batch(truth, found, rng.permutation(unit))) == [], "boxes of other images"
    anywhere = pictures(seed + 100)[0]
    assert notation_doubts(batch(truth, anywhere, unit)) == [], "a detector that found nothing"
    assert notation_doubts(batch(truth[:4], centre(found[:4]), unit[:4])) == [], "four boxes are no evidence"
    half = np.where(rng.random(len(found))[:, None] < 0.5, centre(found), found)
    assert notation_doubts(batch(truth, half, unit)) == [], "half of them fit as they are"


def test_the_numbers_are_those_of_the_overlaps():
    box = np.array([[100.0 * one, 0, 40, 40] for one in range(6)])
    unit = np.zeros(6, int)
    shifted = np.add(box, [20, 20, 0, 0])
    (doubt,) = notation_doubts(batch(box, shifted, unit) | dict.fromkeys(("truth_class", "detection_class"), unit))
    assert doubt.endswith("of 6 detections compared 0 overlap a truth by 0.5, and 6 if read so")


@pytest.mark.parametrize("n", [1, 60])
def test_shares_among_pixels_are_noticed(n):
    truth, found, unit = pictures(0, n)
    shares = np.tile(SIZE, 2)
    (doubt,) = (one for one in doubts(batch(truth, found / shares, unit)) if "shares" in one)
    assert doubt.startswith("the detections look like shares of their image: they reach")
    (doubt,) = (one for one in doubts(batch(truth / shares, found, unit)) if "shares" in one)
    assert doubt.startswith("the ground-truth boxes look like shares")
    for both in (batch(truth, found, unit), batch(truth / shares, found / shares, unit)):
        assert not [one for one in doubts(both) if "shares" in one]
