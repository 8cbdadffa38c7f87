"""The logistic function of the gates: through tanh, which is fast, and through the exponential where that is needed.

σ(z) = ½ tanh(z/2) + ½ has an absolute error of half a unit in the last place of 1: a gate that is all but closed keeps
fewer and fewer digits, and none below it.  1/(1 + exp(−z)) keeps them all.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array


@cache
def _half_of_the_digits(dtype: np.dtype[Any]) -> float:
    return float(np.sqrt(np.finfo(dtype).eps))


def all_but_closed(gates: Array) -> bool:
    """Is one of these gates, found through tanh, below √ε, where it has lost half of its digits?"""
    return bool(gates.min() < _half_of_the_digits(gates.dtype))


def open_exactly(halves: Array) -> None:
    """Put σ(z) in the place of z/2, to the last digit however small."""
    _from_opposite(np.multiply(halves, -2, out=halves))


def _from_opposite(z: Array) -> None:
    """Put σ(z) in the place of −z."""
    with np.errstate(over="ignore"):  # the exponential of what no float holds is inf, and the gate then 0
        np.exp(z, out=z)
    np.add(z, 1, out=z)
    np.reciprocal(z, out=z)


def sigmoid(z: Array) -> Array:
    """Return 1/(1 + exp(−z)), to the last digit however small.

    >>> sigmoid(np.array([-1000.0, -40.0, 0.0, 1000.0]))
    array([0.00000000e+00, 4.24835426e-18, 5.00000000e-01, 1.00000000e+00])
    """
    gate: Array = np.negative(z)
    _from_opposite(gate)
    return gate
