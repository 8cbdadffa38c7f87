"""The whole operator as one small dense matrix, kept from call to call.

It is for maps so tiny that calls cost more than sums.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.algorithms.contract import Algorithm, Work
from a4eval_deconv.algorithms.phases import taps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_deconv.geometry import Geometry

LIMIT = 32_768
"""Matrices up to this many elements are worth keeping; 64 of them are kept."""


def matrix_elements(geometry: Geometry, weight_shape: tuple[int, ...]) -> int:
    """Return how many elements the dense matrix has, all groups together."""
    g, c, o = weight_shape[:3]
    return g * c * o * geometry.pixels * math.prod(geometry.output)


def cached_matrix(geometry: Geometry, x: NDArray[Any], weight: NDArray[Any], out: NDArray[Any], budget: int) -> None:
    """Write the transposed convolution of *x* into *out*; no workspace is needed.

    Raises:
        ValueError: the matrix would be too large to keep.
    """
    del budget
    size = matrix_elements(geometry, weight.shape)
    if size > 32 * LIMIT:
        raise ValueError(f"algorithm 'cached_matrix' is for tiny maps: this matrix would have {size:,} elements")
    n, g = x.shape[:2]
    matrix = _matrix(geometry, weight.tobytes(), weight.shape, weight.dtype.str)
    rows, columns = matrix.shape[1:]
    np.matmul(matrix, x.reshape(n, g, columns, 1), out=out.reshape(n, g, rows, 1))


@lru_cache(maxsize=64)
def _matrix(geometry: Geometry, content: bytes, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Return the matrices, (g, o·Π output, c·Π size)."""
    g, c, o = shape[:3]
    outputs, inputs, tap = _entries(geometry)
    matrix = np.zeros((g, o, math.prod(geometry.output), c, geometry.pixels), dtype)
    filters = np.frombuffer(content, dtype).reshape(g, c, o, geometry.taps)
    matrix[:, :, outputs, :, inputs] = filters[..., tap].transpose(3, 0, 2, 1)  # (entries, g, o, c)
    return matrix.reshape(g, o * math.prod(geometry.output), c * geometry.pixels)


@lru_cache(maxsize=64)
def _entries(geometry: Geometry) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return which output each input reaches through which tap, all flattened: of one channel, for any weight."""
    found: list[tuple[NDArray[np.intp], ...]] = []
    for tap in product(*taps(geometry)):
        # paired along each axis: an input reaches exactly one output through a tap
        axes = list(enumerate(tap))
        reached = np.ix_(*(range(geometry.output[axis])[one.output] for axis, one in axes))
        sources = np.ix_(*(range(geometry.size[axis])[one.source] for axis, one in axes))
        outputs = np.ravel_multi_index(np.broadcast_arrays(*reached), geometry.output).ravel()
        inputs = np.ravel_multi_index(np.broadcast_arrays(*sources), geometry.size).ravel()
        number = np.ravel_multi_index(tuple(one.index for one in tap), geometry.kernel)
        found.append((outputs, inputs, np.full(outputs.size, number)))
    columns = zip(*found, strict=True) if found else ((np.empty(0, np.intp),),) * 3
    outputs, inputs, numbers = (np.concatenate(column) for column in columns)
    return outputs, inputs, numbers


def worth_keeping(geometry: Geometry, weight_shape: tuple[int, ...]) -> bool:
    """Say whether the matrix is small enough to be picked."""
    return matrix_elements(geometry, weight_shape) <= LIMIT


def work(geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> Work:
    """Count for *n* samples and a weight (g, c, o, *kernel); no workspace is needed."""
    del budget
    return {
        "starts": 1,
        "matrices": n * weight_shape[0],
        "products": n * matrix_elements(geometry, weight_shape),
        "weights": math.prod(weight_shape),
    }


CACHED_MATRIX = Algorithm(
    "cached_matrix",
    cached_matrix,
    work,
    {
        "starts": 2e-05,
        "matrices": 6.1e-07,
        "products": 1.2e-10,
        "weights": 2.2e-09,
    },
    worth_keeping,
)
