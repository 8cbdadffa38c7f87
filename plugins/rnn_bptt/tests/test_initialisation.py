"""Initialisations have the moments and the structure that their names promise."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt import chrono_bias, initialise

from a4eval import build

SHAPE = (300, 200)


@pytest.mark.parametrize(
    ("name", "deviation"),
    [
        ("uniform", 2 / (np.sqrt(300) * np.sqrt(3))),
        ("glorot", 2 * np.sqrt(6 / 500) / np.sqrt(3)),
        ("he", 2 * np.sqrt(2 / 200)),
        ("gaussian", 2 / np.sqrt(200)),
    ],
)
def test_moments(name, deviation):
    drawn = initialise(name, SHAPE, np.random.default_rng(0), hidden=300, gain=2.0)
    assert drawn.shape == SHAPE
    assert drawn.std() == pytest.approx(deviation, rel=0.01)
    assert abs(drawn.mean()) < 0.02 * deviation


@pytest.mark.parametrize("shape", [(30, 30), (30, 20), (20, 30)])
def test_orthogonal(shape):
    drawn = initialise("orthogonal", shape, np.random.default_rng(0), hidden=30, gain=1.5)
    assert np.linalg.svd(drawn, compute_uv=False) == pytest.approx(1.5, abs=1e-12)


def test_orthogonal_is_haar():
    """The trace of a Haar matrix has mean 0 and variance 1; QR alone would give a biased diagonal."""
    rng = np.random.default_rng(0)
    traces = [np.trace(initialise("orthogonal", (6, 6), rng, hidden=6)) for _ in range(2000)]
    assert np.mean(traces) == pytest.approx(0, abs=0.1)
    assert np.var(traces) == pytest.approx(1, abs=0.1)


def test_identity_and_unknown():
    assert np.array_equal(initialise("identity", (2, 3), np.random.default_rng(0), hidden=2), np.eye(2, 3))
    with pytest.raises(ValueError, match="got initialisation 'xavier'"):
        initialise("xavier", (2, 2), np.random.default_rng(0), hidden=2)


def test_forget_and_update_biases(rng):
    params = build("layer", {"name": "lstm", "hidden": 4, "forget_bias": 2.0}).init(rng)
    assert np.array_equal((params["bias_ih"] + params["bias_hh"])[4:8], np.full(4, 2.0))
    params = build("layer", {"name": "lstm", "hidden": 4, "forget_bias": 2.0, "coupled": True}).init(rng)
    assert np.array_equal((params["bias_ih"] + params["bias_hh"])[:4], np.full(4, -2.0)), "f = 1 − i"
    params = build("layer", {"name": "gru", "hidden": 4, "update_bias": 2.0}).init(rng)
    assert np.array_equal((params["bias_ih"] + params["bias_hh"])[4:8], np.full(4, 2.0))
    params = build("layer", {"name": "minimal_gated_unit", "hidden": 4, "forget_bias": -2.0}).init(rng)
    assert np.array_equal(params["bias_ih"][:4], np.full(4, -2.0))


def test_chrono(rng):
    biases = chrono_bias(10_000, 100, rng)
    assert biases.min() >= 0
    assert biases.max() <= np.log(99)
    assert np.exp(biases).mean() == pytest.approx(50, rel=0.02)
    params = build("layer", {"name": "lstm", "hidden": 4, "chrono": 100}).init(rng)
    assert np.array_equal(params["bias_ih"][:4], -params["bias_ih"][4:8])
    assert np.array_equal(params["bias_hh"][:8], np.zeros(8))


def test_the_same_seed_gives_the_same_weights(layer):
    first, second = layer.init(np.random.default_rng(3)), layer.init(np.random.default_rng(3))
    for name in first:
        assert np.array_equal(first[name], second[name])
