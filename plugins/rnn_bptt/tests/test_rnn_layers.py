"""Every layer against torch, against central differences, and against itself in other arrangements."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from a4eval_rnn_bptt import central_difference_error
from a4eval_rnn_bptt.kernels import products
from a4eval_rnn_bptt.unroll import unroll, unroll_backward
from hypothesis import given, settings
from hypothesis.strategies import booleans, data, integers, sampled_from

from a4eval import ConfigError, build

STEPS, BATCH, INPUTS, HIDDEN = 6, 5, 3, 4


def load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


torch_cells = load("torch_cells")
relative = load("conftest").relative


def draw(layer, rng, *, models=()):
    x = rng.standard_normal((*models, STEPS, BATCH, INPUTS))
    dy = rng.standard_normal((*models, STEPS, BATCH, HIDDEN))
    state = tuple(0.5 * rng.standard_normal((*models, BATCH, HIDDEN)) for _ in range(layer.state_count))
    dstate = tuple(rng.standard_normal((*models, BATCH, HIDDEN)) for _ in range(layer.state_count))
    return x, dy, state, dstate


@pytest.mark.parametrize("lengths", [None, [6, 1, 3, 5, 2]], ids=["full", "masked"])
def test_all_gradients_equal_torch(torch, layer, rng, lengths):
    x, dy, state, dstate = draw(layer, rng)
    if lengths is not None:
        dstate = tuple(np.zeros_like(one) for one in dstate)
    params = layer.init(rng)
    y, tape = layer.forward(params, x, state=state, lengths=lengths)
    got = layer.gradients(params, tape, dy, dstate=None if lengths else dstate)

    leaf = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    tx = torch.tensor(x, requires_grad=True)
    first = tuple(torch.tensor(one, requires_grad=True) for one in state)
    ty, last = torch_cells.run(torch, layer, [leaf] * STEPS, tx, first)
    if lengths is not None:
        ty = ty * torch.tensor(np.arange(STEPS)[:, None] < np.array(lengths))[..., None]
    loss = (ty * torch.tensor(dy)).sum() + sum((a * torch.tensor(b)).sum() for a, b in zip(last, dstate, strict=True))
    loss.backward()
    assert relative(y, ty.detach()) < 1e-12
    assert got.params.keys() == params.keys()
    for name, value in leaf.items():
        assert relative(got.params[name], value.grad) < 1e-12, name
    assert relative(got.x, tx.grad) < 1e-12
    for mine, theirs in zip(got.state, first, strict=True):
        assert relative(mine, theirs.grad) < 1e-12
    if lengths is None:
        for mine, theirs in zip(tape.final_state, last, strict=True):
            assert relative(mine, theirs.detach()) < 1e-12
    else:
        row = 2
        assert np.array_equal(tape.final_state[0][row], y[lengths[row] - 1, row])


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


def test_stacked_models_are_the_models_one_by_one(layer, rng):
    models = 3
    x, dy, state, dstate = draw(layer, rng, models=(models,))
    drawn = [layer.init(rng) for _ in range(models)]
    params = {name: np.stack([one[name] for one in drawn]) for name in drawn[0]}
    y, tape = layer.forward(params, x, state=state)
    got = layer.gradients(params, tape, dy, dstate=dstate)
    for m, one in enumerate(drawn):
        mine = tuple(part[m] for part in state)
        alone, tape = layer.forward(one, x[m], state=mine)
        expected = layer.gradients(one, tape, dy[m], dstate=tuple(part[m] for part in dstate))
        assert relative(y[m], alone) < 1e-14
        assert relative(got.x[m], expected.x) < 1e-13
        for name in one:
            assert relative(got.params[name][m], expected.params[name]) < 1e-13, name


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


@pytest.mark.parametrize(
    ("built", "uncopied"),
    [
        ({}, False),
        ({"SIMD Extensions": {"found": ["X86_V3"]}, "Build Dependencies": {"blas": {"name": "scipy-openblas"}}}, False),
        ({"SIMD Extensions": {"found": ["X86_V4"]}, "Build Dependencies": {"blas": {"name": "mkl"}}}, False),
        ({"SIMD Extensions": {"found": ["X86_V4"]}, "Build Dependencies": {"blas": {"name": "openblas64"}}}, True),
    ],
)
def test_products_are_cut_up_only_where_numpy_says_that_it_pays(monkeypatch, built, uncopied):
    monkeypatch.setattr(np, "show_config", lambda mode: built)
    assert products._multiplies_uncopied.__wrapped__() == uncopied


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


def test_whole_numbers_as_errors_are_as_good_as_floats(layer, rng):
    params = layer.init(rng)
    y, tape = layer.forward(params, rng.standard_normal((STEPS, BATCH, INPUTS)))
    got, expected = (layer.backward(params, tape, np.ones(y.shape, dtype)) for dtype in (np.int64, np.float64))
    for key in params:
        assert np.array_equal(got[0][key], expected[0][key]), key
    assert np.array_equal(got[1], expected[1])


def test_a_tape_can_be_used_again(layer, rng):
    x, dy, _, _ = draw(layer, rng)
    params = layer.init(rng)
    _, tape = layer.forward(params, x)
    first, second = layer.backward(params, tape, dy), layer.backward(params, tape, dy)
    for name in params:
        assert np.array_equal(first[0][name], second[0][name])


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


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((0, 2, 3)), "at least one step"),
        (np.zeros((4, 0, 3)), "at least one step and one row"),
        (np.zeros((4, 2, 5)), "5 features a step"),
        (np.zeros((4, 3)), r"expected \(T, B, I\)"),
        (np.full((4, 2, 3), np.nan), "nan at index"),
        (np.where(np.arange(24).reshape(4, 2, 3) == 7, np.inf, 0), r"inf at index \(1, 0, 1\)"),
    ],
)
def test_bad_inputs_are_refused(layer, rng, x, message):
    with pytest.raises(ValueError, match=message):
        layer.forward(layer.init(rng), x)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [([0, 0], "lengths.0. is 0"), ([1, 9], "expected 1 to 4"), ([1], "2 whole numbers"), ([1.0, 2.0], "whole numbers")],
)
def test_bad_lengths_are_refused(layer, rng, lengths, message):
    with pytest.raises(ValueError, match=message):
        layer.forward(layer.init(rng), np.zeros((4, 2, 3)), lengths=lengths)


def test_shapes_that_disagree_are_refused(layer, rng):
    params = layer.init(rng)
    _, tape = layer.forward(params, np.zeros((4, 2, 3)))
    with pytest.raises(ValueError, match=r"dy has shape \(4, 3, 4\)"):
        layer.backward(params, tape, np.zeros((4, 3, 4)))
    with pytest.raises(ValueError, match="the state has arrays of shapes"):
        layer.forward(params, np.zeros((4, 2, 3)), state=(np.zeros((2, 9)),) * layer.state_count)
    _, tape = layer.forward(params, np.zeros((4, 2, 3)), lengths=[1, 2])
    with pytest.raises(ValueError, match="dstate must be None"):
        layer.gradients(params, tape, np.zeros((4, 2, 4)), dstate=(np.zeros((2, 4)),) * layer.state_count)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"name": "rnn", "hidden": 0}, "hidden is 0"),
        ({"name": "rnn", "inputs": -1}, "inputs is -1"),
        ({"name": "lstm", "chrono": 2}, "chrono is 2"),
        ({"name": "lstm", "chrono": 9, "forget_bias": 1.0}, "give one of them"),
        ({"name": "lstm", "bias": False, "forget_bias": 1.0}, "bias is false"),
        ({"name": "gru", "update_bias": 1.0, "chrono": 9}, "give one of them"),
        ({"name": "gru", "bias": False, "chrono": 9}, "bias is false"),
        ({"name": "gru", "chrono": 1}, "chrono is 1"),
        ({"name": "minimal_gated_unit", "bias": False, "forget_bias": 1.0}, "bias is false"),
        ({"name": "rnn", "activation": "tan"}, "did you mean 'tanh'"),
    ],
)
def test_bad_parameters_are_config_errors(config, message):
    with pytest.raises(ConfigError, match=message):
        build("layer", config)
