"""The problems ask for what they show."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import ConfigError, build


def test_keyword_recall(rng):
    batch = build("sequence_problem", {"name": "keyword_recall", "keywords": 3, "fillers": 4}).batch(rng, 50)
    assert batch.x.shape == (6, 50, 5)
    assert np.array_equal(batch.x[0].argmax(1), batch.target[0])
    assert np.array_equal(batch.x.sum(2), np.ones((6, 50)))
    assert batch.x[1:-1, :, 3].all()
    assert batch.x[-1, :, 4].all()
    assert batch.steps.tolist() == [5]
    assert set(batch.target.ravel().tolist()) == {0, 1, 2}


def test_adding(rng):
    batch = build("sequence_problem", {"name": "adding", "length": 11}).batch(rng, 2000)
    number, mark = batch.x[..., 0], batch.x[..., 1]
    assert mark[:5].sum(0).tolist() == mark[5:].sum(0).tolist() == [1] * 2000
    assert np.allclose((number * mark).sum(0), batch.target[0, :, 0])
    assert np.mean((batch.target - 1) ** 2) == pytest.approx(1 / 6, rel=0.1)


def test_copy_memory(rng):
    batch = build("sequence_problem", {"name": "copy_memory", "symbols": 4, "length": 3, "delay": 5}).batch(rng, 50)
    shown = batch.x.argmax(2)
    assert shown.shape == (11, 50)
    assert np.array_equal(shown[:3], batch.target)
    assert batch.steps.tolist() == [8, 9, 10]
    assert (shown[3:8] == 4).all()
    assert (shown[8] == 5).all()


def test_delayed_xor(rng):
    batch = build("sequence_problem", {"name": "delayed_xor", "delay": 7}).batch(rng, 200)
    assert batch.x.shape == (9, 200, 2)
    assert np.array_equal(batch.x[0, :, 0] * batch.x[1, :, 0] < 0, batch.target[0] == 1)
    assert batch.x[:, :, 1].sum(0).tolist() == [2] * 200
    assert batch.target.mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"name": "adding", "length": 1}, "length: got 1"),
        ({"name": "copy_memory", "symbols": 1}, "symbols: got 1"),
        ({"name": "delayed_xor", "delay": -1}, "delay: got -1"),
    ],
)
def test_bad_problems(node, message):
    with pytest.raises(ConfigError, match=message):
        build("sequence_problem", node)
