"""The layers as components: what check_layer and a training loop rely on."""

import numpy as np
import pytest
from a4eval_deconv.plugin import a4eval_components

from a4eval import Layer, build
from a4eval.testing import Check, layer_checks

LAYERS = [component.name for component in a4eval_components() if component.kind == "layer"]


@layer_checks(*LAYERS)
def test_layers(check: Check) -> None:
    check()


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_keeps_the_contract(name):
    layer = build("layer", name)
    assert isinstance(layer, Layer)
    params, x = layer.init(np.random.default_rng(1)), layer.example(np.random.default_rng(2))
    assert x.dtype == np.float64
    y, tape = layer.forward(params, x)
    assert set(layer.backward(params, tape, np.ones_like(y))[0]) == set(params)
