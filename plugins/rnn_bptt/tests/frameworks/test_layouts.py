"""Weights to torch and Keras and back."""

from __future__ import annotations

import os

import numpy as np
import pytest
from a4eval_rnn_bptt import from_keras, from_torch, to_keras, to_torch

from a4eval import build

CASES = [
    ("rnn", {}),
    ("rnn", {"bias": False}),
    ("lstm", {}),
    ("lstm", {"bias": False}),
    ("gru", {}),
    ("gru", {"bias": False}),
    ("gru", {"reset_after": False}),
    ("gru", {"reset_after": False, "bias": False}),
]


@pytest.fixture
def keras(torch):
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras", reason="keras is not installed: pip install keras")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize(("cell", "options"), CASES)
def test_keras_computes_the_same(keras, rng, cell, options):
    layer = build("layer", {"name": cell, "inputs": 3, "hidden": 4, **options})
    params = layer.init(rng)
    kind = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    reset = {"reset_after": layer.reset_after} if cell == "gru" else {}
    theirs = kind(4, return_sequences=True, use_bias=layer.bias, dtype="float64", **reset)
    x = rng.standard_normal((6, 2, 3))
    theirs.build((2, 6, 3))
    theirs.set_weights(to_keras(cell, params))
    expected = keras.ops.convert_to_numpy(theirs(np.ascontiguousarray(x.swapaxes(0, 1)))).swapaxes(0, 1)
    # Keras's loop over steps goes through float32 even for float64 layers; another convention would be off by 0.1
    assert np.abs(layer.forward(params, x)[0] - expected).max() < 1e-6
    back = from_keras(cell, theirs.get_weights(), **reset)
    assert back.keys() == params.keys()
    assert np.abs(layer.forward(back, x)[0] - expected).max() < 1e-6


@pytest.mark.parametrize(("cell", "options"), CASES)
def test_there_and_back(rng, cell, options):
    layer = build("layer", {"name": cell, "inputs": 3, "hidden": 4, **options})
    params = layer.init(rng)
    for name, value in from_torch(to_torch(params)).items():
        assert np.array_equal(value, params[name])
    reset = {"reset_after": layer.reset_after} if cell == "gru" else {}
    back = from_keras(cell, to_keras(cell, params), **reset)
    for name in params:
        if not name.startswith("bias") or reset:
            assert np.array_equal(back[name], params[name]), name
    if layer.bias and not reset:
        assert np.array_equal(back["bias_ih"] + back["bias_hh"], params["bias_ih"] + params["bias_hh"])


def test_bad_weights():
    with pytest.raises(ValueError, match="'weight_ih_l1' is not of the first layer"):
        from_torch({"weight_ih_l0": np.zeros(1), "weight_ih_l1": np.zeros(1)})
    with pytest.raises(ValueError, match="got 1 arrays"):
        from_keras("rnn", [np.zeros((1, 1))])
    with pytest.raises(ValueError, match="not that of reset_after=False"):
        from_keras("gru", [np.zeros((1, 3)), np.zeros((1, 3)), np.zeros((2, 3))], reset_after=False)
