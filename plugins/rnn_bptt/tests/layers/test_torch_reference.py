"""The layer check against torch's own modules."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import build


def test_check_layer_passes(run, layer):
    task = build("task", {"name": "check_layer", "layer": "rnn"})
    task.layer = layer
    result = task.run(run)
    assert result.metrics["failed_checks"].value == 0, result.tables["checks"]


@pytest.mark.parametrize("name", ["rnn", "identity_rnn", "lstm", "gru"])
def test_check_layer_against_torch(torch, run, name):
    result = build("task", {"name": "check_layer", "layer": name, "reference": "torch"}).run(run)
    assert result.metrics["reference_error"].value < 1e-12
    assert result.metrics["failed_checks"].value == 0


@pytest.mark.parametrize(
    ("layer", "framework", "message"),
    [
        ({"name": "rnn", "activation": "linear"}, "torch", "without an activation"),
        ({"name": "lstm", "coupled": True}, "torch", "coupled gates"),
        ({"name": "gru", "reset_after": False}, "torch", "resets before"),
        ({"name": "gru"}, "keras", "got reference 'keras', expected torch"),
    ],
)
def test_what_torch_does_not_have(layer, framework, message):
    with pytest.raises(ValueError, match=message):
        build("layer", layer).reference(framework, {}, np.zeros((1, 1, 1)), np.zeros((1, 1, 1)))
