"""The logistic function of the gates: through tanh, which is fast, and through the exponential where that is needed.

σ(z) = ½ tanh(z/2) + ½ has an absolute error of half a unit in the last place of 1: a gate that is all but closed keeps
fewer and fewer digits, and none below it.  1/(1 + exp(−z)) keeps them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array


def all_but_closed(gates: Array) -> bool:
    """Is one of these gates, found through tanh, below √ε, where it has lost half of its digits?"""
    return bool(gates.min() < np.sqrt(np.finfo(gates.dtype).eps))


def open_exactly(halves: Array) -> None:
    """Put σ(z) in the place of z/2, to the last digit however small."""
    np.multiply(halves, -2, out=halves)
    with np.errstate(over="ignore"):  # the exponential of what no float holds is inf, and the gate then 0
        np.exp(halves, out=halves)
    np.add(halves, 1, out=halves)
    np.reciprocal(halves, out=halves)


def sigmoid(z: Array) -> Array:
    """Return 1/(1 + exp(−z)), to the last digit however small.

    >>> sigmoid(np.array([-1000.0, -40.0, 0.0, 1000.0]))
    array([0.00000000e+00, 4.24835426e-18, 5.00000000e-01, 1.00000000e+00])
    """
    halves: Array = np.multiply(z, 0.5)
    open_exactly(halves)
    return halves
