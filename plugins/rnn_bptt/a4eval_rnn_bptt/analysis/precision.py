"""How far a float32 gradient is from the float64 one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_rnn_bptt.analysis.clipping import joint_norm

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Params


def last_step_gradient(layer: Any, params: Params, x: Array, dlast: Array, dtype: Any = np.float64) -> dict[str, Array]:
    """Return the gradients of ⟨h_T, dlast⟩ with respect to all weights, computed in *dtype*.

    Args:
        layer: a recurrent layer.
        params: its weights.
        x: (T, B, I).
        dlast: (B, H).
        dtype: float32 or float64.
    """
    cast = {name: value.astype(dtype) for name, value in params.items()}
    with np.errstate(over="ignore", invalid="ignore"):  # an overflow shows in the result
        y, tape = layer.forward(cast, x.astype(dtype))
        dy = np.zeros_like(y)
        dy[-1] = dlast
        gradients: dict[str, Array] = layer.backward(cast, tape, dy)[0]
    return gradients


def float32_error(layer: Any, params: Params, x: Array, dlast: Array) -> float:
    """Return ‖g32 − g64‖/‖g64‖ of the gradient of a loss at the last step; inf where float32 overflows.

    In a chaotic network rounding errors grow as fast as everything else, and this exceeds 1.

    Args:
        layer: a recurrent layer.
        params: its weights, float64.
        x: (T, B, I), float64.
        dlast: (B, H), ∂E_T/∂h_T.
    """
    exact = last_step_gradient(layer, params, x, dlast)
    rough = last_step_gradient(layer, params, x, dlast, np.float32)
    if not all(np.isfinite(one).all() for one in rough.values()):
        return float("inf")
    norm = joint_norm(exact)
    if norm == 0:
        return 0.0
    return joint_norm({name: rough[name].astype(np.float64) - exact[name] for name in exact}) / norm
