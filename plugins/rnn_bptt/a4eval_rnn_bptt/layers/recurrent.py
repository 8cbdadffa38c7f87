"""What a recurrent layer must offer to be taken apart in time: :class:`Cell`.  Any plugin may bring one.

A cell is an ordinary layer (``init``, ``forward``, ``backward``) that can also do one step and undo one step.
That is enough for every task here.  A stranger's cell that derives from :class:`Recurrent` writes the two step
methods and gets ``forward`` and ``backward`` over sequences for free; deriving from it is not required.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np

from a4eval_rnn_bptt.arrays import (
    Array,
    Gradients,
    Params,
    State,
    check_lengths,
    check_sequence,
    check_state,
    outer_sum,
    sequence_buffer,
    time_first,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

StepTape: TypeAlias = tuple[Array, ...]
"""What ``step_backward`` needs of one step: arrays with the batch in front, so tapes of many steps concatenate."""

Contribution: TypeAlias = tuple[Array, Array] | Array
"""One step's part of a weight's gradient, by row of the batch.

``(delta, input)``, (N, G) and (N, I), for a matrix that maps the input to where delta arrives: the part is the outer
product.  An array (N, *weight.shape) for anything else, such as a bias.
"""


class StepGradients(NamedTuple):
    """What undoing one step gives.

    Args:
        params: each weight's :data:`Contribution`; the *immediate* derivative: the state before counts as constant.
        x: (N, I), or None where it was not asked for.
        state: the gradient of the state before the step.
    """

    params: dict[str, Contribution]
    x: Array | None
    state: State


Undo: TypeAlias = "Callable[[int, State, State | None], dict[str, Array]]"
"""Undo one step for n losses at once.

Given the step, the gradients of the state after it, each (B, n, size), which may be overwritten, and arrays of that
shape to fill with those of the state before, or None where nobody needs those.  Returns for every weight the n inner
products of the step's part of its gradient with a fixed direction, summed over the rows, (n,) float64.
"""


@runtime_checkable
class Cell(Protocol):
    """A recurrent layer that can do and undo one step.

    The output of a step is the first array of its state.
    All methods are pure; a batch row never influences another, so rows may come from different steps.

    A cell may also have ``fold(params, tape, directions, batch, losses)``, which returns an :data:`Undo` for the steps
    of a tape, or None: shares are then found in fewer operations than with ``step_backward`` for every pair of steps.
    """

    def example(self, rng: np.random.Generator) -> Array:
        """Return a small valid input, (T, B, I); its I is how many features the layer takes."""

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Return freshly initialised weights."""

    def forward(self, params: Params, x: Array) -> tuple[Array, Any]:
        """Return the outputs (T, B, H) and a tape."""

    def backward(self, params: Params, tape: Any, dy: Array) -> tuple[dict[str, Array], Array]:
        """Return the gradients of the weights and of ``x``."""

    def initial_state(self, params: Params, rows: int) -> State:
        """Return the state before the first step, each array (rows, size)."""

    def step(self, params: Params, x: Array, state: State) -> tuple[State, StepTape]:
        """Do one step for the rows of *x*, (N, I)."""

    def step_backward(self, params: Params, tape: StepTape, dstate: State, *, want_dx: bool = True) -> StepGradients:
        """Undo it: from the gradient of the state after the step to those of weights, input and state before."""


def check_cell(layer: Any) -> None:
    """Raise a ValueError that says what is missing unless *layer* can do and undo one step."""
    needed = ("init", "example", "forward", "backward", "initial_state", "step", "step_backward")
    missing = [name for name in needed if not callable(getattr(layer, name, None))]
    if missing:
        raise ValueError(f"layer {type(layer).__name__} cannot be taken apart in time: it has no {', '.join(missing)}")


@dataclass(frozen=True)
class SequenceTape:
    """The tape of a pass over a sequence: the kernel's own tape, and how long each sequence is."""

    inner: Any
    lengths: Array | None

    @property
    def final_state(self) -> State:
        """The state after the last real step of each sequence, each (…, B, H)."""
        if self.lengths is None:
            return tuple(one[..., -1, :, :] for one in self.inner.states)
        row = np.arange(len(self.lengths))
        return tuple(one[..., self.lengths, row, :] for one in self.inner.states)


class UnrolledTape(NamedTuple):
    """The tape of the plain loop over ``step``."""

    steps: list[StepTape]
    states: State
    x: Array


@dataclass(kw_only=True)
class Recurrent:
    """A base for cells: checks, masks and, unless a kernel replaces it, the loop over ``step`` in both directions."""

    batch_axis: ClassVar[int] = 1

    def sequence_forward(self, params: Params, x: Array, state: State | None) -> tuple[Array, Any]:
        """Run over a checked sequence; a cell with a fast kernel overrides this and ``sequence_backward``."""
        return unroll(self, params, x, state)  # type: ignore[arg-type]  # the steps come from the subclass

    def sequence_backward(  # noqa: D102  (see sequence_forward)
        self, params: Params, tape: Any, dy: Array, dstate: State | None, *, want_dx: bool
    ) -> Gradients:
        return unroll_backward(self, params, tape, dy, dstate, want_dx=want_dx)  # type: ignore[arg-type]  # as above

    def forward(
        self, params: Params, x: Array, *, state: State | None = None, lengths: Any = None
    ) -> tuple[Array, SequenceTape]:
        """Run over a sequence.

        Args:
            params: the weights, as ``init`` gives them; with an axis M in front for M models at once.
            x: (T, B, inputs), time first; (M, T, B, inputs) for M models.
            state: the state before the first step; zeros where None.
            lengths: (B,) whole numbers, how many leading steps of each sequence are real; all where None.

        Returns:
            The outputs (T, B, H), zero past each length, and the tape.

        Raises:
            ValueError: no step, a value that is not finite, or shapes that disagree.
        """
        x = check_sequence(x, getattr(self, "inputs", None))
        if lengths is not None:
            lengths = check_lengths(lengths, *x.shape[-3:-1])
            x = np.where(_real(lengths, x.shape[-3]), x, 0)
        y, inner = self.sequence_forward(params, x, state)
        if lengths is not None:
            # what a row does past its length touches nothing: its outputs are masked here and their gradients below
            y = np.where(_real(lengths, x.shape[-3]), y, 0)
        return y, SequenceTape(inner, lengths)

    def gradients(
        self, params: Params, tape: SequenceTape, dy: Array, *, dstate: State | None = None, want_dx: bool = True
    ) -> Gradients:
        """Backpropagate through the whole sequence, giving the gradient of the initial state as well.

        Args:
            params: as given to ``forward``.
            tape: from ``forward``.
            dy: the gradient of a scalar with respect to the outputs.
            dstate: and with respect to the final state, besides the one through ``dy``.
            want_dx: also the gradient of the input.

        Raises:
            ValueError: *dy* has another shape than the outputs, or *dstate* comes together with lengths.
        """
        expected = (*tape.inner.x.shape[:-1], dy.shape[-1])
        if dy.shape != expected:
            raise ValueError(f"dy has shape {dy.shape}, expected {expected}, that of the outputs")
        if tape.lengths is not None:
            if dstate is not None:
                raise ValueError("with lengths, put the gradient of the final output into dy; dstate must be None")
            dy = np.where(_real(tape.lengths, dy.shape[-3]), dy, 0)
        return self.sequence_backward(params, tape.inner, dy, dstate, want_dx=want_dx)

    def backward(self, params: Params, tape: SequenceTape, dy: Array) -> tuple[dict[str, Array], Array]:
        """Return ``(dparams, dx)``, as the layer contract has it."""
        gradients = self.gradients(params, tape, dy)
        assert gradients.x is not None, "it was asked for"
        return gradients.params, gradients.x

    def example(self, rng: np.random.Generator) -> Array:
        """Return a small valid input: five steps of three sequences."""
        return rng.standard_normal((5, 3, self.inputs))  # type: ignore[attr-defined]  # a field of every subclass


def _real(lengths: Array, steps: int) -> Array:
    """Return (T, B, 1) bool: is this step of this sequence a real one?"""
    real: Array = (np.arange(steps)[:, None] < lengths)[..., None]
    return real


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
        return outer_sum(np.concatenate(deltas, axis=-2), np.concatenate(inputs, axis=-2))
    total: Array = np.sum([np.sum(part, axis=row_axis) for part in listed], axis=0)
    return total
