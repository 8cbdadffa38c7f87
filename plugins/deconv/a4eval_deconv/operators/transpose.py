"""Transposed convolution in 1, 2 and 3 dimensions: forward and all gradients, as plain functions on arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.algorithms.choice import FORWARD, GRADIENTS, Choice, choose, choose_gradients, named
from a4eval_deconv.algorithms.chunks import workspace
from a4eval_deconv.geometry import check_memory, frozen, transposed_geometry
from a4eval_deconv.operands import as_gradient, as_operands, check_bias, check_groups, check_sums

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from a4eval_deconv.algorithms.choice import ForwardName, GradientsName
    from a4eval_deconv.geometry import Padding, PerAxis


def conv_transpose(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    algorithm: ForwardName = "auto",
) -> NDArray[Any]:
    """Return the transposed convolution of *x* with *weight*, as ``torch.nn.functional.conv_transpose2d`` defines it.

    Besides input and output it needs at most 2 · output + input of workspace (or 64 KiB), and, with the algorithm
    ``subpixel``, two rearranged copies of the weight, filled up to a multiple of the stride.

    Args:
        x: (n, in_channels, *size), one to three spatial axes, any integer, float or complex dtype.
        weight: (in_channels, out_channels / groups, *kernel_size).
        bias: (out_channels,), or None.
        stride: distance between the outputs of neighbouring inputs, for all axes or one per axis.
        padding: cut off the full output: one number, one per axis, or a pair (before, after) for an axis.
        output_padding: kept at the end of what the padding cuts off, or zeros; smaller than stride or dilation.
        dilation: distance between the taps.
        groups: channels are split into so many independent groups.
        algorithm: ``auto`` picks by data volume, see :func:`conv_transpose_algorithm`; a name forces one.

    Returns:
        (n, out_channels, *output size), in the common dtype of input and weight; whole numbers of any width give
        int64, so that nothing wraps.  NaN and infinity reach what their taps reach, and with any algorithm but
        ``column_to_image`` more: zeros are multiplied by them.

    Raises:
        ValueError: shapes, dtypes or configuration that do not fit, a result larger than the machine's memory, or
            whole numbers whose sums could leave int64.

    >>> import numpy as np
    >>> conv_transpose(np.array([[[1.0, 10.0]]]), np.array([[[1.0, 2.0, 3.0]]]), stride=2)
    array([[[ 1.,  2., 13., 20., 30.]]])
    """
    x, weight, kind = as_operands(x, weight)
    geometry = transposed_geometry(x.shape[2:], weight.shape[2:], stride, padding, output_padding, dilation)
    check_groups(x.shape[1], weight.shape[0], groups, "the weight's first axis")
    n, c, per_group = x.shape[0], weight.shape[0], weight.shape[1]
    split = (groups, c // groups, per_group, *geometry.kernel)
    outputs = math.prod(geometry.output)
    check_memory(n * groups * per_group * outputs + x.size, x.itemsize, f"an output of size {geometry.output}")
    if kind.kind == "i":
        check_sums(x, weight, c // groups * geometry.taps, "an output")
    out = np.empty((n, groups, per_group, *geometry.output), x.dtype)
    budget = workspace(out.size, x.size)
    picked = choose(geometry, n, split, budget).algorithm if algorithm == "auto" else algorithm
    inputs = x.reshape(n, groups, c // groups, *geometry.size)
    named(FORWARD, picked).compute(geometry, inputs, weight.reshape(split), out, budget)
    y = out.reshape(n, groups * per_group, *geometry.output)
    if bias is not None:
        offset = check_bias(bias, groups * per_group, kind)
        y = np.add(y, offset.reshape(-1, *(1,) * len(geometry.size)), out=y if offset.dtype == y.dtype else None)
    return y if y.dtype == kind else y.astype(kind)


def conv_transpose_algorithm(
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Choice:
    """Say which algorithm ``algorithm="auto"`` takes for these shapes, with the estimated seconds of each.

    Args:
        x_shape: (n, in_channels, *size).
        weight_shape: (in_channels, out_channels / groups, *kernel_size).
        stride: as in :func:`conv_transpose`.
        padding: likewise.
        output_padding: likewise.
        dilation: likewise.
        groups: likewise.

    Raises:
        ValueError: the configuration is impossible.

    >>> conv_transpose_algorithm((1, 1, 3, 3), (1, 1, 7, 7)).algorithm
    'cached_matrix'
    """
    geometry = transposed_geometry(x_shape[2:], weight_shape[2:], stride, padding, output_padding, dilation)
    check_groups(x_shape[1], weight_shape[0], groups, "the weight's first axis")
    split = (groups, weight_shape[0] // groups, weight_shape[1], *geometry.kernel)
    outputs = x_shape[0] * groups * weight_shape[1] * math.prod(geometry.output)
    return choose(geometry, x_shape[0], split, workspace(outputs, math.prod(x_shape)))


def conv_transpose_gradients(
    dy: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    algorithm: GradientsName = "auto",
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the gradients of a scalar with respect to input, weight and bias of :func:`conv_transpose`.

    For complex arrays the derivative is the plain (holomorphic) one, without conjugation.

    Args:
        dy: (n, out_channels, *output size), the gradient with respect to the output.
        x: as given to :func:`conv_transpose`.
        weight: likewise.
        stride: likewise.
        padding: likewise.
        output_padding: likewise.
        dilation: likewise.
        groups: likewise.
        algorithm: ``auto`` picks by data volume; a name forces one.

    Returns:
        dx, dweight and dbias, in the shapes of x, weight and bias.

    Raises:
        ValueError: shapes or configuration that do not fit.

    >>> import numpy as np
    >>> x, weight = np.array([[[1.0, 10.0]]]), np.ones((1, 1, 3))
    >>> dx, dweight, dbias = conv_transpose_gradients(np.ones((1, 1, 5)), x, weight, stride=2)
    >>> dx.ravel(), dweight.ravel(), dbias
    (array([3., 3.]), array([11., 11., 11.]), array([5.]))
    """
    x, weight, kind = as_operands(x, weight)
    geometry = transposed_geometry(
        x.shape[2:], weight.shape[2:], frozen(stride), frozen(padding), frozen(output_padding), frozen(dilation)
    )
    check_groups(x.shape[1], weight.shape[0], groups, "the weight's first axis")
    n, c, per_group = x.shape[0], weight.shape[0], weight.shape[1]
    dy = as_gradient(dy, x.dtype, (n, groups * per_group, *geometry.output), "dy")
    if kind.kind == "i":
        check_sums(dy, weight, per_group * geometry.taps, "dx")
        check_sums(dy, x, n * geometry.pixels, "dweight")
    dx, dweight = np.empty_like(x), np.empty_like(weight)
    split = (groups, c // groups, per_group, *geometry.kernel)
    budget = workspace(dy.size, x.size)
    picked = choose_gradients(geometry, n, split, budget).algorithm if algorithm == "auto" else algorithm
    named(GRADIENTS, picked).compute(
        geometry,
        dy.reshape(n, groups, per_group, *geometry.output),
        x.reshape(n, groups, c // groups, *geometry.size),
        weight.reshape(split),
        dx.reshape(n, groups, c // groups, *geometry.size),
        dweight.reshape(split),
        budget,
    )
    dbias = dy.reshape(*dy.shape[:2], math.prod(dy.shape[2:])).sum(axis=2).sum(axis=0)
    return dx.astype(kind, copy=False), dweight.astype(kind, copy=False), dbias.astype(kind, copy=False)
