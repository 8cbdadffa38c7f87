"""How far float32 is off."""

from __future__ import annotations

import numpy as np
from a4eval_rnn_bptt import float32_error

from a4eval import build


def test_float32_agrees_until_the_network_is_chaotic(rng):
    calm = build("layer", {"name": "lstm", "inputs": 8, "hidden": 32})
    x, dlast = rng.standard_normal((200, 2, 8)), rng.standard_normal((2, 32))
    assert float32_error(calm, calm.init(rng), x, dlast) < 1e-5
    wild = build("layer", {"name": "rnn", "inputs": 8, "hidden": 128, "initialisation": "gaussian", "gain": 3.0})
    error = float32_error(wild, wild.init(rng), 0.1 * x, rng.standard_normal((2, 128)))
    assert error > 0.3
    config = {"name": "rnn", "inputs": 8, "hidden": 32, "activation": "linear", "initialisation": "orthogonal"}
    bursting = build("layer", {**config, "gain": 2.0})
    assert float32_error(bursting, bursting.init(rng), x, rng.standard_normal((2, 32))) == np.inf
