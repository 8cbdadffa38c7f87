"""Which images are chosen."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_ap_metric.measures import worst

UNIT = np.array([0, 0, 1, 2, 3, 3, 4])
COST = np.array([3.0, 3.0, 5.0, 4.0, 1.0, 1.0, 0.0])
KIND = ["missed", "missed", "both", "missed", "twice", "twice", "twice"]
CLASS = ["cat", "dog", "cat", "bird", "bird", "cow", "cow"]


def worst_images(unit, cost, groups, most):
    """Values are told by their texts."""
    named = {}
    for name, values in groups.items():
        known = sorted({one for one in values if one is not None})
        codes = np.array([-1 if one is None else known.index(one) for one in values])
        named[name] = codes, known.__getitem__
    return worst.worst_images(unit, cost, named, most)


def test_the_worst_of_all_comes_first_and_then_one_of_each_group_in_turns():
    found = worst_images(UNIT, COST, {"error": KIND, "class": CLASS}, 4)
    # all: 0 (6). error: missed 0 is there already, so both 1. class: cat 1 is there, bird 2. all: 1 and 2 are there, 3.
    assert found == {0: "all", 1: "error both", 2: "class bird", 3: "all"}
    assert list(found) == [0, 1, 2, 3]


def test_what_costs_nothing_comes_last():
    assert list(worst_images(UNIT, COST, {"error": KIND}, 10))[-1] == 4
    assert 4 not in worst_images(UNIT, COST, {"error": KIND}, 4)


def test_each_kind_has_an_image_where_there_is_room():
    rng = np.random.default_rng(0)
    unit, cost = rng.integers(0, 200, 2000), rng.random(2000)
    kind = [f"kind {one}" for one in rng.integers(0, 6, 2000)]
    chosen = worst_images(unit, cost, {"error": kind}, 12)
    for name in set(kind):
        sums = np.bincount(unit[np.array(kind) == name], cost[np.array(kind) == name], 200)
        assert int(np.argmax(sums)) in chosen


@pytest.mark.parametrize("most", [1, 3, 5])
def test_no_more_than_wanted(most):
    assert len(worst_images(UNIT, np.ones(7), {"error": KIND, "class": [None] * 7}, most)) == most
