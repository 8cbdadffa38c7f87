"""How a loss hangs on the input of each step, ∂E/∂x_k, in log space: what the cell could still learn from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval_rnn_bptt.analysis.norms import joint_norm, norm, norms

if TYPE_CHECKING:
    from a4eval_rnn_bptt.analysis.trajectory import Trajectory
    from a4eval_rnn_bptt.arrays import Array, State


def sensitivity(trajectory: Trajectory, errors: Array) -> Array:
    """Return log10 ‖∂E/∂x_k‖ for every step k, over the features and the whole batch.

    The gradient is rescaled at every step and its scale kept as a logarithm, so neither 1e-300 nor 1e+300 is a limit.

    Args:
        trajectory: from :func:`a4eval_rnn_bptt.follow`.
        errors: (T, B, H), ∂E_t/∂h_t: the gradient of each step's own loss with respect to that step's output.

    Returns:
        (T,) float64; −inf where E does not hang on the input of a step.

    Raises:
        ValueError: *errors* has another shape than the outputs or is not finite, or one step back overflows.
    """
    if errors.shape != trajectory.outputs.shape:
        raise ValueError(f"errors have shape {errors.shape}, expected {trajectory.outputs.shape}, that of the outputs")
    if not np.isfinite(errors).all():
        raise ValueError("errors hold values that are not finite")
    found = np.full(trajectory.steps, -np.inf)
    carried: State = tuple(np.zeros_like(one[0]) for one in trajectory.states)
    log10_scale = -np.inf  # the gradient is 10**log10_scale times what is carried
    for t in range(trajectory.steps - 1, -1, -1):
        size = norm(errors[t])
        if size > 0:
            top = max(log10_scale, float(np.log10(size)))
            old, new = 10.0 ** (log10_scale - top), 10.0 ** (np.log10(size) - top)
            carried = tuple(one * old for one in carried)
            carried = (carried[0] + errors[t] / size * new, *carried[1:])
            log10_scale = top
        if np.isneginf(log10_scale):
            continue
        undone = trajectory.undo(t, t + 1, carried, want_dx=True)
        assert undone.x is not None, "it was asked for"
        total = joint_norm({str(index): one for index, one in enumerate(undone.state)})
        if not np.isfinite(total):
            raise ValueError(f"the gradient overflows on its way back through step {t}: scale the weights down")
        with np.errstate(divide="ignore"):
            found[t] = log10_scale + np.log10(norms(undone.x))
            log10_scale += float(np.log10(total))
        carried = tuple(one / (total or 1) for one in undone.state)
    return found


def reach(log10_norm: Array, *, part: float = 0.99) -> int:
    """Return how many steps, back from the last that E hangs on, hold this part of Σ_k ‖∂E/∂x_k‖²; 0 without any.

    Args:
        log10_norm: (T,), from :func:`sensitivity`.
        part: more than 0, at most 1.

    >>> reach(np.array([-3.0, 0.0, 0.0])), reach(np.array([0.0, -9.0, -9.0, -np.inf]))
    (2, 3)
    """
    seen = np.flatnonzero(~np.isneginf(log10_norm))
    if not seen.size:
        return 0
    back = log10_norm[: seen[-1] + 1][::-1]
    held = np.cumsum(10.0 ** (2 * (back - back.max())))
    return int(np.argmax(held >= part * held[-1])) + 1
