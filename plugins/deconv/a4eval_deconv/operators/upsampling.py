"""What people use instead of a transposed convolution: resizing, pixel shuffle and unpooling, each with its adjoint."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from a4eval_deconv.products import inner

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Method: TypeAlias = Literal["nearest", "linear"]


def resize(x: ArrayLike, scale: int, *, method: Method = "nearest") -> NDArray[Any]:
    """Return *x* enlarged by a whole factor along each spatial axis.

    The centres of the corner pixels' areas are aligned, as in ``torch.nn.functional.interpolate(align_corners=False)``.

    Args:
        x: (n, channels, *size).
        scale: the factor.
        method: ``nearest`` or ``linear`` (bilinear in two dimensions, trilinear in three).

    Returns:
        (n, channels, *size · scale).

    Raises:
        ValueError: unknown method, or a scale below 1.

    >>> import numpy as np
    >>> resize(np.array([[[0.0, 4.0]]]), 2, method="linear")
    array([[[0., 1., 3., 4.]]])
    """
    x = _checked(x, scale)
    for axis in reversed(range(2, x.ndim)):  # the last axis first, while there is least to copy
        if method == "nearest":
            x = np.repeat(x, scale, axis=axis)
            continue
        x = _along(x, axis, _weights(x.shape[axis], scale, method))
    return x


def resize_gradient(dy: ArrayLike, scale: int, *, method: Method = "nearest") -> NDArray[Any]:
    """Return the gradient with respect to the input of :func:`resize`: its adjoint.

    Args:
        dy: (n, channels, *size · scale).
        scale: the factor.
        method: as given to :func:`resize`.

    Raises:
        ValueError: the scale does not divide the size, or see :func:`resize`.

    >>> import numpy as np
    >>> resize_gradient(np.ones((1, 1, 4)), 2)
    array([[[2., 2.]]])
    """
    values = _checked(dy, scale)
    for axis in range(2, values.ndim):
        if values.shape[axis] % scale:
            raise ValueError(f"the scale {scale} does not divide the size {values.shape[axis]}")
        if method == "nearest":
            values = values.reshape(
                *values.shape[:axis], values.shape[axis] // scale, scale, *values.shape[axis + 1 :]
            ).sum(axis=axis + 1)
            continue
        values = _along(values, axis, _weights(values.shape[axis] // scale, scale, method).T)
    return values


def pixel_shuffle(x: ArrayLike, scale: int) -> NDArray[Any]:
    """Return *x* with groups of scale² channels (scaleᵈ in d dimensions) laid out as blocks of pixels.

    ``torch.nn.functional.pixel_shuffle`` in 1, 2 and 3 dimensions (Shi et al., arXiv 1609.05158).

    Args:
        x: (n, channels · scaleᵈ, *size).
        scale: the factor.

    Returns:
        (n, channels, *size · scale).

    Raises:
        ValueError: the channels do not divide.

    >>> import numpy as np
    >>> pixel_shuffle(np.array([[[1, 2], [10, 20]]]), 2)
    array([[[ 1, 10,  2, 20]]])
    """
    x = _checked(x, scale)
    n, channels, *size = x.shape
    dims = len(size)
    if channels % scale**dims:
        raise ValueError(f"{channels} channels cannot be laid out as blocks of {scale**dims}: it does not divide them")
    split = x.reshape(n, channels // scale**dims, *(scale,) * dims, *size)
    order = (0, 1, *(part for axis in range(dims) for part in (2 + dims + axis, 2 + axis)))
    return split.transpose(order).reshape(n, channels // scale**dims, *(length * scale for length in size))


def pixel_unshuffle(x: ArrayLike, scale: int) -> NDArray[Any]:
    """Return the inverse (and adjoint) of :func:`pixel_shuffle`.

    Args:
        x: (n, channels, *size · scale).
        scale: the factor.

    Raises:
        ValueError: the scale does not divide the size.

    >>> import numpy as np
    >>> pixel_unshuffle(np.array([[[1, 10, 2, 20]]]), 2)
    array([[[ 1,  2],
            [10, 20]]])
    """
    x = _checked(x, scale)
    n, channels, *size = x.shape
    dims = len(size)
    if any(length % scale for length in size):
        raise ValueError(f"the scale {scale} does not divide the size {tuple(size)}")
    split = x.reshape(n, channels, *(part for length in size for part in (length // scale, scale)))
    order = (0, 1, *(3 + 2 * axis for axis in range(dims)), *(2 + 2 * axis for axis in range(dims)))
    return split.transpose(order).reshape(n, channels * scale**dims, *(length // scale for length in size))


def max_pool(x: ArrayLike, scale: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the maxima of blocks, and where in the flattened map each was found, as :func:`unpool` needs it.

    Args:
        x: (n, channels, *size), the size a multiple of the scale.
        scale: the blocks' size along each axis.

    Returns:
        The maxima and their indices, both (n, channels, *size / scale); the first of equals, as in ``torch``.

    Raises:
        ValueError: the scale does not divide the size.

    >>> import numpy as np
    >>> max_pool(np.array([[[3, 1, 2, 5]]]), 2)
    (array([[[3, 5]]]), array([[[0, 3]]]))
    """
    x = _checked(x, scale)
    n, channels, *size = x.shape
    dims = len(size)
    places = np.arange(math.prod(size)).reshape(1, 1, *size)
    blocks = pixel_unshuffle(x, scale).reshape(n, channels, scale**dims, *(length // scale for length in size))
    where = blocks.argmax(axis=2)[:, :, None]
    index = pixel_unshuffle(places, scale).reshape(1, 1, *blocks.shape[2:])
    chosen = np.take_along_axis(np.broadcast_to(index, blocks.shape), where, axis=2)
    return np.take_along_axis(blocks, where, axis=2)[:, :, 0], chosen[:, :, 0]


def unpool(x: ArrayLike, indices: NDArray[np.int64], output_size: tuple[int, ...]) -> NDArray[Any]:
    """Return zeros with the values of *x* put back at the given places.

    Zeiler & Fergus 2014, arXiv 1311.2901; ``torch.nn.MaxUnpool2d``.

    Args:
        x: (n, channels, *size).
        indices: of the same shape, places in the flattened output map.
        output_size: spatial size of the output.

    Raises:
        ValueError: shapes that differ, or indices outside the output.

    >>> import numpy as np
    >>> unpool(np.array([[[3, 5]]]), np.array([[[0, 3]]]), (4,))
    array([[[3, 0, 0, 5]]])
    """
    x = np.asarray(x)
    if indices.shape != x.shape:
        raise ValueError(f"the indices have shape {indices.shape}, expected {x.shape} like the input")
    length = math.prod(output_size)
    if indices.size and not 0 <= indices.min() <= indices.max() < length:
        raise ValueError(f"an index lies outside the output, 0 … {length - 1}: {indices.min()} … {indices.max()}")
    y = np.zeros((*x.shape[:2], length), x.dtype)
    np.put_along_axis(y, indices.reshape(*x.shape[:2], -1), x.reshape(*x.shape[:2], -1), axis=2)
    return y.reshape(*x.shape[:2], *output_size)


def bed_of_nails(x: ArrayLike, scale: int) -> NDArray[Any]:
    """Return zeros with each value of *x* in the first corner of its block: unpooling without indices.

    Args:
        x: (n, channels, *size).
        scale: the blocks' size along each axis.

    >>> import numpy as np
    >>> bed_of_nails(np.array([[[3, 5]]]), 2)
    array([[[3, 0, 5, 0]]])
    """
    x = _checked(x, scale)
    y = np.zeros((*x.shape[:2], *(length * scale for length in x.shape[2:])), x.dtype)
    y[inner(2, (slice(None, None, scale),) * (x.ndim - 2))] = x
    return y


def _checked(x: ArrayLike, scale: int) -> NDArray[Any]:
    x = np.asarray(x)
    if not 3 <= x.ndim <= 5:
        raise ValueError(
            f"the input has shape {x.shape}, expected (batch, channels, *size) with 1, 2 or 3 spatial axes"
        )
    if scale < 1:
        raise ValueError(f"the scale must be at least 1, got {scale}")
    return x


def _along(x: NDArray[Any], axis: int, weights: NDArray[np.float64]) -> NDArray[Any]:
    """Multiply *weights*, (to, from), along one axis, in the dtype of *x*."""
    weights = weights.astype(x.dtype if x.dtype.kind in "fc" else np.float64)
    return np.ascontiguousarray(np.moveaxis(np.moveaxis(x, axis, -1) @ weights.T, -1, axis))


@lru_cache(maxsize=64)
def _weights(size: int, scale: int, method: Method) -> NDArray[np.float64]:
    """Return the matrix of linear interpolation, (size · scale, size)."""
    if method != "linear":
        raise ValueError(f"method must be 'nearest' or 'linear', got {method!r}")
    centre = np.clip((np.arange(size * scale) + 0.5) / scale - 0.5, 0, size - 1)
    left = np.minimum(np.floor(centre).astype(int), max(size - 2, 0))
    matrix = np.zeros((size * scale, size))
    rows, share = np.arange(size * scale), centre - left
    matrix[rows, left] = 1 - share
    matrix[rows, np.minimum(left + 1, size - 1)] += share
    return matrix
