"""Every layer against torch, against central differences, and against itself in other arrangements."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import ConfigError, build

from .. import torch_cells
from ..cases import BATCH, INPUTS, STEPS, draw, relative


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
        ({"name": "rnn", "hidden": 0}, "layer.hidden: got 0, expected at least 1"),
        ({"name": "rnn", "inputs": -1}, "inputs: got -1"),
        ({"name": "lstm", "chrono": 2}, "chrono: got 2, expected at least 3"),
        ({"name": "lstm", "chrono": 9, "forget_bias": 1.0}, "give one of them"),
        ({"name": "lstm", "bias": False, "forget_bias": 1.0}, "bias is false"),
        ({"name": "gru", "update_bias": 1.0, "chrono": 9}, "give one of them"),
        ({"name": "gru", "bias": False, "chrono": 9}, "bias is false"),
        ({"name": "gru", "chrono": 1}, "chrono: got 1"),
        ({"name": "minimal_gated_unit", "bias": False, "forget_bias": 1.0}, "bias is false"),
        ({"name": "rnn", "activation": "tan"}, "did you mean 'tanh'"),
    ],
)
def test_bad_parameters_are_config_errors(config, message):
    with pytest.raises(ConfigError, match=message):
        build("layer", config)
