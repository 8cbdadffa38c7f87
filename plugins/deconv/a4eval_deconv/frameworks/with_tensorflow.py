"""Transposed convolution in TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import require

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    Gradients: TypeAlias = Callable[[NDArray[Any]], tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]


def run(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any],
    stride: Sequence[int],
    dilation: Sequence[int],
    arguments: Sequence[dict[str, Any]],
) -> tuple[NDArray[Any], Gradients]:
    """Run it; ``arguments`` holds ``padding`` (``SAME``, ``VALID`` or a pair) and ``output_shape``.

    One dimension is run as two, of which one has size 1: TensorFlow does so itself.

    Raises:
        ValueError: dilation, explicit padding in three dimensions, or two kinds of padding.
    """
    tf = require("tensorflow", "a4eval-deconv[tensorflow]")
    dims = len(stride)
    if any(d > 1 for d in dilation):
        raise ValueError("TensorFlow's transposed convolutions take no dilation on the CPU")
    paddings = [one["padding"] for one in arguments]
    output = [one["output_shape"] for one in arguments]
    padding: Any = paddings[0]
    if not isinstance(padding, str):
        padding = [(0, 0), *paddings, *([(0, 0)] if dims == 1 else []), (0, 0)]
    if isinstance(paddings[0], str) and len(set(paddings)) > 1:
        raise ValueError("TensorFlow takes one padding for all axes")
    if dims == 3 and not isinstance(padding, str):
        raise ValueError("TensorFlow takes no explicit padding in three dimensions")
    function = tf.nn.conv3d_transpose if dims == 3 else tf.nn.conv2d_transpose
    steps = [*stride, 1] if dims == 1 else list(stride)
    target = [x.shape[0], *output, *([1] if dims == 1 else []), weight.shape[1]]
    inputs, filters, offset = tf.constant(_last(x, dims)), tf.constant(_filters(weight, dims)), tf.constant(bias)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([inputs, filters, offset])
        y = tf.nn.bias_add(function(inputs, filters, target, steps, padding=padding), offset)

    def gradients(dy: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        leaves = [inputs, filters, offset]
        dx, dweight, dbias = tape.gradient(y, leaves, output_gradients=tf.constant(_last(dy, dims)))
        shifted = np.moveaxis(dweight.numpy(), (-1, -2), (0, 1))
        return _first(dx.numpy(), dims), shifted[..., 0] if dims == 1 else shifted, dbias.numpy()

    return _first(y.numpy(), dims), gradients


def _last(array: NDArray[Any], dims: int) -> NDArray[Any]:
    """Put the channels last, and add an axis of size 1 to a single one."""
    moved = np.moveaxis(array, 1, -1)
    return np.expand_dims(moved, 2) if dims == 1 else moved


def _first(array: NDArray[Any], dims: int) -> NDArray[Any]:
    return np.moveaxis(np.squeeze(array, 2) if dims == 1 else array, -1, 1)


def _filters(weight: NDArray[Any], dims: int) -> NDArray[Any]:
    """Return the weight as (*kernel_size, out_channels, in_channels)."""
    moved = np.moveaxis(weight, (0, 1), (-1, -2))
    return np.expand_dims(moved, 1) if dims == 1 else moved
