"""A cell along one trajectory, opened up: every step's tape side by side, so that many steps are undone at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from a4eval_rnn_bptt.arrays import Array, Params, State, check_sequence
from a4eval_rnn_bptt.contract import Cell, StepGradients, StepTape
from a4eval_rnn_bptt.unrolling import UnrolledTape, unroll


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A cell's passage over one batch.

    Args:
        cell: the cell.
        params: its weights, in the dtype of the passage.
        tape: the step tapes of all steps, concatenated along the rows: row t·B + b.
        states: s_0 … s_T, each (T + 1, B, ·).
        steps: T.
        batch: B.
    """

    cell: Cell
    params: Params
    tape: StepTape
    states: State
    steps: int
    batch: int

    @property
    def outputs(self) -> Array:
        """h_1 … h_T, (T, B, H)."""
        return self.states[0][1:]

    def undo(self, first: int, last: int, dstate: State, *, want_dx: bool = False) -> StepGradients:
        """Undo the steps first … last − 1 (from 0), each by itself.

        Args:
            first: the first step.
            last: the one after the last.
            dstate: the gradient of the state after each step, each ((last − first)·B, ·).
            want_dx: also that of the inputs.
        """
        rows = slice(first * self.batch, last * self.batch)
        return self.cell.step_backward(self.params, tuple(one[rows] for one in self.tape), dstate, want_dx=want_dx)


def follow(cell: Cell, params: Params, x: Array, state: State | None = None) -> Trajectory:
    """Run *cell* over *x* and keep what undoing any step needs.

    Args:
        cell: any recurrent layer with ``step`` and ``step_backward``.
        params: its weights.
        x: (T, B, I).
        state: the state before the first step.

    Raises:
        ValueError: *x* is not a usable sequence, or a state on the way is not finite.
    """
    x = check_sequence(x)
    if x.ndim != 3:
        raise ValueError(f"x has shape {x.shape}, expected (T, B, I): one model at a time")
    steps, batch, _ = x.shape
    with np.errstate(over="ignore", invalid="ignore"):  # said below, with the step
        _, tape = unroll(cell, params, x, state)
    for one in tape.states:
        bad = ~np.isfinite(one).all(axis=(1, 2))
        if bad.any():
            raise ValueError(f"the state overflows at step {int(np.argmax(bad))} of {steps}: scale the weights down")
    cast = {name: value.astype(x.dtype, copy=False) for name, value in params.items()}
    return Trajectory(cell, cast, _flat(tape), tape.states, steps, batch)


def _flat(tape: UnrolledTape) -> StepTape:
    """Join the step tapes, row t·B + b; a part that is the step's input or its state before is not stored again."""
    known = [(tape.x, tape.x), *((one, one[:-1]) for one in tape.states)]
    joined = []
    for parts in zip(*tape.steps, strict=True):
        for whole, before in known:
            if all(_is_step(part, whole, t) for t, part in enumerate(parts)):
                joined.append(before.reshape(-1, before.shape[-1]))
                break
        else:
            joined.append(np.concatenate(parts))
    return tuple(joined)


def _is_step(part: Array, whole: Array, t: int) -> bool:
    """Is this the very memory of step t?"""
    return part.shape == whole.shape[1:] and part.__array_interface__["data"] == whole[t].__array_interface__["data"]
