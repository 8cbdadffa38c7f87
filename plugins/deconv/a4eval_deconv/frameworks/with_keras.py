"""Transposed convolution in Keras, on whichever of its backends is set or installed."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BACKENDS = ("torch", "jax", "tensorflow")


def run(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any],
    stride: Sequence[int],
    dilation: Sequence[int],
    arguments: Sequence[dict[str, Any]],
) -> tuple[NDArray[Any], None]:
    """Run it in float32; ``arguments`` holds ``padding`` (``same`` or ``valid``) and ``output_padding`` or None."""
    installed = [name for name in BACKENDS if find_spec(name)]
    if installed:
        os.environ.setdefault("KERAS_BACKEND", installed[0])  # else Keras asks for TensorFlow
    keras = require("keras", "a4eval-deconv[keras]")
    extra = [one["output_padding"] for one in arguments]
    y = keras.ops.conv_transpose(
        np.moveaxis(x, 1, -1).astype("float32"),
        np.moveaxis(weight, (0, 1), (-1, -2)).astype("float32"),
        strides=tuple(stride),
        padding=arguments[0]["padding"],
        output_padding=None if extra[0] is None else tuple(extra),
        data_format="channels_last",
        dilation_rate=tuple(dilation),
    )
    y = y + keras.ops.convert_to_tensor(bias.astype("float32"))
    plain = y.detach().cpu().numpy() if keras.backend.backend() == "torch" else keras.ops.convert_to_numpy(y)
    return np.moveaxis(plain, -1, 1), None
