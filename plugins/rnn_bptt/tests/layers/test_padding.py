"""What stands past a sequence's length is nobody's business."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt import Recurrent

from a4eval import build

from ..cases import BATCH, INPUTS, STEPS, draw, relative

LENGTHS = np.array([6, 1, 3, 5, 2])
PAST = np.arange(STEPS)[:, None] >= LENGTHS


@pytest.mark.parametrize("padding", [np.nan, np.inf, 7.0])
def test_padding_changes_nothing(layer, rng, padding):
    x, dy, state, _ = draw(layer, rng)
    params = layer.init(rng)
    y, tape = layer.forward(params, x, state=state, lengths=LENGTHS)
    expected = layer.gradients(params, tape, dy)
    padded = np.where(PAST[..., None], padding, x)
    got_y, tape = layer.forward(params, padded, state=state, lengths=LENGTHS)
    got = layer.gradients(params, tape, np.where(PAST[..., None], padding, dy))
    assert np.array_equal(got_y, y)
    assert np.array_equal(got.x, expected.x)
    for name in params:
        assert np.array_equal(got.params[name], expected.params[name])


def test_padding_in_both_directions(rng):
    layer = build("layer", {"name": "bidirectional", "cell": {"name": "gru", "hidden": 4}, "inputs": INPUTS})
    params, x, dy = layer.init(rng), rng.standard_normal((STEPS, BATCH, INPUTS)), rng.standard_normal((STEPS, BATCH, 8))
    results = []
    for one in (x, np.where(PAST[..., None], np.nan, x)):
        y, tape = layer.forward(params, one, lengths=LENGTHS)
        results.append((y, layer.gradients(params, tape, dy)))
    (y, expected), (got_y, got) = results
    assert np.array_equal(got_y, y)
    for name in params:
        assert np.array_equal(got.params[name], expected.params[name])


@pytest.mark.parametrize("name", ["rnn", "stacked", "looped"])
def test_a_state_that_overflows_past_its_length_does_not_leak(rng, name):
    """Gain 3 over 900 steps is 1e429; the sequence of 2 steps beside it must not be touched by that."""
    node = {"name": "rnn", "activation": "linear", "gain": 3.0, "initialisation": "orthogonal", "hidden": 4}
    layer = build("layer", {**({"name": "stacked", "cell": node} if name == "stacked" else node), "inputs": 3})
    if name == "looped":
        own = type(layer)
        loop = {one: getattr(Recurrent, one) for one in ("sequence_forward", "sequence_backward")}
        layer = type("Looped", (own,), loop)(**vars(layer))
    params, x = layer.init(rng), rng.standard_normal((900, 3, 3))
    state = tuple(rng.standard_normal((3, 4)) for _ in range(layer.state_count))
    lengths, dy = [5, 2, 5], rng.standard_normal((900, 3, 4))
    y, tape = layer.forward(params, x, state=state, lengths=lengths)
    got = layer.gradients(params, tape, dy)
    expected_y, short = layer.forward(params, x[:5], state=state, lengths=lengths)
    expected = layer.gradients(params, short, dy[:5])
    assert relative(y[:5], expected_y) < 1e-13
    assert not y[5:].any()
    assert relative(got.x[:5], expected.x) < 1e-13
    for key in params:
        assert relative(got.params[key], expected.params[key]) < 1e-13, key
    for mine, theirs in zip((*got.state, *tape.final_state), (*expected.state, *short.final_state), strict=True):
        assert relative(mine, theirs) < 1e-13


def test_numbers_that_are_not_real_are_refused(layer, rng):
    with pytest.raises(ValueError, match="x holds complex128, expected real numbers"):
        layer.forward(layer.init(rng), np.ones((STEPS, BATCH, INPUTS), complex))
    with pytest.raises(ValueError, match="x holds object"):
        layer.forward(layer.init(rng), np.full((STEPS, BATCH, INPUTS), None))
    y, _ = layer.forward(layer.init(rng), np.ones((STEPS, BATCH, INPUTS), bool))
    assert y.dtype == np.float64
