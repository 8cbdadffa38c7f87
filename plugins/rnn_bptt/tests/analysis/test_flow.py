"""Decay of the gradient against autograd, and where float64 itself would give up."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt import decay, follow, half_life, log_slope, verdict

from a4eval import build

from .. import torch_cells


def test_decay_equals_autograd(torch, layer, rng):
    steps, batch = 15, 3
    params = layer.init(rng)
    x, dlast = rng.standard_normal((steps, batch, 3)), rng.standard_normal((batch, 4))
    got = decay(follow(layer, params, x), dlast)
    leaf = {name: torch.tensor(value) for name, value in params.items()}
    state = tuple(torch.zeros((batch, 4), dtype=torch.float64) for _ in range(layer.state_count))
    norms = []
    for k in range(steps):
        # s_k as a variable of its own: within a step the output hangs on the rest of the state
        first = tuple(one.detach().requires_grad_() for one in state)
        outputs, _ = torch_cells.run(torch, layer, [leaf] * (steps - k), torch.tensor(x[k:]), first)
        gradients = torch.autograd.grad((outputs[-1] * torch.tensor(dlast)).sum(), first)
        norms.append([float((one**2).sum()) for one in gradients])
        state = torch_cells.step(torch, layer, leaf, torch.tensor(x[k]), first)
    norms = np.array(norms)[::-1]
    assert 10 ** (2 * got.log10_norm) == pytest.approx(norms.sum(1), rel=1e-10)
    assert 10 ** (2 * np.array(list(got.log10_by_state.values()))) == pytest.approx(norms.T, rel=1e-10)
    if layer.gates:
        assert got.log10_by_gate.keys() == set(layer.gates)


@pytest.mark.parametrize("gain", [1e-3, 1e3], ids=["vanishing", "exploding"])
def test_a_linear_rnn_decays_exactly_by_its_gain(gain):
    """gain**400 is 1e-1200 or 1e+1200: only the logarithm survives."""
    config = {"name": "rnn", "activation": "linear", "initialisation": "orthogonal", "gain": gain, "bias": False}
    layer = build("layer", {**config, "inputs": 2, "hidden": 5})
    rng = np.random.default_rng(0)
    trajectory = follow(layer, layer.init(rng), np.zeros((400, 2, 2)))
    got = decay(trajectory, np.full((2, 5), 1e-3))
    expected = np.log10(np.sqrt(10) * 1e-3) + np.log10(gain) * np.arange(1, 401)
    assert got.log10_norm == pytest.approx(expected, abs=1e-9)
    assert got.log10_per_step == pytest.approx(np.log10(gain), abs=1e-12)


def test_a_gradient_that_dies_is_minus_infinity():
    layer = build("layer", {"name": "rnn", "activation": "relu", "inputs": 1, "hidden": 2})
    params = {name: np.full_like(value, -1.0) for name, value in layer.init(np.random.default_rng(0)).items()}
    got = decay(follow(layer, params, np.ones((5, 1, 1))), np.ones((1, 2)))
    assert np.isneginf(got.log10_norm).all()
    assert got.log10_per_step == -np.inf
    assert verdict(got.log10_per_step, 5) == "vanishes"
    assert half_life(got.log10_per_step) == 0


def test_names_of_rates():
    assert verdict(-0.021, 200) == "vanishes"
    assert verdict(-0.019, 200) == "healthy"
    assert verdict(0.021, 200) == "explodes"
    assert verdict(-0.019, 200, decades=3) == "vanishes"
    assert half_life(np.log10(0.5)) == pytest.approx(1)
    assert half_life(0.1) == np.inf
    assert log_slope(np.array([3.0, -np.inf, 1.0])) == pytest.approx(-1)


def test_bad_arguments(layer, rng):
    trajectory = follow(layer, layer.init(rng), rng.standard_normal((4, 2, 3)))
    with pytest.raises(ValueError, match="dlast has shape"):
        decay(trajectory, np.ones((3, 4)))
    for bad in (0, np.nan, np.inf):
        with pytest.raises(ValueError, match="the norm of dlast is"):
            decay(trajectory, np.full((2, 4), bad))
