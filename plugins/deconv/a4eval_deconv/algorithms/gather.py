"""Gather: every window of the larger map side by side, then one matrix product.

It is the convolution, the adjoint of the transposed convolution, and so gives both gradients of the one and the other.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from a4eval_deconv.algorithms.subpixel import CHUNK
from a4eval_deconv.algorithms.unfold import flat_length, fold_back, worth_flat
from a4eval_deconv.arrays import inner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from a4eval_deconv.geometry import Geometry


def input_gradient(geometry: Geometry, dy: NDArray[Any], weight: NDArray[Any], dx: NDArray[Any], budget: int) -> None:
    """Write into *dx*, (n, g, c, *size), the convolution of *dy* with *weight*."""
    filters = weight.reshape(*weight.shape[:2], -1)
    for part in _parts(geometry, dy, budget):
        part.write(dx, np.matmul(filters, part.columns))


def weight_gradient(geometry: Geometry, dy: NDArray[Any], x: NDArray[Any], dweight: NDArray[Any], budget: int) -> None:
    """Write into *dweight*, (g, c, o, *kernel), the gradient with respect to the weight."""
    dfilters = dweight.reshape(*dweight.shape[:2], -1)
    dfilters[...] = 0
    for part in _parts(geometry, dy, budget):
        _add_products(dfilters, part.laid_out(x), part.columns)


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
    dfilters = dweight.reshape(*dweight.shape[:2], -1)
    single = dy.shape[0] == 1
    if not single:
        dfilters[...] = 0
    for part in _parts(geometry, dy, budget):
        part.write(dx, np.matmul(filters, part.columns))
        inputs = part.laid_out(x)
        if single and part.size == geometry.size:  # all at once: no sum to keep
            np.matmul(inputs[0], part.columns[0].transpose(0, 2, 1), out=dfilters)
            return
        if single and part.row == 0:
            dfilters[...] = 0
        _add_products(dfilters, inputs, part.columns)


def _add_products(total: NDArray[Any], x: NDArray[Any], columns: NDArray[Any]) -> None:
    for one, windows in zip(x, columns, strict=True):
        total += np.matmul(one, windows.transpose(0, 2, 1))


class _Part:
    """The windows of some samples and rows, side by side: ``columns`` is (n, g, o·taps, length)."""

    def __init__(self, geometry: Geometry, dy: NDArray[Any], samples: slice, row: int, size: tuple[int, ...]) -> None:
        self.samples, self.row, self.size = samples, row, size
        shifts = [
            [divmod(a * d, s) for a in range(k)]
            for k, s, d in zip(geometry.kernel, geometry.stride, geometry.dilation, strict=True)
        ]
        self.padded = tuple(n + axis[-1][0] for n, axis in zip(size, shifts, strict=True))
        at_once = geometry.taps <= math.prod(geometry.stride) or math.prod(size) * dy.shape[2] <= 1024
        self.flat = not at_once and worth_flat(size, self.padded)
        self.length = flat_length(size, self.padded) if self.flat else math.prod(size)
        if at_once:
            columns = _at_once(geometry, dy[samples], row, size)
        else:
            columns = self._by_phase(geometry, dy[samples], shifts)
        self.columns = columns.reshape(*dy[samples].shape[:2], -1, self.length)

    def laid_out(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return the part of *x* that belongs to the windows, laid out as they are, zero in the wasted columns."""
        x = x[self.samples, :, :, self.row : self.row + self.size[0]]
        if not self.flat:
            return x.reshape(*x.shape[:3], self.length)
        laid = np.zeros((*x.shape[:3], self.length), x.dtype)
        fold_back(laid, self.size, self.padded, flat=True)[...] = x
        return laid

    def write(self, dx: NDArray[Any], values: NDArray[Any]) -> None:
        """Write the products to their place in *dx*."""
        maps = fold_back(values, self.size, self.padded, flat=self.flat)
        dx[self.samples, :, :, self.row : self.row + self.size[0]] = maps

    def _by_phase(self, geometry: Geometry, dy: NDArray[Any], shifts: list[list[tuple[int, int]]]) -> NDArray[Any]:
        """Sort *dy* by phase, so that each tap's windows are one dense block, and copy the blocks side by side."""
        columns = np.empty((*dy.shape[:3], geometry.taps, self.length), dy.dtype)
        offset = [math.prod(self.padded[axis + 1 :]) for axis in range(len(self.padded))]
        first = (self.row * geometry.stride[0], *(0 for _ in self.size[1:]))
        by_phase: dict[tuple[int, ...], NDArray[Any]] = {}
        for number, tap in enumerate(product(*shifts)):
            phase = tuple(home for _, home in tap)
            if phase not in by_phase:
                by_phase[phase] = _phase_map(geometry, dy, phase, first, self.padded)
            source = by_phase[phase]
            target = columns[:, :, :, number]
            if self.flat:
                begin = sum(shift * step for (shift, _), step in zip(tap, offset, strict=True))
                target[...] = source.reshape(*source.shape[:3], -1)[..., begin : begin + self.length]
            else:
                block = source[inner(3, (slice(q, q + m) for (q, _), m in zip(tap, self.size, strict=True)))]
                target.reshape(*dy.shape[:3], *self.size)[...] = block
        return columns


def _parts(geometry: Geometry, dy: NDArray[Any], budget: int) -> Iterator[_Part]:
    """Yield the windows in parts that stay within the budget and the caches."""
    n, g, o = dy.shape[:3]
    size = geometry.size
    per_row = max(1, o * (geometry.taps + 1) * math.prod(size[1:]) * g)
    limit = max(1, min(budget, CHUNK))
    rows = min(size[0], max(1, limit // per_row))
    if rows < size[0] and per_row * size[0] <= min(budget, 4 * CHUNK):
        rows = size[0]  # a whole sample is better than parts, unless it is far too large
    samples = max(1, min(n, limit // (per_row * size[0])))
    for start in range(0, n, samples):
        for row in range(0, size[0], rows):
            yield _Part(geometry, dy, slice(start, start + samples), row, (min(rows, size[0] - row), *size[1:]))


def _at_once(geometry: Geometry, dy: NDArray[Any], row: int, size: tuple[int, ...]) -> NDArray[Any]:
    """Copy all windows in one strided copy: where they do not overlap, or are so small that calls cost most."""
    steps = zip(geometry.kernel, geometry.stride, geometry.dilation, size, strict=True)
    reach = tuple((n - 1) * s + (k - 1) * d + 1 for k, s, d, n in steps)
    first = (row * geometry.stride[0], *(0 for _ in size[1:]))
    low = tuple(start - before for start, before in zip(first, geometry.before, strict=True))
    if any(low) or any(a > b for a, b in zip(reach, dy.shape[3:], strict=True)):
        padded = np.zeros((*dy.shape[:3], *reach), dy.dtype)
        source, target = [], []
        for start, length, available in zip(low, reach, dy.shape[3:], strict=True):
            begin, end = max(0, start), max(0, start, min(available, start + length))
            source.append(slice(begin, end))
            target.append(slice(begin - start, end - start))
        padded[inner(3, target)] = dy[inner(3, source)]
        dy = padded
    spread = tuple(stride * d for stride, d in zip(dy.strides[3:], geometry.dilation, strict=True))
    along = tuple(stride * s for stride, s in zip(dy.strides[3:], geometry.stride, strict=True))
    view = as_strided(dy, (*dy.shape[:3], *geometry.kernel, *size), (*dy.strides[:3], *spread, *along))
    return np.ascontiguousarray(view)


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
