"""Gather: every window of the larger map side by side, then one matrix product.

It is the convolution, the adjoint of the transposed convolution, and so gives both gradients of the one and the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from a4eval_deconv.algorithms.chunks import samples_and_rows
from a4eval_deconv.algorithms.contract import Algorithm, Work
from a4eval_deconv.algorithms.unfold import overlap
from a4eval_deconv.algorithms.weight_sum import WeightSum
from a4eval_deconv.products import matrix_product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from a4eval_deconv.geometry import Geometry


def input_gradient(geometry: Geometry, dy: NDArray[Any], weight: NDArray[Any], dx: NDArray[Any], budget: int) -> None:
    """Write into *dx*, (n, g, c, *size), the convolution of *dy* with *weight*."""
    filters = weight.reshape(*weight.shape[:2], -1)
    for part in _parts(geometry, dy, budget):
        part.write_products(filters, dx)


def weight_gradient(geometry: Geometry, dy: NDArray[Any], x: NDArray[Any], dweight: NDArray[Any], budget: int) -> None:
    """Write into *dweight*, (g, c, o, *kernel), the gradient with respect to the weight."""
    total = WeightSum(dweight.reshape(*dweight.shape[:2], -1), dy.shape[0] * geometry.pixels)
    for part in _parts(geometry, dy, budget):
        total.add(part.inputs(x), part.columns)
    total.finish()


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
    total = WeightSum(dweight.reshape(*dweight.shape[:2], -1), dy.shape[0] * geometry.pixels)
    for part in _parts(geometry, dy, budget):
        part.write_products(filters, dx)
        total.add(part.inputs(x), part.columns)
    total.finish()


@dataclass(frozen=True, slots=True)
class _Part:
    """The windows of some samples and rows, side by side: ``columns`` is (n, g, o·taps, Π size)."""

    samples: slice
    row: int
    size: tuple[int, ...]
    columns: NDArray[Any]

    def inputs(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return the part of *x* that belongs to the windows, (n, g, c, Π size)."""
        part = x[self.samples, :, :, self.row : self.row + self.size[0]]
        return part.reshape(*part.shape[:3], math.prod(self.size))

    def write_products(self, filters: NDArray[Any], dx: NDArray[Any]) -> None:
        """Write the products of the filters and the windows to their place in *dx*."""
        target = dx[self.samples, :, :, self.row : self.row + self.size[0]]
        if target.flags.c_contiguous:
            matrix_product(filters, self.columns, out=target.reshape(*target.shape[:3], math.prod(self.size)))
        else:
            target[...] = matrix_product(filters, self.columns).reshape(target.shape)


def _parts(geometry: Geometry, dy: NDArray[Any], budget: int) -> Iterator[_Part]:
    """Yield the windows in parts that stay within the budget and the caches; each part overwrites the one before."""
    n, g, o = dy.shape[:3]
    size = geometry.size
    samples, rows = chunk_size(geometry, n, g * o, budget)
    columns: NDArray[Any] | None = None
    for start in range(0, n, samples):
        chunk = slice(start, start + samples)
        for row in range(0, size[0], rows):
            part = (min(rows, size[0] - row), *size[1:])
            columns = _windows(geometry, dy[chunk], row, part, columns)
            yield _Part(chunk, row, part, columns)


def chunk_size(geometry: Geometry, n: int, channels: int, budget: int) -> tuple[int, int]:
    """Return how many samples and how many rows are worked on at a time; *channels* are those of the windows."""
    size = geometry.size
    per_row = max(1, channels * (geometry.taps + 1) * math.prod(size[1:]))
    return samples_and_rows(n, size[0], per_row, budget)


def _windows(
    geometry: Geometry, dy: NDArray[Any], row: int, size: tuple[int, ...], used: NDArray[Any] | None
) -> NDArray[Any]:
    """Copy all windows side by side in one strided copy; where they reach past *dy*, pad that with zeros first.

    They are written over *used* where they fit: fresh memory costs as much as the copy.
    """
    steps = zip(geometry.kernel, geometry.stride, geometry.dilation, size, strict=True)
    reach = tuple((n - 1) * s + (k - 1) * d + 1 for k, s, d, n in steps)
    first = (row * geometry.stride[0], *(0 for _ in size[1:]))
    low = tuple(start - before for start, before in zip(first, geometry.before, strict=True))
    if any(low) or any(a > b for a, b in zip(reach, dy.shape[3:], strict=True)):
        padded = np.zeros((*dy.shape[:3], *reach), dy.dtype)
        source, target = overlap(low, reach, dy.shape[3:])
        padded[target] = dy[source]
        dy = padded
    spread = tuple(stride * d for stride, d in zip(dy.strides[3:], geometry.dilation, strict=True))
    along = tuple(stride * s for stride, s in zip(dy.strides[3:], geometry.stride, strict=True))
    view = as_strided(dy, (*dy.shape[:3], *geometry.kernel, *size), (*dy.strides[:3], *spread, *along))
    shape = (*dy.shape[:2], dy.shape[2] * geometry.taps, math.prod(size))
    columns = used if used is not None and used.shape == shape else np.empty(shape, dy.dtype)
    np.copyto(columns.reshape(view.shape), view)
    return columns


def work(geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> Work:
    """Count for both gradients on the input's side."""
    g, c, o = weight_shape[:3]
    samples, rows = chunk_size(geometry, n, g * o, budget)
    parts = -(-geometry.size[0] // rows)
    windows = n * g * o * geometry.taps * geometry.pixels
    steps = zip((rows, *geometry.size[1:]), geometry.stride, geometry.kernel, geometry.dilation, strict=True)
    reach = [(i - 1) * s + (k - 1) * d + 1 for i, s, k, d in steps]
    return {
        "starts": 1,
        "chunks": -(-n // samples) * parts,
        "matrices": n * g * parts,
        "products": windows * c,
        "windows": windows,
        "strided windows": windows if geometry.stride[-1] > 1 else 0,
        "windows in parts": windows if parts > 1 else 0,
        "window rows": windows / geometry.size[-1],
        "window planes": windows / math.prod(geometry.size[-2:]),
        "outputs": n * parts * g * o * math.prod(reach),
        "output rows": n * parts * g * o * math.prod(reach[:-1]),
        "inputs": n * g * c * geometry.pixels,
        "weights": n * parts * g * c * o * geometry.taps,
    }


GATHER = Algorithm(
    "gather",
    both_gradients,
    work,
    {
        "starts": 3.7e-05,
        "chunks": 5.1e-05,
        "matrices": 2.1e-06,
        "products": 4.3e-11,
        "windows": 5.9e-10,
        "strided windows": 4.2e-10,
        "windows in parts": 1.7e-10,
        "window rows": 6.8e-09,
        "window planes": 6.5e-09,
        "outputs": 5e-10,
        "output rows": 1.1e-09,
        "inputs": 1e-09,
        "weights": 4.4e-10,
    },
)
