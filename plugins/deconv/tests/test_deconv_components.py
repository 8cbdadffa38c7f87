"""The layers as components: what check_layer and a training loop rely on."""

import sys
from subprocess import run as execute

import a4eval_deconv
import numpy as np
import pytest
from a4eval_deconv.plugin import a4eval_components

from a4eval import ConfigError, Layer, Run, build

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


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("options", [{"stride": 2, "padding": 1, "output_padding": 1}, {"groups": 2, "bias": False}])
def test_conv_transpose_in_every_dimension(dimensions, options):
    layer = build("layer", {"name": "conv_transpose", "dimensions": dimensions, **options})
    params = layer.init(np.random.default_rng(0))
    assert ("bias" in params) == options.get("bias", True)
    y, _ = layer.forward(params, layer.example(np.random.default_rng(0)))
    assert y.ndim == 2 + dimensions


def test_icnr_keeps_a_constant_constant():
    layer = build(
        "layer", {"name": "conv_transpose", "kernel_size": 4, "stride": 2, "padding": 1, "initialisation": "icnr"}
    )
    y, _ = layer.forward(layer.init(np.random.default_rng(0)), np.ones((1, 2, 8, 8)))
    interior = y[:, :, 4:-4, 4:-4]
    np.testing.assert_allclose(interior, interior[:, :, :1, :1] * np.ones_like(interior), rtol=1e-12)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        ({"stride": 2, "output_padding": 2}, r"layer: output_padding 2 must be smaller"),
        ({"dimensions": 0}, r"dimensions must be 1, 2 or 3, got 0"),
        ({"groups": 3}, r"got 3, expected one of 1, 2$"),
        ({"in_channels": 0}, r"must be at least 1, got"),
        ({"kernel_size": 3, "stride": 2, "initialisation": "icnr"}, r"nearest that works: kernel"),
        ({"algorithm": "subpixl"}, r"layer\.algorithm: got 'subpixl'.*did you mean 'subpixel'"),
        ({"padding": [1, [1, 2], 3]}, r"padding has 3 entries, expected 1 or 2"),
    ],
)
def test_a_wrong_layer_is_one_clear_error(node, text):
    with pytest.raises(ConfigError, match=text):
        build("layer", {"name": "conv_transpose", **node})


def test_every_export_exists_and_is_documented():
    assert set(a4eval_deconv.__all__) <= set(dir(a4eval_deconv))
    for name in a4eval_deconv.__all__:
        assert getattr(a4eval_deconv, name).__doc__
    with pytest.raises(AttributeError, match="attribute nothing"):
        a4eval_deconv.nothing  # noqa: B018  (the access is the test)


def test_listing_the_plugin_imports_neither_numpy_nor_hydra():
    code = "import sys, a4eval_deconv.plugin as p; p.a4eval_components(); print({'numpy', 'hydra'} & set(sys.modules))"
    done = execute([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("node", [
    {"name": "conv_transpose", "stride": 2, "padding": 1, "output_padding": 1},
    {"name": "conv_transpose", "stride": 2, "padding": [[0, 1], [2, 0]]},
    {"name": "conv", "padding": [[0, 1], 2], "dimensions": 2, "groups": 2},
])  # fmt: skip
@pytest.mark.usefixtures("torch")
def test_check_layer_agrees_with_torch(node, tmp_path):
    task = build("task", {"name": "check_layer", "layer": node, "reference": "torch"})
    metrics = task.run(Run(directory=tmp_path)).metrics
    assert metrics["failed_checks"].value == 0
    assert metrics["reference_error"].value <= 1e-12


@pytest.mark.parametrize("name", LAYERS)
def test_check_layer_finds_nothing_wrong(name, tmp_path):
    metrics = build("task", {"name": "check_layer", "layer": name}).run(Run(directory=tmp_path)).metrics
    assert metrics["failed_checks"].value == 0
