"""How far a float32 gradient is from the float64 one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_rnn_bptt.analysis.norms import joint_norm

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Params, State


def last_step_gradient(
    layer: Any, params: Params, x: Array, dlast: Array, dtype: Any = np.float64, *, state: State | None = None
) -> dict[str, Array]:
    """Return the gradients of ⟨h_T, dlast⟩ with respect to all weights, computed in *dtype*.

    Args:
        layer: a recurrent layer.
        params: its weights.
        x: (T, B, I).
        dlast: (B, H).
        dtype: float32 or float64.
        state: the state before the first step; the layer's own where None.
    """
    cast = {name: value.astype(dtype) for name, value in params.items()}
    with np.errstate(over="ignore", invalid="ignore"):  # an overflow shows in the result
        options = {} if state is None else {"state": tuple(one.astype(dtype) for one in state)}
        y, tape = layer.forward(cast, x.astype(dtype), **options)
        dy = np.zeros_like(y)
        dy[-1] = dlast
        gradients: dict[str, Array] = layer.backward(cast, tape, dy)[0]
    return gradients


def float32_error(layer: Any, params: Params, x: Array, dlast: Array, *, state: State | None = None) -> float:
    """Return ‖g32 − g64‖/‖g64‖ of the gradient of a loss at the last step; inf where float32 overflows.

    In a chaotic network rounding errors grow as fast as everything else, and this exceeds 1.

    Args:
        layer: a recurrent layer.
        params: its weights, float64.
        x: (T, B, I), float64.
        dlast: (B, H), ∂E_T/∂h_T.
        state: the state before the first step; the layer's own where None.
    """
    exact = last_step_gradient(layer, params, x, dlast, state=state)
    rough = last_step_gradient(layer, params, x, dlast, np.float32, state=state)
    if not all(np.isfinite(one).all() for one in rough.values()):
        return float("inf")
    norm = joint_norm(exact)
    if norm == 0:
        return 0.0
    return joint_norm({name: rough[name].astype(np.float64) - exact[name] for name in exact}) / norm
