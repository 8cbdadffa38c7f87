"""Singular values of Jacobian products and Lyapunov exponents along a trajectory, in log space.

What a gradient loses or gains over a lag is decided by the singular values of J_T ⋯ J_k, with J_t = ∂s_t/∂s_{t−1}.
A product of many Jacobians cannot be formed in floating point: after a few dozen steps its small singular values are
rounding errors of the large ones.  Here it stays a chain of triangular factors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval_rnn_bptt.analysis.trajectory import Trajectory
    from a4eval_rnn_bptt.arrays import Array


def jacobians(trajectory: Trajectory, row: int = 0) -> Array:
    """Form J_t = ∂s_t/∂s_{t−1} for every step of one sequence, by undoing the step for each unit vector.

    Args:
        trajectory: from :func:`a4eval_rnn_bptt.follow`.
        row: which sequence of the batch.

    Returns:
        (T, S, S), S the size of the whole state (hidden and cell of an LSTM).

    Raises:
        ValueError: there is no such row.
    """
    if not 0 <= row < trajectory.batch:
        raise ValueError(f"row is {row}, expected 0 to {trajectory.batch - 1}")
    widths = [one.shape[-1] for one in trajectory.states]
    cuts = np.cumsum(widths)[:-1].tolist()
    units = np.split(np.eye(sum(widths), dtype=trajectory.outputs.dtype), cuts, axis=1)
    products = []
    for t in range(trajectory.steps):
        at = t * trajectory.batch + row
        tape = tuple(np.repeat(one[at : at + 1], sum(widths), axis=0) for one in trajectory.tape)
        undone = trajectory.cell.step_backward(trajectory.params, tape, tuple(units), want_dx=False)
        products.append(np.concatenate(undone.state, axis=1))  # row i is the gradient of s_t[i]: J_t itself
    return np.array(products)


def log_singular_values(chain: Array, *, tolerance: float = 1e-2, sweeps: int = 100) -> Array:
    """Return the natural logarithms of the singular values of chain[n−1] ⋯ chain[0], largest first.

    The chain is brought to triangular factors by QR, once from the right and once from the left in turn (the QR
    iteration on the product's Gram matrix, never forming it), until the diagonals settle.

    Args:
        chain: (n, S, S).
        tolerance: when no logarithm changes by more than this between two sweeps, they are returned; the largest ones
            are then right to far more.
        sweeps: the most sweeps; nearly equal singular values settle slowly, but are then nearly right.

    Returns:
        (S,); −inf for a zero.

    >>> a = np.diag([1e-5, 1e5])
    >>> (log_singular_values(np.array([a] * 100)) / np.log(10)).round(6)
    array([ 500., -500.])
    """
    factors = np.asarray(chain, np.float64)
    before = None
    for _ in range(sweeps):
        factors, logs = _triangular(factors)
        ordered = np.sort(logs)[::-1]
        if before is not None and np.array_equal(np.isneginf(ordered), np.isneginf(before)):
            kept = np.isfinite(ordered)
            if not kept.any() or np.abs(ordered[kept] - before[kept]).max() < tolerance:
                break
        before = ordered
        factors = factors[::-1].swapaxes(1, 2)
    return ordered


def lyapunov_exponents(chain: Array) -> Array:
    """Return the finite-time Lyapunov exponents along a trajectory: mean log growth of a QR frame, largest first.

    Source: Engelken, Wolf & Abbott 2020, arXiv 2006.02427; Vogt et al. 2020, arXiv 2006.14123.

    Args:
        chain: (T, S, S) from :func:`jacobians`.

    Returns:
        (S,), natural logarithm a step; −inf for a direction that dies.

    >>> lyapunov_exponents(np.array([np.diag([2.0, 0.5])] * 10)).round(4)
    array([ 0.6931, -0.6931])
    """
    _, logs = _triangular(np.asarray(chain, np.float64))
    exponents: Array = np.sort(logs)[::-1] / len(chain)
    return exponents


def _triangular(chain: Array) -> tuple[Array, Array]:
    """Turn A_n ⋯ A_1 into Q·R_n ⋯ R_1; return the R and Σ log |diagonal|."""
    frame = np.eye(chain.shape[1])
    logs = np.zeros(chain.shape[1])
    factors = np.empty_like(chain)
    for index, one in enumerate(chain):
        frame, factors[index] = np.linalg.qr(one @ frame)
        with np.errstate(divide="ignore"):
            logs += np.log(np.abs(np.diag(factors[index])))
    return factors, logs


def spectra(chain: Array, lags: Sequence[int]) -> dict[int, Array]:
    """Return log10 of the singular values of the product of the last *lag* Jacobians, for each lag.

    Raises:
        ValueError: a lag is not between 1 and T.
    """
    for lag in lags:
        if not 1 <= lag <= len(chain):
            raise ValueError(f"lag {lag} is not between 1 and {len(chain)}, the length of the sequence")
    return {lag: log_singular_values(chain[-lag:]) / np.log(10) for lag in lags}
