"""Euclidean norms of what float squares cannot hold: a gradient of 1e-200 or 1e+200 has one too."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval_rnn_bptt.arrays import Array


@cache
def _squares(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return between what sums of squares are right to the last digits."""
    info = np.finfo(dtype)
    return float(info.tiny) / float(info.eps) ** 2, float(info.max)


def norms(array: Array, axis: int | tuple[int, ...] | None = None) -> Array:
    """Return the Euclidean norms along these axes, all where None, in float64.

    Args:
        array: numbers.
        axis: what is summed over.

    >>> norms(np.array([[3e-200, 4e-200], [3e200, 4e200], [3.0, 4.0]]), axis=1)
    array([5.e-200, 5.e+200, 5.e+000])
    """
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    low, high = _squares(array.dtype)
    with np.errstate(over="ignore", under="ignore"):
        squares = np.asarray((array * array).sum(axis=axis), np.float64)
        if squares.size and squares.min() > low and squares.max() < high:
            return np.sqrt(squares)
        wide = array.astype(np.float64)
        top = np.abs(wide).max(axis=axis, keepdims=True, initial=0)
        unit = np.where((top > 0) & np.isfinite(top), top, 1)
        rest = np.sqrt(np.sum(np.square(wide / unit), axis=axis))
        return np.asarray(unit.reshape(rest.shape) * rest)


def norm(array: Array) -> float:
    """Return the Euclidean norm of all entries."""
    if array.dtype == np.float64:
        flat = array.ravel()
        with np.errstate(over="ignore", under="ignore"):
            square = float(flat.dot(flat))
        low, high = _squares(array.dtype)
        if low < square < high:
            return math.sqrt(square)
    return float(norms(array))


def joint_norm(gradients: Mapping[str, Array]) -> float:
    """Return the Euclidean norm over all gradients together, also where its square would overflow.

    >>> round(joint_norm({"w": np.array([8e200]), "b": np.array([6e200])}) / 1e201, 9)
    1.0
    """
    return norm(np.array([norm(one) for one in gradients.values()]))


def power_of_two(array: Array) -> float:
    """Return the power of two next below the largest entry's size, so that dividing by it is exact; 1 for zeros.

    >>> power_of_two(np.array([-1e-25, 3e-26])), power_of_two(np.array([0.0]))
    (5.169878828456423e-26, 1.0)
    """
    if not array.size:
        return 1.0
    top = max(float(array.max()), -float(array.min()))
    return math.ldexp(1.0, math.frexp(top)[1] - 1) if 0 < top < math.inf else 1.0
