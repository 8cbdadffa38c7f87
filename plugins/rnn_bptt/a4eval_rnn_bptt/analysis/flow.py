"""How fast a gradient shrinks or grows on its way back, in log space, and what to call it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from a4eval_rnn_bptt.analysis.norms import norm, norms
from a4eval_rnn_bptt.arrays import Array
from a4eval_rnn_bptt.contract import gate_names, state_names

if TYPE_CHECKING:
    from a4eval_rnn_bptt.analysis.trajectory import Trajectory
    from a4eval_rnn_bptt.arrays import State

Verdict: TypeAlias = Literal["vanishes", "healthy", "explodes"]


@dataclass(frozen=True, slots=True)
class Decay:
    """The norm of ∂E_T/∂s_k against the lag T − k.

    Args:
        log10_norm: (T,), log10 ‖∂E_T/∂s_k‖ for lag 1 … T over all of the state and the batch; −inf once it is zero.
        log10_by_state: the same for each array of the state alone (``hidden``, ``cell``; layer by layer when stacked).
        log10_by_gate: (T,) each, log10 ‖∂E_T/∂z_k‖ of each gate's pre-activation z, for lag 0 … T − 1;
            empty where the cell names no gates, or has no matrix ``weight_ih`` with a block for each.
        log10_per_step: the slope of the straight line through ``log10_norm``, fitted by least squares over the
            lags where it is finite: decades a step; −inf where nothing arrives in the end.
    """

    log10_norm: Array
    log10_by_state: dict[str, Array]
    log10_by_gate: dict[str, Array]
    log10_per_step: float

    @property
    def zero_from(self) -> int | None:
        """The lag from which on nothing arrives any more, exactly zero; None where something arrives in the end."""
        arriving = np.flatnonzero(~np.isneginf(self.log10_norm))
        last = int(arriving[-1]) + 1 if len(arriving) else 0
        return last + 1 if last < len(self.log10_norm) else None


def decay(trajectory: Trajectory, dlast: Array) -> Decay:
    """Follow the gradient of a loss at the last step back to the first.

    The gradient is rescaled at every step and its scale kept as a logarithm, so neither 1e-300 nor 1e+300 is a limit.

    Args:
        trajectory: from :func:`a4eval_rnn_bptt.follow`.
        dlast: (B, H), ∂E_T/∂h_T.

    Raises:
        ValueError: *dlast* has another shape than the last output, is zero or not finite, or one step back overflows.
    """
    if dlast.shape != trajectory.outputs[-1].shape:
        raise ValueError(f"dlast has shape {dlast.shape}, expected {trajectory.outputs[-1].shape}, as the last output")
    scale = norm(dlast)
    if not 0 < scale < np.inf:
        raise ValueError(f"the norm of dlast is {scale}, expected a gradient that is finite and not zero")
    gates = gate_names(trajectory.cell)
    by_state, by_gate = [], []
    log10_scale = float(np.log10(scale))
    current: State = (dlast / scale, *(np.zeros_like(one[0]) for one in trajectory.states[1:]))
    for t in range(trajectory.steps - 1, -1, -1):
        undone = trajectory.undo(t, t + 1, current)
        inputs = [part for name, part in undone.params.items() if name.startswith("weight_ih")]
        deltas = [part[0] for part in inputs if isinstance(part, tuple)]
        if gates and deltas:
            blocks = np.concatenate(deltas, axis=1).reshape(len(deltas[0]), len(gates), -1)
            by_gate.append(log10_scale + _log10(norms(blocks, (0, 2))))
        lengths = np.array([norm(one) for one in undone.state])
        by_state.append(log10_scale + _log10(lengths))
        total = norm(lengths)
        if not np.isfinite(total):
            raise ValueError(f"the gradient overflows on its way back through step {t}: scale the weights down")
        if total > 0:
            current = tuple(one / total for one in undone.state)
            log10_scale += float(np.log10(total))
        else:
            current, log10_scale = undone.state, -np.inf
    states = np.array(by_state).T
    with np.errstate(divide="ignore"):
        # ‖·‖² of the parts add up; taken relative to the largest, so that nothing under- or overflows
        top = states.max(0)
        joint = np.where(np.isfinite(top), top + 0.5 * np.log10(np.sum(10.0 ** (2 * (states - _finite(top))), 0)), top)
    names = state_names(trajectory.cell, len(states))
    gate_curves = dict(zip(gates, np.array(by_gate).T, strict=True)) if by_gate else {}
    return Decay(joint, dict(zip(names, states, strict=True)), gate_curves, log_slope(joint))


def log_slope(log10_norm: Array) -> float:
    """Fit a straight line to log10 norms at equal steps and return its slope; −inf where they end in zero.

    >>> round(log_slope(np.array([0.0, -0.5, -1.0, -1.5])), 12)
    -0.5
    >>> log_slope(np.array([0.0, 0.0, 0.0, -np.inf]))
    -inf
    """
    kept = np.isfinite(log10_norm)
    if kept.sum() < 2 or np.isneginf(log10_norm[-1]):
        return float("-inf")
    at = np.arange(len(log10_norm))[kept]
    return float(np.polyfit(at, log10_norm[kept], 1)[0])


def half_life(log10_per_step: float) -> float:
    """Return after how many steps a gradient that shrinks at this rate has halved; inf when it does not shrink.

    >>> round(half_life(-0.2), 3)
    1.505
    """
    return float(np.log10(0.5) / log10_per_step) if log10_per_step < 0 else float("inf")


def verdict(log10_per_step: float, steps: int, *, decades: float = 4.0) -> Verdict:
    """Name a rate: over the whole sequence, does the gradient lose or gain more than *decades* powers of ten?

    Args:
        log10_per_step: decades a step.
        steps: the length of the sequence.
        decades: what still counts as healthy over the whole sequence, in either direction.

    >>> verdict(-0.2, 200), verdict(-0.016, 200), verdict(0.1, 200)
    ('vanishes', 'healthy', 'explodes')
    """
    total = log10_per_step * steps
    if total < -decades:
        return "vanishes"
    return "explodes" if total > decades else "healthy"


def _log10(values: Array) -> Array:
    with np.errstate(divide="ignore"):
        result: Array = np.log10(values)
    return result


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, 0)
