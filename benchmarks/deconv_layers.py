"""Upsampling layers at equal cost, by name from the registry: any plugin's layer can be added on the command line.

    python benchmarks/deconv_layers.py [LAYER …] [--write]

LAYER is a layer's name, or JSON such as '{"name": "resize_conv", "method": "linear"}'.
"""

from __future__ import annotations

import one_thread  # noqa: F401  (before anything that computes)

# isort: split
import json
import sys
from typing import Any

import numpy as np
from harness import environment, interleave, publish, table

from a4eval import build

_SIZE = {"in_channels": 32, "out_channels": 32}
LAYERS: dict[str, dict[str, Any]] = {
    "transposed, k4 s2": {"name": "conv_transpose", "kernel_size": 4, "stride": 2, "padding": 1, **_SIZE},
    "nearest + conv, k2": {"name": "resize_conv", "kernel_size": 2, **_SIZE},
    "linear + conv, k2": {"name": "resize_conv", "kernel_size": 2, "method": "linear", **_SIZE},
    "pixel shuffle, k2": {"name": "pixel_shuffle", "kernel_size": 2, **_SIZE},
    "unpool + conv, k2": {"name": "unpool_conv", "kernel_size": 2, **_SIZE},
}


def row(label: str, node: Any) -> list[Any]:
    """Return label, milliseconds forward and backward, and products per output where the layer says them."""
    layer = build("layer", node)
    rng = np.random.default_rng(0)
    example = layer.example(rng)
    shape = (4, example.shape[1], *(48,) * (example.ndim - 2))
    x = rng.standard_normal(shape, dtype=np.float32)
    params = {name: array.astype(np.float32) for name, array in layer.init(rng).items()}
    y, tape = layer.forward(params, x)
    dy = np.ones_like(y)
    seconds = interleave(
        {"forward": lambda: layer.forward(params, x), "backward": lambda: layer.backward(params, tape, dy)}
    )
    cost = getattr(layer, "multiply_adds_per_output", None)
    return [label, 1e3 * seconds["forward"], 1e3 * seconds["backward"], "" if cost is None else float(cost)]


def main() -> None:
    nodes = dict(LAYERS)
    for argument in sys.argv[1:]:
        if not argument.startswith("--"):
            nodes[argument] = json.loads(argument) if argument.startswith("{") else argument
    rows = [row(label, node) for label, node in nodes.items()]
    text = f"""## deconv: what people use instead

{environment("numpy")}; 4×32×48×48 to twice the size, float32, one thread, medians.

{table(["layer", "forward, ms", "backward, ms", "products per output"], rows)}
"""
    publish("deconv_layers", text)


if __name__ == "__main__":
    main()
