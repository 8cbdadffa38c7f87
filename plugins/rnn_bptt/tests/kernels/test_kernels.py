"""The kernels against torch's modules and against the plain loop over steps."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt.kernels import products
from a4eval_rnn_bptt.unrolling import unroll, unroll_backward
from hypothesis import given, settings
from hypothesis.strategies import booleans, data, integers, sampled_from

from a4eval import build

from ..cases import draw, relative


@pytest.mark.parametrize(
    ("config", "theirs"),
    [
        ({"name": "rnn"}, "RNN"),
        ({"name": "lstm"}, "LSTM"),
        ({"name": "gru"}, "GRU"),
        ({"name": "rnn", "bias": False}, "RNN"),
        ({"name": "lstm", "bias": False}, "LSTM"),
        ({"name": "gru", "bias": False}, "GRU"),
    ],
)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-5)])
@pytest.mark.parametrize("batch", [1, 5])
def test_the_kernels_equal_the_modules_of_torch(torch, rng, config, theirs, dtype, tolerance, batch):
    layer = build("layer", {**config, "inputs": 7, "hidden": 9})
    params = {name: value.astype(dtype) for name, value in layer.init(rng).items()}
    module = getattr(torch.nn, theirs)(7, 9, bias=layer.bias, dtype=getattr(torch, dtype))
    module.load_state_dict({f"{name}_l0": torch.tensor(value) for name, value in params.items()})
    x, dy = rng.standard_normal((20, batch, 7)).astype(dtype), rng.standard_normal((20, batch, 9)).astype(dtype)
    y, tape = layer.forward(params, x)
    dparams, dx = layer.backward(params, tape, dy)
    assert y.dtype == dx.dtype == dtype
    tx = torch.tensor(x, requires_grad=True)
    ty, _ = module(tx)
    (ty * torch.tensor(dy)).sum().backward()
    assert relative(y, ty.detach()) < tolerance
    assert relative(dx, tx.grad) < tolerance
    for name in params:
        assert dparams[name].dtype == dtype
        assert relative(dparams[name], getattr(module, f"{name}_l0").grad) < tolerance, name


def test_a_kernel_equals_the_loop_over_steps(layer, rng):
    x, dy, state, dstate = draw(layer, rng)
    params = layer.init(rng)
    y, tape = layer.sequence_forward(params, x, state)
    expected_y, expected_tape = unroll(layer, params, x, state)
    assert relative(y, expected_y) < 1e-14
    got = layer.sequence_backward(params, tape, dy, dstate, want_dx=True)
    expected = unroll_backward(layer, params, expected_tape, dy, dstate)
    assert relative(got.x, expected.x) < 1e-13
    for name in params:
        assert relative(got.params[name], expected.params[name]) < 1e-13, name


@settings(deadline=None)  # a busy machine is no failure
@given(data())
def test_a_kernel_equals_the_loop_in_any_shape(draw):
    name = draw.draw(sampled_from(["rnn", "lstm", "gru"]))
    steps, batch, inputs, hidden = (draw.draw(integers(1, top)) for top in (9, 4, 5, 6))
    lead = draw.draw(sampled_from([(), (1,), (3,)]))
    layer = build("layer", {"name": name, "inputs": inputs, "hidden": hidden, "bias": draw.draw(booleans())})
    rng = np.random.default_rng(draw.draw(integers(0, 2**32)))
    drawn = [layer.init(rng) for _ in range(3)]
    params = {key: np.stack([one[key] for one in drawn[: lead[0]]]) if lead else drawn[0][key] for key in drawn[0]}
    x, dy = rng.standard_normal((*lead, steps, batch, inputs)), rng.standard_normal((*lead, steps, batch, hidden))
    state, dstate = (
        tuple(rng.standard_normal((*lead, batch, hidden)) for _ in range(layer.state_count)) for _ in range(2)
    )
    y, tape = layer.sequence_forward(params, x, state)
    expected_y, expected_tape = unroll(layer, params, x, state)
    got = layer.sequence_backward(params, tape, dy, dstate, want_dx=True)
    expected = unroll_backward(layer, params, expected_tape, dy, dstate)
    assert relative(y, expected_y) < 1e-13
    assert relative(got.x, expected.x) < 1e-12
    for mine, theirs in zip(got.state, expected.state, strict=True):
        assert relative(mine, theirs) < 1e-12
    for key in params:
        assert relative(got.params[key], expected.params[key]) < 1e-12, key


@pytest.mark.parametrize("uncopied", [True, False], ids=["AVX-512", "others"])
@pytest.mark.parametrize("lead", [(), (2,)], ids=["one model", "two models"])
@pytest.mark.parametrize("sizes", [(3, 32, 5, 64), (2, 64, 40, 512), (3, 16, 64, 96), (150, 16, 3, 4)])
@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_a_kernel_equals_the_loop_where_products_are_cut_up(monkeypatch, rng, name, sizes, lead, uncopied):
    monkeypatch.setattr(products, "_multiplies_uncopied", lambda: uncopied)
    steps, batch, inputs, hidden = sizes
    layer = build("layer", {"name": name, "inputs": inputs, "hidden": hidden})
    params = layer.init(rng)
    if lead:
        params = {key: np.stack([value, value[::-1]]) for key, value in params.items()}
    x, dy = rng.standard_normal((*lead, steps, batch, inputs)), rng.standard_normal((*lead, steps, batch, hidden))
    y, tape = layer.sequence_forward(params, x, None)
    expected_y, expected_tape = unroll(layer, params, x)
    got = layer.sequence_backward(params, tape, dy, None, want_dx=True)
    expected = unroll_backward(layer, params, expected_tape, dy)
    assert relative(y, expected_y) < 1e-13
    assert relative(got.x, expected.x) < 1e-13
    for key in params:
        assert relative(got.params[key], expected.params[key]) < 1e-13, key


@pytest.mark.parametrize(("name", "steps"), [("rnn", 100), ("lstm", 400), ("gru", 400)])
def test_a_vanishing_float32_gradient_leaves_nothing_subnormal_and_is_right(rng, name, steps):
    layer = build("layer", {"name": name, "inputs": 3, "hidden": 4, "gain": 0.2})
    params = layer.init(rng)
    x, dy = rng.standard_normal((steps, 16, 3)), np.zeros((steps, 16, 4))
    dy[-1] = rng.standard_normal((16, 4))
    single = {key: value.astype(np.float32) for key, value in params.items()}
    for scale in (1, 1e-30):
        gradients = [
            layer.gradients(weights, layer.forward(weights, x.astype(dtype))[1], (scale * dy).astype(dtype))
            for weights, dtype in ((params, np.float64), (single, np.float32))
        ]
        for key in params:
            exact, got = (one.params[key] for one in gradients)
            assert relative(got, exact) < 1e-5, key
    expected, got = (
        layer.gradients(weights, layer.forward(weights, x.astype(dtype))[1], dy.astype(dtype)).state[0]
        for weights, dtype in ((params, np.float64), (single, np.float32))
    )
    assert 0 < np.abs(expected).max() < 1e-32
    assert not got.any()


def test_long_sequences_cross_chunks(torch, rng):
    for config, theirs in ((("lstm"), "LSTM"), (("gru"), "GRU")):
        layer = build("layer", {"name": config, "inputs": 8, "hidden": 64})
        params = layer.init(rng)
        module = getattr(torch.nn, theirs)(8, 64, dtype=torch.float64)
        module.load_state_dict({f"{name}_l0": torch.tensor(value) for name, value in params.items()})
        x, dy = rng.standard_normal((37, 16, 8)), rng.standard_normal((37, 16, 64))
        _, tape = layer.forward(params, x)
        got, _ = layer.backward(params, tape, dy)
        (module(torch.tensor(x))[0] * torch.tensor(dy)).sum().backward()
        for name in params:
            assert relative(got[name], getattr(module, f"{name}_l0").grad) < 1e-12, (config, name)
