"""Indices and products that every operator is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


def inner(leading: int, index: Iterable[int | slice]) -> tuple[int | slice, ...]:
    """Return the index that leaves the first *leading* axes alone.

    >>> inner(1, [0])
    (slice(None, None, None), 0)
    """
    return (slice(None),) * leading + tuple(index)


def matrix_product(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return ``a @ b``: where one element a sum is left, numpy leaves BLAS and takes up to twenty times as long.

    >>> matrix_product(np.array([[1.0], [2.0]]), np.array([[3.0, 4.0]]))
    array([[3., 4.],
           [6., 8.]])
    """
    return np.multiply(a, b, out=out) if a.shape[-1] == 1 else np.matmul(a, b, out=out)
