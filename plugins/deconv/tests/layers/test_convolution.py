"""The layers of convolution and its transpose: parameters, errors, torch."""

import numpy as np
import pytest
from a4eval_deconv.layers.convolution import ConvTranspose

from a4eval import ConfigError, Run, build


def test_a_weight_beyond_the_memory_is_refused():
    layer = ConvTranspose(kernel_size=100_000)
    with pytest.raises(ValueError, match=r"a weight of shape \(2, 2, 100000, 100000\) would take .* GiB"):
        layer.init(np.random.default_rng(0))


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
        ({"dimensions": 0}, r"dimensions: got 0, expected at least 1 and at most 3"),
        ({"groups": 3}, r"got 3, expected one of 1, 2$"),
        ({"in_channels": 0}, r"layer.in_channels: got 0, expected at least 1"),
        ({"kernel_size": 3, "stride": 2, "initialisation": "icnr"}, r"nearest that works: kernel"),
        ({"algorithm": "subpixl"}, r"layer\.algorithm: got 'subpixl'.*did you mean 'subpixel'"),
        ({"padding": [1, [1, 2], 3]}, r"padding has 3 entries, expected 1 or 2"),
    ],
)
def test_a_wrong_layer_is_one_clear_error(node, text):
    with pytest.raises(ConfigError, match=text):
        build("layer", {"name": "conv_transpose", **node})


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
