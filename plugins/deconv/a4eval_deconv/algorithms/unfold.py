"""Copies of shifted windows side by side, the operand of one large matrix product.

In the *flat* layout a window is a contiguous run of the padded map, wrapped rows and all: a few wasted columns in the
product (they are cropped afterwards) for copies by long runs instead of row by row.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from a4eval_deconv.products import inner

if TYPE_CHECKING:
    from numpy.typing import NDArray


def flat_length(size: tuple[int, ...], padded: tuple[int, ...]) -> int:
    """Return the length of the run that holds a window of *size* in a map of size *padded*.

    >>> flat_length((2, 3), (4, 5))
    8
    """
    strides = [math.prod(padded[axis + 1 :]) for axis in range(len(padded))]
    return sum((n - 1) * stride for n, stride in zip(size, strides, strict=True)) + 1


def worth_flat(size: tuple[int, ...], padded: tuple[int, ...]) -> bool:
    """Decide whether the flat layout pays: its waste must stay below an eighth."""
    return flat_length(size, padded) * 8 <= math.prod(size) * 9


def unfold(
    padded: NDArray[Any],
    taps: tuple[int, ...],
    spacing: tuple[int, ...],
    size: tuple[int, ...],
    *,
    flat: bool,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Return the windows at taps 0, spacing, 2·spacing … of each axis.

    Args:
        padded: (n, g, c, *padded size), C-contiguous.
        taps: windows per axis.
        spacing: distance between neighbouring windows.
        size: of a window.
        flat: keep each window as one run of the map.
        out: to write into, from an earlier call of the same shape.

    Returns:
        (n, g, c · Π taps, columns); columns are Π size, or :func:`flat_length`.
    """
    n, g, c = padded.shape[:3]
    spatial = padded.strides[3:]
    steps = tuple(stride * space for stride, space in zip(spatial, spacing, strict=True))
    window = (flat_length(size, padded.shape[3:]),) if flat else size
    if math.prod(taps) == 1 and window == padded.shape[3:]:
        return padded.reshape(n, g, c, math.prod(window))  # one window, the whole map: nothing to copy
    window_strides = (padded.itemsize,) if flat else spatial
    view = as_strided(padded, (n, g, c, *taps, *window), (*padded.strides[:3], *steps, *window_strides))
    columns = np.empty((n, g, c * math.prod(taps), math.prod(window)), padded.dtype) if out is None else out
    np.copyto(columns.reshape(view.shape), view)
    return columns


def fold_back(columns: NDArray[Any], size: tuple[int, ...], padded: tuple[int, ...], *, flat: bool) -> NDArray[Any]:
    """Return the columns of :func:`unfold` as maps: a view of shape (…, *size)."""
    if not flat:
        return columns.reshape(*columns.shape[:-1], *size)
    strides = tuple(math.prod(padded[axis + 1 :]) * columns.itemsize for axis in range(len(padded)))
    return as_strided(columns, (*columns.shape[:-1], *size), (*columns.strides[:-1], *strides))


def overlap(
    low: tuple[int, ...], shape: tuple[int, ...], available: tuple[int, ...]
) -> tuple[tuple[int | slice, ...], tuple[int | slice, ...]]:
    """Return the part of the input inside positions low … low + shape − 1, and its place there."""
    source, target = [], []
    for start, length, n in zip(low, shape, available, strict=True):
        begin, end = max(0, start), max(0, start, min(n, start + length))
        source.append(slice(begin, end))
        target.append(slice(begin - start, end - start))
    return inner(3, source), inner(3, target)
