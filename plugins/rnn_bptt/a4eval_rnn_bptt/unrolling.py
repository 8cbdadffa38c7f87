"""The plain loop over a cell's steps, in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from a4eval_rnn_bptt.arrays import Array, Gradients, Params, State, check_state
from a4eval_rnn_bptt.kernels.memory import sequence_buffer, time_first

if TYPE_CHECKING:
    from collections.abc import Iterable

    from a4eval_rnn_bptt.contract import Cell, Contribution, StepTape


class UnrolledTape(NamedTuple):
    """The tape of the plain loop over ``step``."""

    steps: list[StepTape]
    states: State
    x: Array


def unroll(cell: Cell, params: Params, x: Array, state: State | None = None) -> tuple[Array, UnrolledTape]:
    """Run any cell over a sequence (…, T, B, I), one ``step`` after the other."""
    *lead, steps, batch, _ = x.shape
    start = cell.initial_state(params, batch)
    if state is not None:
        if len(state) != len(start):
            raise ValueError(
                f"the state has arrays of shapes {[one.shape for one in state]}, expected {len(start)} arrays"
            )
        pairs = zip(state, start, strict=True)
        start = tuple(check_state((one,), 1, (*lead, batch, zero.shape[-1]), x.dtype)[0] for one, zero in pairs)
    states = tuple(sequence_buffer(lead, steps + 1, batch, one.shape[-1], x.dtype) for one in start)
    by_step = [time_first(one) for one in states]
    for buffer, one in zip(by_step, start, strict=True):
        buffer[0] = one
    tapes = []
    cast = {name: value.astype(x.dtype, copy=False) for name, value in params.items()}
    for t in range(steps):
        # the step is given views of the buffers, so a tape that keeps its state keeps no copy of it
        new, tape = cell.step(cast, x[..., t, :, :], tuple(buffer[t] for buffer in by_step))
        for buffer, one in zip(by_step, new, strict=True):
            buffer[t + 1] = one
        tapes.append(tape)
    return states[0][..., 1:, :, :], UnrolledTape(tapes, states, x)


def unroll_backward(
    cell: Cell, params: Params, tape: UnrolledTape, dy: Array, dstate: State | None = None, *, want_dx: bool = True
) -> Gradients:
    """Backpropagate through what :func:`unroll` did, one ``step_backward`` after the other."""
    dtype = tape.x.dtype
    cast = {name: value.astype(dtype, copy=False) for name, value in params.items()}
    final = tuple(one[..., -1, :, :] for one in tape.states)
    carried = tuple(np.zeros_like(one) for one in final) if dstate is None else dstate
    parts: list[dict[str, Contribution]] = []
    dx = np.empty_like(tape.x) if want_dx else None
    for t in range(len(tape.steps) - 1, -1, -1):
        carried = (carried[0] + dy[..., t, :, :], *carried[1:])
        gradients = cell.step_backward(cast, tape.steps[t], carried, want_dx=want_dx)
        parts.append(gradients.params)
        carried = gradients.state
        if dx is not None and gradients.x is not None:
            dx[..., t, :, :] = gradients.x
    # a weight that took no part in a step has no entry there
    names = [name for name in params if any(name in part for part in parts)]
    row_axis = tape.x.ndim - 3
    whole = {
        name: sum_contributions((part[name] for part in parts if name in part), row_axis=row_axis) for name in names
    }
    whole |= {name: np.zeros_like(cast[name]) for name in params if name not in whole}
    return Gradients({name: whole[name] for name in params}, dx, carried)


def sum_contributions(parts: Iterable[Contribution], *, row_axis: int = 0) -> Array:
    """Add up contributions over their rows: one matrix product for a matrix, one sum for anything else.

    Args:
        parts: of one weight, at any number of steps.
        row_axis: which axis counts rows in a contribution that is one array; 1 where models are stacked in front.

    >>> sum_contributions([(np.array([[1.0, 2.0]]), np.array([[3.0]])), (np.array([[0.0, 1.0]]), np.array([[5.0]]))])
    array([[ 3.],
           [11.]])
    """
    listed = list(parts)
    if isinstance(listed[0], tuple):
        deltas, inputs = zip(*listed, strict=True)
        delta, entered = np.concatenate(deltas, axis=-2), np.concatenate(inputs, axis=-2)
        outer: Array = np.matmul(delta.swapaxes(-1, -2), entered)
        return outer
    total: Array = np.sum([np.sum(part, axis=row_axis) for part in listed], axis=0)
    return total
