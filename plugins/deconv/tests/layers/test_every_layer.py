"""The layers as components: what check_layer and a training loop rely on."""

import numpy as np
import pytest
from a4eval_deconv.plugin import a4eval_components

from a4eval import Layer, Run, build

LAYERS = [component.name for component in a4eval_components() if component.kind == "layer"]


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_keeps_the_contract(name):
    layer = build("layer", name)
    assert isinstance(layer, Layer)
    params, x = layer.init(np.random.default_rng(1)), layer.example(np.random.default_rng(2))
    assert x.dtype == np.float64
    y, tape = layer.forward(params, x)
    dy = np.random.default_rng(3).standard_normal(y.shape)
    dparams, dx = layer.backward(params, tape, dy)
    assert dx.shape == x.shape
    assert {key: value.shape for key, value in dparams.items()} == {key: value.shape for key, value in params.items()}
    # central differences along one random direction per array
    rng, step = np.random.default_rng(4), 1e-6
    for key in [*params, "x"]:
        direction = rng.standard_normal((x if key == "x" else params[key]).shape)

        def loss(sign, key=key, direction=direction):
            moved = {**params, key: params.get(key, 0) + sign * step * direction} if key != "x" else params
            return np.vdot(dy, layer.forward(moved, x + sign * step * direction if key == "x" else x)[0])

        numeric = (loss(1) - loss(-1)) / (2 * step)
        analytic = np.vdot(dx if key == "x" else dparams[key], direction)
        assert numeric == pytest.approx(analytic, rel=1e-6, abs=1e-7), key
    single = layer.forward({key: value.astype(np.float32) for key, value in params.items()}, x.astype(np.float32))[0]
    assert single.dtype == np.float32
    assert layer.forward(params, x[:0])[0].shape == (0, *y.shape[1:])
    np.testing.assert_array_equal(layer.forward(params, x)[0], y)


@pytest.mark.parametrize("name", LAYERS)
def test_complex_step_gives_the_gradient_where_the_layer_says_so(name):
    layer = build("layer", name)
    if not getattr(layer, "complex_step", False):
        pytest.skip(f"{name} does not take complex arrays")
    params, x = layer.init(np.random.default_rng(1)), layer.example(np.random.default_rng(2))
    y, tape = layer.forward(params, x)
    dy, direction = np.ones_like(y), np.random.default_rng(3).standard_normal(x.shape)
    _, dx = layer.backward(params, tape, dy)
    moved, _ = layer.forward(params, x + 1e-30j * direction)
    assert moved.imag.sum() / 1e-30 == pytest.approx(np.vdot(dx, direction), rel=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_check_layer_finds_nothing_wrong(name, tmp_path):
    metrics = build("task", {"name": "check_layer", "layer": name}).run(Run(directory=tmp_path)).metrics
    assert metrics["failed_checks"].value == 0
