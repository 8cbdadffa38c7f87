"""The whole operator as one small dense matrix, kept from call to call.

It is for maps so tiny that calls cost more than sums.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.algorithms.phases import phases
from a4eval_deconv.arrays import inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_deconv.geometry import Geometry

LIMIT = 32_768
"""Matrices up to this many elements are worth keeping; 64 of them are kept."""


def matrix_elements(geometry: Geometry, weight_shape: tuple[int, ...]) -> int:
    """Return how many elements the dense matrix has, all groups together."""
    g, c, o = weight_shape[:3]
    return g * c * o * geometry.pixels * math.prod(geometry.output)


def cached_matrix(geometry: Geometry, x: NDArray[Any], weight: NDArray[Any], out: NDArray[Any]) -> None:
    """Write the transposed convolution of *x* into *out*."""
    n, g = x.shape[:2]
    matrix = _matrix(geometry, weight.tobytes(), weight.shape, weight.dtype.str)
    rows, columns = matrix.shape[1:]
    np.matmul(matrix, x.reshape(n, g, columns, 1), out=out.reshape(n, g, rows, 1))


@lru_cache(maxsize=64)
def _matrix(geometry: Geometry, content: bytes, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Return the matrices, (g, o·Π output, c·Π size)."""
    weight = np.frombuffer(content, dtype).reshape(shape)
    g, c, o = shape[:3]
    matrix = np.zeros((g, o, *geometry.output, c, *geometry.size), dtype)
    for phase in phases(geometry):
        for tap in phase.taps:
            outputs = [
                np.arange(part.start, size, part.step)[to]
                for part, size, to in zip(phase.output, geometry.output, tap.target, strict=True)
            ]
            inputs = [np.arange(part.start, part.stop) for part in tap.source]
            # paired along each axis: input i reaches exactly one output through this tap
            places = [places.ravel() for places in np.meshgrid(*outputs, indexing="ij")]
            sources = [places.ravel() for places in np.meshgrid(*inputs, indexing="ij")]
            values = weight[inner(3, tap.index)].transpose(0, 2, 1)  # (g, o, c)
            for to, source in zip(zip(*places, strict=True), zip(*sources, strict=True), strict=True):
                matrix[(slice(None), slice(None), *to, slice(None), *source)] = values
    return matrix.reshape(g, o * math.prod(geometry.output), c * geometry.pixels)
