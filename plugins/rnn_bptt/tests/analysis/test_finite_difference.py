"""Central differences agree with right gradients, and with those alone."""

from __future__ import annotations

import numpy as np
from a4eval_rnn_bptt import central_difference_error

from a4eval import build

from ..cases import draw


def test_gradients_equal_central_differences(layer, rng):
    x, dy, _, _ = draw(layer, rng)
    params = layer.init(rng)
    _, tape = layer.forward(params, x)
    gradient, _ = layer.backward(params, tape, dy)
    error = central_difference_error(layer, params, x, lambda y: float(np.sum(y * dy)), gradient, rng, entries=10_000)
    assert error < 1e-7


def test_central_differences_notice_a_wrong_gradient(rng):
    layer = build("layer", {"name": "gru", "inputs": 3, "hidden": 4})
    x, dy, _, _ = draw(layer, rng)
    params = layer.init(rng)
    _, tape = layer.forward(params, x)
    gradient, _ = layer.backward(params, tape, dy)
    gradient["weight_hh"][0] *= 1.001
    assert central_difference_error(layer, params, x, lambda y: float(np.sum(y * dy)), gradient, rng) > 1e-6
