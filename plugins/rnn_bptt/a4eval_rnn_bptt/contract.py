"""What a recurrent layer must offer to be taken apart in time: :class:`Cell`.  Any plugin may bring one.

A cell is an ordinary layer (``init``, ``forward``, ``backward``) that can also do one step and undo one step.
That is enough for every task here.  A stranger's cell that derives from :class:`Recurrent` writes the two step
methods and gets ``forward`` and ``backward`` over sequences for free; deriving from it is not required.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np

from a4eval_rnn_bptt.arrays import Array, Gradients, Params, State

if TYPE_CHECKING:
    from collections.abc import Callable

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


@runtime_checkable
class Foldable(Protocol):
    """A cell that can undo one step for many losses at once; see :class:`Cell`."""

    def fold(self, params: Params, tape: StepTape, directions: Params, batch: int, losses: int) -> Undo | None:
        """Prepare to undo the steps of *tape* for many losses at once; None where these parameters cannot."""


@runtime_checkable
class Sized(Protocol):
    """A cell that can be put on top of another."""

    inputs: int
    hidden: int


@runtime_checkable
class Layered(Protocol):
    """A cell made of layers of another."""

    cell: Any
    layers: int


@runtime_checkable
class Sparing(Protocol):
    """A layer that can leave out the gradient of the input, which training has no use for."""

    def gradients(self, params: Params, tape: Any, dy: Array, *, want_dx: bool = True) -> Gradients:
        """Backpropagate through the whole sequence."""


def is_stackable(layer: Any) -> bool:
    """Do its methods take weights and arrays of M models with the model axis in front?  It says so itself."""
    return bool(getattr(layer, "stackable", False))


def gate_names(cell: Any) -> tuple[str, ...]:
    """Return the gates in the order of the weights' blocks; none where the cell names none."""
    names: tuple[str, ...] = getattr(cell, "gates", ())
    return names


def state_names(cell: Any, count: int) -> tuple[str, ...]:
    """Return what the *count* arrays of the state are called: as the cell says, else by number."""
    names: tuple[str, ...] = getattr(cell, "state_names", tuple(f"state_{index}" for index in range(count)))
    return names


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
