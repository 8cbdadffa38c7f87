"""Receptive fields against brute force."""

from fractions import Fraction

import numpy as np
import pytest
from a4eval_deconv import (
    conv,
    conv_transpose,
    receptive_field,
)


def influence(layers, size):
    """Return, by brute force, which inputs each output of a stack hears: (outputs, inputs) bool."""
    x = np.eye(size)[:, None, :]
    for layer in layers:
        options = {key: value for key, value in layer.items() if key not in ("kind", "kernel_size")}
        weight = np.ones((1, 1, layer["kernel_size"]))
        x = conv(x, weight, **options) if layer["kind"] == "conv" else conv_transpose(x, weight, **options)
    return x[:, 0].T > 0


@pytest.mark.parametrize(
    "layers",
    [
        [{"kind": "conv", "kernel_size": 3, "stride": 2, "padding": 1}],
        [{"kind": "conv_transpose", "kernel_size": 4, "stride": 2, "padding": 1}],
        [{"kind": "conv_transpose", "kernel_size": 5, "stride": 3, "padding": 2, "output_padding": 1}],
        [{"kind": "conv", "kernel_size": 3, "dilation": 2}, {"kind": "conv", "kernel_size": 4, "stride": 2}],
        [
            {"kind": "conv", "kernel_size": 3, "stride": 2, "padding": 1},
            {"kind": "conv_transpose", "kernel_size": 4, "stride": 2, "padding": 1},
            {"kind": "conv", "kernel_size": 3, "padding": 1},
        ],
    ],
)
def test_receptive_field_against_brute_force(layers):
    size = 24
    last = receptive_field(size, layers)[-1]
    heard = influence(layers, size)
    assert last.size == len(heard)
    middle = range(len(heard) // 3, 2 * len(heard) // 3)
    spans = [(np.flatnonzero(heard[o]).min(), np.flatnonzero(heard[o]).max()) for o in middle]
    assert last.field == max(high - low + 1 for low, high in spans) or layers[-1]["kind"] == "conv"
    assert last.field >= max(high - low + 1 for low, high in spans)
    # an output's centre is, on average over the phases, the middle of what it hears
    centres = [
        Fraction(int(low + high), 2) - (last.centre + o * last.step)
        for o, (low, high) in zip(middle, spans, strict=True)
    ]
    assert all(abs(error) <= 1 for error in centres)
    if all(layer["kind"] == "conv" for layer in layers):
        assert set(centres) == {0}
