"""Convolution (the frameworks' cross-correlation), of which the transposed convolution is the adjoint."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.algorithms.choice import choose
from a4eval_deconv.algorithms.chunks import workspace
from a4eval_deconv.algorithms.column_to_image import column_to_image
from a4eval_deconv.algorithms.gather import input_gradient, weight_gradient
from a4eval_deconv.algorithms.subpixel import subpixel
from a4eval_deconv.geometry import check_memory, conv_geometry, frozen
from a4eval_deconv.operands import as_gradient, as_operands, check_bias, check_divides, check_groups, check_sums

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from a4eval_deconv.geometry import Geometry, Padding, PerAxis


def conv(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> NDArray[Any]:
    """Return the convolution of *x* with *weight*, as ``torch.nn.functional.conv2d`` defines it.

    It is the adjoint of :func:`a4eval_deconv.conv_transpose` with the same weight array:
    ``⟨conv(x), y⟩ = ⟨x, conv_transpose(y)⟩``.

    Args:
        x: (n, in_channels, *size), one to three spatial axes.
        weight: (out_channels, in_channels / groups, *kernel_size).
        bias: (out_channels,), or None.
        stride: distance between neighbouring windows, for all axes or one per axis.
        padding: zeros around the input: one number, one per axis, or a pair (before, after) for an axis.
        dilation: distance between the taps.
        groups: channels are split into so many independent groups.

    Returns:
        (n, out_channels, *output size), in the common dtype of input and weight; whole numbers of any width give
        int64, so that nothing wraps.

    Raises:
        ValueError: shapes or configuration that do not fit, or whole numbers whose sums could leave int64.

    >>> import numpy as np
    >>> conv(np.array([[[1.0, 2.0, 3.0]]]), np.array([[[1.0, 10.0]]]))
    array([[[21., 32.]]])
    """
    x, weight, kind = as_operands(x, weight)
    geometry = conv_geometry(x.shape[2:], weight.shape[2:], frozen(stride), frozen(padding), frozen(dilation))
    split = _split(x.shape, weight.shape, groups)
    n, outputs = x.shape[0], weight.shape[0]
    check_memory(n * outputs * math.prod(geometry.size) + x.size, x.itemsize, f"an output of size {geometry.size}")
    if kind.kind == "i":
        check_sums(x, weight, split[2] * geometry.taps, "an output")
    y = np.empty((n, groups, split[1], *geometry.size), x.dtype)
    budget = workspace(y.size, x.size)
    input_gradient(geometry, x.reshape(n, groups, split[2], *geometry.output), weight.reshape(split), y, budget)
    y = y.reshape(n, outputs, *geometry.size)
    if bias is not None:
        y = y + check_bias(bias, outputs, kind).reshape(-1, *(1,) * len(geometry.size))
    return y if y.dtype == kind else y.astype(kind)


def conv_gradients(
    dy: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the gradients of a scalar with respect to input, weight and bias of :func:`conv`.

    Args:
        dy: (n, out_channels, *output size), the gradient with respect to the output.
        x: as given to :func:`conv`.
        weight: likewise.
        stride: likewise.
        padding: likewise.
        dilation: likewise.
        groups: likewise.

    Returns:
        dx, dweight and dbias, in the shapes of x, weight and bias.

    Raises:
        ValueError: shapes or configuration that do not fit.

    >>> import numpy as np
    >>> x, weight = np.array([[[1.0, 2.0, 3.0]]]), np.array([[[1.0, 10.0]]])
    >>> dx, dweight, dbias = conv_gradients(np.ones((1, 1, 2)), x, weight)
    >>> dx.ravel(), dweight.ravel(), dbias
    (array([ 1., 11., 10.]), array([3., 5.]), array([2.]))
    """
    x, weight, kind = as_operands(x, weight)
    geometry = conv_geometry(x.shape[2:], weight.shape[2:], frozen(stride), frozen(padding), frozen(dilation))
    split = _split(x.shape, weight.shape, groups)
    n, outputs = x.shape[0], weight.shape[0]
    dy = as_gradient(dy, x.dtype, (n, outputs, *geometry.size), "dy")
    if kind.kind == "i":
        check_sums(dy, weight, split[1] * geometry.taps, "dx")
        check_sums(dy, x, n * geometry.pixels, "dweight")
    dx, dweight = np.empty_like(x), np.empty_like(weight)
    larger = x.reshape(n, groups, split[2], *geometry.output)
    smaller = dy.reshape(n, groups, split[1], *geometry.size)
    budget = workspace(x.size, dy.size)
    forward = subpixel if choose(geometry, n, split, budget).algorithm == "subpixel" else column_to_image
    forward(geometry, smaller, weight.reshape(split), dx.reshape(larger.shape), budget)
    weight_gradient(geometry, larger, smaller, dweight.reshape(split), budget)
    dbias = dy.reshape(*dy.shape[:2], math.prod(dy.shape[2:])).sum(axis=2).sum(axis=0)
    return dx.astype(kind, copy=False), dweight.astype(kind, copy=False), dbias.astype(kind, copy=False)


def conv_input_gradient(geometry: Geometry, dy: NDArray[Any], weight: NDArray[Any], groups: int) -> NDArray[Any]:
    """Return the adjoint of a transposed convolution applied to one flattened output *dy*.

    Args:
        geometry: of the transposed convolution.
        dy: (out_channels · Π output,).
        weight: (in_channels, out_channels / groups, *kernel_size).
        groups: independent groups of channels.

    Returns:
        (1, in_channels, *size).
    """
    c, o = weight.shape[:2]
    dx = np.empty((1, groups, c // groups, *geometry.size), dy.dtype)
    filters = weight.reshape(groups, c // groups, o, *geometry.kernel)
    budget = workspace(dy.size, dx.size)
    input_gradient(geometry, dy.reshape(1, groups, o, *geometry.output), filters, dx, budget)
    return dx.reshape(1, c, *geometry.size)


def _split(x_shape: tuple[int, ...], weight_shape: tuple[int, ...], groups: int) -> tuple[int, ...]:
    """Return the weight's shape with its groups apart: (groups, outputs, inputs, *kernel)."""
    outputs, per_group = weight_shape[:2]
    check_groups(x_shape[1], per_group * groups, groups, f"the weight, with {groups} groups,")
    check_divides(groups, outputs, "output channels")
    return (groups, outputs // groups, per_group, *weight_shape[2:])
