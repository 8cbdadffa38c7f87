"""Gates that are all but closed keep every digit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from a4eval_rnn_bptt import unroll, unroll_backward
from a4eval_rnn_bptt.kernels import gates

from a4eval import build

from .. import torch_cells
from ..cases import relative


def shut(layer, rng, dtype, gate, bias):
    """Draw weights whose gate has this bias."""
    params = {name: value.astype(dtype) for name, value in layer.init(rng).items()}
    block = layer.gates.index(gate)
    params["bias_ih"][block * layer.hidden : (block + 1) * layer.hidden] = bias
    return params


def test_the_logistic_function_keeps_its_digits():
    z = np.array([-700.0, -87.0, -40.0, -18.0, -1.0, 0.0, 3.0, 40.0])
    exact = [1 / (1 + math.exp(-one)) for one in z]
    assert gates.sigmoid(z) == pytest.approx(exact, rel=1e-15)
    assert gates.sigmoid(z[1:].astype(np.float32)) == pytest.approx(exact[1:], rel=1e-6)
    assert gates.sigmoid(np.array([-1e4, 1e4])).tolist() == [0, 1]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 1e-5)])
@pytest.mark.parametrize(("name", "gate"), [("lstm", "input"), ("lstm", "output"), ("gru", "update"), ("gru", "reset")])
def test_a_kernel_with_a_gate_at_minus_40_equals_torch(torch, rng, name, gate, dtype, tolerance):
    layer = build("layer", {"name": name, "inputs": 3, "hidden": 4})
    params = shut(layer, rng, dtype, gate, -40)
    x, dy = rng.standard_normal((6, 5, 3)).astype(dtype), rng.standard_normal((6, 5, 4)).astype(dtype)
    y, tape = layer.forward(params, x)
    got, dx = layer.backward(params, tape, dy)
    module = getattr(torch.nn, name.upper())(3, 4, dtype=getattr(torch, dtype))
    module.load_state_dict({f"{key}_l0": torch.tensor(value) for key, value in params.items()})
    tx = torch.tensor(x, requires_grad=True)
    ty, _ = module(tx)
    (ty * torch.tensor(dy)).sum().backward()
    np.testing.assert_allclose(y, ty.detach().numpy(), rtol=100 * tolerance, atol=0)
    assert relative(dx, tx.grad) < tolerance
    for key in params:  # gate by gate, since one that is shut is small beside the others
        mine, theirs = (
            np.split(np.asarray(one), len(layer.gates)) for one in (got[key], getattr(module, f"{key}_l0").grad)
        )
        for a, b in zip(mine, theirs, strict=True):
            assert relative(a, b) < 10 * tolerance, key


def test_the_cell_behind_a_gate_at_minus_40_holds_what_it_should(rng):
    """i = σ(−40) lets 4.2·10⁻¹⁸ of g in: c = i·g after one step without weights."""
    layer = build("layer", {"name": "lstm", "inputs": 1, "hidden": 1})
    params = {name: np.zeros_like(value) for name, value in layer.init(rng).items()}
    params["bias_ih"][:] = [-40, 0, 2, 0]
    _, tape = layer.forward(params, np.zeros((1, 1, 1)))
    right = np.tanh(2) / (1 + math.exp(40))
    assert tape.final_state[1].item() == pytest.approx(right, rel=1e-14)
    assert tape.final_state[0].item() == pytest.approx(0.5 * right, rel=1e-14)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_gate_that_shuts_late_and_models_side_by_side(rng, name):
    """The chunk in which a gate shuts is done again, from the state it began with."""
    layer = build("layer", {"name": name, "inputs": 2, "hidden": 64})
    drawn = [layer.init(rng) for _ in range(2)]
    params = {key: np.stack([one[key] for one in drawn]) for key in drawn[0]}
    x = rng.standard_normal((2, 60, 32, 2))
    x[1, 37:] *= 1000
    y, tape = layer.sequence_forward(params, x, None)
    expected, other = unroll(layer, params, x)
    assert relative(y, expected) < 1e-12
    dy = rng.standard_normal(y.shape)
    got, loop = layer.sequence_backward(params, tape, dy, None, want_dx=True), unroll_backward(layer, params, other, dy)
    for key in params:
        assert relative(got.params[key], loop.params[key]) < 1e-11, key


def test_a_step_with_a_gate_at_minus_40_equals_torch(torch, layer, rng):
    params = layer.init(rng)
    params = {key: value - 40 if key.startswith("bias_ih") else value for key, value in params.items()}
    x = rng.standard_normal((2, 3))
    state = tuple(0.5 * rng.standard_normal((2, 4)) for _ in range(layer.state_count))
    after, _ = layer.step(params, x, state)
    weights = {name: torch.tensor(value) for name, value in params.items()}
    expected = torch_cells.step(torch, layer, weights, torch.tensor(x), tuple(torch.tensor(one) for one in state))
    for mine, theirs in zip(after, expected, strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-11, atol=1e-30)
