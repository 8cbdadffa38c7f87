"""Gather: every window of the larger map side by side, then one matrix product.

It is the convolution, the adjoint of the transposed convolution, and so gives both gradients of the one and the other.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.algorithms.unfold import flat_length, fold_back, worth_flat
from a4eval_deconv.arrays import inner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from a4eval_deconv.geometry import Geometry


def input_gradient(geometry: Geometry, dy: NDArray[Any], weight: NDArray[Any], dx: NDArray[Any], budget: int) -> None:
    """Write into *dx*, (n, g, c, *size), the convolution of *dy* with *weight*."""
    g, c = weight.shape[:2]
    filters = weight.reshape(g, c, -1)
    for samples, rows, columns, layout in _columns(geometry, dy, budget):
        values = fold_back(np.matmul(filters, columns), layout.size, layout.padded, flat=layout.flat)
        dx[samples, :, :, rows] = values


def weight_gradient(geometry: Geometry, dy: NDArray[Any], x: NDArray[Any], dweight: NDArray[Any], budget: int) -> None:
    """Add to *dweight*, (g, c, o, *kernel), the gradient with respect to the weight."""
    flat_gradient = dweight.reshape(*dweight.shape[:2], -1)
    for samples, rows, columns, layout in _columns(geometry, dy, budget):
        _add_weight_gradient(flat_gradient, layout.columns_of(x[samples, :, :, rows]), columns)


def both_gradients(
    geometry: Geometry,
    dy: NDArray[Any],
    x: NDArray[Any],
    weight: NDArray[Any],
    dx: NDArray[Any],
    dweight: NDArray[Any],
    budget: int,
) -> None:
    """Do both from one gathering."""
    filters = weight.reshape(*weight.shape[:2], -1)
    flat_gradient = dweight.reshape(*dweight.shape[:2], -1)
    for samples, rows, columns, layout in _columns(geometry, dy, budget):
        values = fold_back(np.matmul(filters, columns), layout.size, layout.padded, flat=layout.flat)
        dx[samples, :, :, rows] = values
        _add_weight_gradient(flat_gradient, layout.columns_of(x[samples, :, :, rows]), columns)


def _add_weight_gradient(dweight: NDArray[Any], x: NDArray[Any], columns: NDArray[Any]) -> None:
    for one, windows in zip(x, columns, strict=True):
        dweight += np.matmul(one, windows.transpose(0, 2, 1))


class _Layout:
    """How the windows of a chunk lie in memory."""

    def __init__(self, size: tuple[int, ...], padded: tuple[int, ...]) -> None:
        self.size = size
        self.padded = padded
        self.flat = worth_flat(size, padded)
        self.length = flat_length(size, padded) if self.flat else math.prod(size)

    def columns_of(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return *x* laid out as the windows are, zero in the wasted columns."""
        if not self.flat:
            return x.reshape(*x.shape[:3], self.length)
        laid = np.zeros((*x.shape[:3], self.length), x.dtype)
        fold_back(laid, self.size, self.padded, flat=True)[...] = x
        return laid


def _columns(geometry: Geometry, dy: NDArray[Any], budget: int) -> Iterator[tuple[slice, slice, NDArray[Any], _Layout]]:
    """Yield (samples, rows, columns (n, g, o·taps, length), layout) in chunks of at most *budget* elements."""
    n, g, o = dy.shape[:3]
    size = geometry.size
    per_row = (o * (geometry.taps + 1)) * math.prod(size[1:]) * g
    height = max(1, min(size[0], budget // max(1, per_row)))
    samples = max(1, min(n, budget // max(1, per_row * size[0])))
    for start in range(0, n, samples):
        for row in range(0, size[0], height):
            window = (min(height, size[0] - row), *size[1:])
            columns, layout = _windows(geometry, dy[start : start + samples], row, window)
            yield slice(start, start + samples), slice(row, row + window[0]), columns, layout


def _windows(geometry: Geometry, dy: NDArray[Any], row: int, size: tuple[int, ...]) -> tuple[NDArray[Any], _Layout]:
    """Sort *dy* by phase, so that each tap's windows are one dense block, and copy the blocks side by side."""
    stride, dilation = geometry.stride, geometry.dilation
    shifts = [[divmod(a * d, s) for a in range(k)] for k, s, d in zip(geometry.kernel, stride, dilation, strict=True)]
    padded = tuple(n + axis[-1][0] for n, axis in zip(size, shifts, strict=True))
    layout = _Layout(size, padded)
    columns = np.empty((*dy.shape[:3], geometry.taps, layout.length), dy.dtype)
    offset = [math.prod(padded[axis + 1 :]) for axis in range(len(padded))]
    first = (row * stride[0], *(0 for _ in size[1:]))
    by_phase: dict[tuple[int, ...], NDArray[Any]] = {}
    for number, tap in enumerate(product(*shifts)):
        phase = tuple(home for _, home in tap)
        if phase not in by_phase:
            by_phase[phase] = _phase_map(geometry, dy, phase, first, padded)
        source = by_phase[phase]
        target = columns[:, :, :, number]
        if layout.flat:
            begin = sum(shift * step for (shift, _), step in zip(tap, offset, strict=True))
            target[...] = source.reshape(*source.shape[:3], -1)[..., begin : begin + layout.length]
        else:
            block = source[inner(3, (slice(q, q + m) for (q, _), m in zip(tap, size, strict=True)))]
            target.reshape(*dy.shape[:3], *size)[...] = block
    return columns.reshape(*dy.shape[:2], -1, layout.length), layout


def _phase_map(
    geometry: Geometry, dy: NDArray[Any], phase: tuple[int, ...], first: tuple[int, ...], padded: tuple[int, ...]
) -> NDArray[Any]:
    """Return the values of one phase as a dense map, zero where the output has been cropped or ends."""
    source: list[slice] = []
    target: list[slice] = []
    for r, s, start, size, before, output in zip(
        phase, geometry.stride, first, padded, geometry.before, geometry.output, strict=True
    ):
        position = start + r - before
        skipped = -(position // s) if position < 0 else 0
        position += skipped * s
        count = max(0, min(size - skipped, len(range(position, output, s))))
        source.append(slice(position, position + (count - 1) * s + 1, s) if count else slice(0, 0))
        target.append(slice(skipped, skipped + count))
    whole = all(part == slice(0, size) for part, size in zip(target, padded, strict=True))
    if whole and not any(s > 1 for s in geometry.stride) and dy.shape[3:] == padded and dy.flags.c_contiguous:
        return dy
    values = np.zeros((*dy.shape[:3], *padded), dy.dtype)
    values[(slice(None),) * 3 + tuple(target)] = dy[(slice(None),) * 3 + tuple(source)]
    return values
