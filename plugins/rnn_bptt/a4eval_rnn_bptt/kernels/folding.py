"""One step undone for many losses at once: for each row of the batch, the matrices of all gates become one.

A gradient u that reaches gate g as u·m_g and leaves it through W_g comes out as Σ_g (u·m_g)·W_g = u·J with
J = Σ_g diag(m_g)·W_g.  J belongs to one row of one step; every loss after that step meets the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval_rnn_bptt.kernels.products import by_panel, panel_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval_rnn_bptt.arrays import Array, State
    from a4eval_rnn_bptt.contract import Undo


class Folded:
    """A gradient on its way through some gates of every step.

    Args:
        weight: (G, H, H), what maps each gate's gradient to that of the state before.
        multipliers: (G, T·B, H), the slopes of the gates.
        passed: (T·B, H), what part reaches the state before as it is, or None.
        batch: B.
        losses: the most losses there will be at once.
    """

    def __init__(self, weight: Array, multipliers: Array, passed: Array | None, batch: int, losses: int) -> None:
        gates, depth, width = weight.shape
        columns = panel_columns(losses, depth, width, weight.itemsize)
        panels = by_panel(weight, width // columns)
        self._panels = np.ascontiguousarray(panels.transpose(1, 2, 0, 3))  # (P, H, G, H/P)
        self._multipliers = multipliers.reshape(gates, -1, batch, depth).transpose(1, 3, 2, 0)  # (T, H, B, G)
        self._passed = None if passed is None else passed.reshape(-1, batch, len(self._panels), columns)
        self._alone = gates == 1 and passed is None
        if not self._alone:
            self._matrices = np.empty((batch, len(self._panels), depth, columns), weight.dtype)
            blocks = self._matrices.reshape(batch, len(self._panels), len(self._panels), columns, columns)
            self._diagonal = np.einsum("bppii->bpi", blocks)

    def undo(self, step: int, u: Array, out: Array) -> None:
        """Put u·J of every row and loss, (B, n, H), into *out*; *u* may be overwritten."""
        if self._alone:
            u *= self._multipliers[step, :, :, 0].T[:, None]
            matrices = self._panels[:, :, 0]
        else:
            matrices = self._matrices
            np.matmul(np.ascontiguousarray(self._multipliers[step]), self._panels, out=matrices.transpose(1, 2, 0, 3))
            if self._passed is not None:
                self._diagonal += self._passed[step]
        np.matmul(u[:, None], matrices, out=by_panel(out, len(self._panels)))


def along(weights: Mapping[str, Array], gates: int, x: Array, h: Array) -> dict[str, Array]:
    """Return what a change of each weight by these arrays does to the gates of every step.

    Args:
        weights: ``weight_ih`` (G·H, I), ``weight_hh`` (G·H, H), ``bias_ih`` or ``bias_hh`` (G·H).
        gates: G.
        x: (T·B, I), the inputs.
        h: (T·B, H), the states before.

    Returns:
        (T·B, G, H) for a matrix, (1, G, H) for a bias.
    """
    inputs = {"weight_ih": x, "weight_hh": h}
    moved = {name: inputs[name] @ one.T if name in inputs else one for name, one in weights.items()}
    return {name: one.reshape(-1, gates, one.shape[-1] // gates) for name, one in moved.items()}


def inner(u: Array, moved: Array) -> Array:
    """Sum ⟨u, moved⟩ over rows and units, in float64: (B, n, H) with (B, H) is (n,)."""
    by_row = np.matmul(u, moved[:, :, None])[..., 0]
    total: Array = by_row.sum(axis=0, dtype=np.float64)
    return total


def undo_hidden(folded: Folded, moved: Mapping[str, Array], batch: int) -> Undo:
    """Return the :data:`Undo` of a cell whose state is the hidden one alone.

    Args:
        folded: the way of its gradient.
        moved: what a change of each weight by its direction does to the state, (T·B, H).
        batch: B.
    """

    def undo(step: int, dstate: State, before: State | None) -> dict[str, Array]:
        rows = slice(step * batch, (step + 1) * batch)
        products = {name: inner(dstate[0], one[rows]) for name, one in moved.items()}
        if before is not None:
            folded.undo(step, dstate[0], before[0])
        return products

    return undo
