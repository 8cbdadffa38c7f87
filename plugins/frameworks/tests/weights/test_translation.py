"""torch, keras, flax and our own layers compute the same, both ways, with the weights carried over."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from a4eval import ConfigError, build

IMAGE = [2, 2, 4, 4]
LAST = [0, 2, 3, 1]
STEPS = [4, 2, 3]
BATCH_FIRST = [1, 0, 2]


def keras_layer(layer, input_, axes, **arguments):
    return {"name": "keras", "layer": layer, "arguments": arguments, "input": input_, "axes": axes}


def recurrent(kind):
    torch_name = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}[kind]
    keras_name = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}[kind]
    return [
        {"name": "torch", "layer": torch_name, "arguments": [3, 4], "input": STEPS, "batch_axis": 1, "output": 0},
        keras_layer(keras_name, STEPS, BATCH_FIRST, units=4, return_sequences=True),
        {"name": kind, "inputs": 3, "hidden": 4},
    ]


SAME = {
    "convolution": [
        {"name": "torch", "layer": "Conv2d", "arguments": [2, 3, 3], "input": IMAGE},
        keras_layer("Conv2D", IMAGE, LAST, filters=3, kernel_size=3),
        {
            "name": "jax",
            "layer": "Conv",
            "arguments": {"in_features": 2, "out_features": 3, "kernel_size": [3, 3], "padding": "VALID"},
            "input": IMAGE,
            "axes": LAST,
        },
        {"name": "conv", "in_channels": 2, "out_channels": 3},
    ],
    "transposed convolution": [
        {"name": "torch", "layer": "ConvTranspose2d", "arguments": [2, 3, 3, 2], "input": IMAGE},
        keras_layer("Conv2DTranspose", IMAGE, LAST, filters=3, kernel_size=3, strides=2),
        {
            "name": "jax",
            "layer": "ConvTranspose",
            "arguments": {
                "in_features": 2,
                "out_features": 3,
                "kernel_size": [3, 3],
                "strides": [2, 2],
                "padding": "VALID",
            },
            "input": IMAGE,
            "axes": LAST,
        },
        {"name": "conv_transpose", "in_channels": 2, "out_channels": 3, "stride": 2},
    ],
    "rnn": recurrent("rnn"),
    "lstm": recurrent("lstm"),
    "gru": recurrent("gru"),
    "dense": [
        {"name": "torch", "layer": "Linear", "arguments": [3, 4], "input": [2, 3]},
        {"name": "keras", "layer": "Dense", "arguments": [4], "input": [2, 3]},
        {"name": "jax", "layer": "Linear", "arguments": [3, 4], "input": [2, 3]},
    ],
    "layer norm": [
        {"name": "torch", "layer": "LayerNorm", "arguments": {"normalized_shape": [4], "eps": 1e-3}, "input": [2, 4]},
        {"name": "keras", "layer": "LayerNormalization", "arguments": {"epsilon": 1e-3}, "input": [2, 4]},
        {"name": "jax", "layer": "LayerNorm", "arguments": {"num_features": 4, "epsilon": 1e-3}, "input": [2, 4]},
    ],
}
PAIRS = [
    (kind, one, other) for kind, all_ in SAME.items() for one, other in itertools.permutations(range(len(all_)), 2)
]


def task(one, other):
    try:
        return build("task", {"name": "check_layer", "layer": one, "reference": other, "coordinates": 2})
    except ConfigError as error:
        if "no layer" in str(error):
            pytest.skip(f"another plugin is not installed: {error}")
        raise


@pytest.mark.parametrize(("kind", "one", "other"), PAIRS)
def test_every_pair_computes_the_same(torch, jax, keras, kind, one, other):
    from a4eval.checks.layers.cases import cases
    from a4eval.checks.layers.counterpart import counterpart

    made = task(SAME[kind][one], SAME[kind][other])
    case = next(cases(made.layer, np.random.default_rng(0), 0))
    finding = counterpart(case, made.reference)
    assert finding.verdict == "passed", finding
    assert finding.bound < 1e-10


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_gates_in_another_order_are_failed(torch, kind):
    from a4eval.checks.layers.cases import cases
    from a4eval.checks.layers.counterpart import counterpart

    made = task(SAME[kind][2], SAME[kind][0])
    right = made.reference.from_layout
    made.reference.from_layout = lambda layout, arrays: {
        name: np.roll(one, 4, 0) for name, one in right(layout, arrays).items()
    }
    finding = counterpart(next(cases(made.layer, np.random.default_rng(0), 0)), made.reference)
    assert finding.verdict == "failed"
    assert finding.meaning == "it is not what the other layer computes"


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        (SAME["dense"][0], SAME["layer norm"][0], r"its weights are weight \(4,\), bias \(4,\)"),
        (SAME["lstm"][0] | {"output": None}, SAME["lstm"][1], "the other layer gives y"),
        (
            {"name": "torch", "layer": "MultiheadAttention", "arguments": [4, 2], "input": [[2, 3, 4]] * 3},
            {"name": "keras", "layer": "MultiHeadAttention", "arguments": [2, 2], "input": [[2, 3, 4]] * 2},
            "it is not known how|its weights are|no weights of",
        ),
    ],
)
def test_what_cannot_be_held_against_each_other_is_undecided(torch, keras, one, other, says):
    import re

    from a4eval.checks.layers.cases import cases
    from a4eval.checks.layers.counterpart import counterpart

    made = task(one, other)
    finding = counterpart(next(cases(made.layer, np.random.default_rng(0), 0)), made.reference)
    assert finding.verdict == "undecided"
    assert re.search(says, finding.meaning), finding.meaning


def test_a_reference_is_part_of_the_task(check, torch):
    outcome, rows = check(
        {"name": "torch", "layer": "Linear", "arguments": [3, 4], "input": [2, 3]},
        reference={"name": "torch", "layer": "functional.linear", "input": [[2, 3], [4, 3]]},
    )
    assert outcome == "undecided"
    assert rows["reference"]["verdict"] == "undecided"
