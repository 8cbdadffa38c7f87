"""Cells on top of each other, and cells that read in both directions."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from a4eval import check_ranges, param
from a4eval_rnn_bptt.arrays import Gradients, check_lengths, check_sequence
from a4eval_rnn_bptt.contract import (
    Contribution,
    Sized,
    StepGradients,
    StepTape,
    check_cell,
    gate_names,
    is_stackable,
    state_names,
)
from a4eval_rnn_bptt.layers.recurrent import Recurrent
from a4eval_rnn_bptt.unrolling import unroll, unroll_backward

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Params, State


def _resized(cell: Any, inputs: int) -> Any:
    return cell if cell.inputs == inputs else dataclasses.replace(cell, inputs=inputs)


def _check(cell: Any) -> None:
    check_cell(cell)
    if not isinstance(cell, Sized):
        raise ValueError(f"cell {type(cell).__name__} has no inputs and hidden, so it cannot be put on top of another")  # noqa: TRY004  (a config value: the builder makes a config error of a ValueError)


def _part(params: Params, suffix: str) -> dict[str, Array]:
    """Take out one layer's weights, under the cell's own names."""
    return {name.removesuffix(suffix): value for name, value in params.items() if name.endswith(suffix)}


def _forward(cell: Any, params: Params, x: Array, state: State | None) -> tuple[Array, Any]:
    own = isinstance(cell, Recurrent)
    return cell.sequence_forward(params, x, state) if own else unroll(cell, params, x, state)


def _backward(cell: Any, params: Params, tape: Any, dy: Array, dstate: State | None, *, want_dx: bool) -> Gradients:
    if isinstance(cell, Recurrent):
        return cell.sequence_backward(params, tape, dy, dstate, want_dx=want_dx)
    return unroll_backward(cell, params, tape, dy, dstate, want_dx=want_dx)


class StackedTape(NamedTuple):
    """The tapes of the layers, bottom first, and all states, top first."""

    layers: list[Any]
    states: State
    x: Array


@dataclass(kw_only=True)
class Stacked(Recurrent):
    """Layers of one cell, each reading the outputs of the one below; itself a cell.

    Weights are the cell's names with ``_l0``, ``_l1`` …, as torch calls them.
    The state is that of the top layer first, down to the bottom.
    """

    cell: Any = param("rnn", kind="layer", help="what a layer is made of")
    layers: int = param(2, help="how many", minimum=1)
    inputs: int = param(8, help="features of the input at each step", minimum=1)

    def __post_init__(self) -> None:
        check_ranges(self)
        _check(self.cell)
        widths = [self.inputs, *[self.cell.hidden] * (self.layers - 1)]
        self._cells = [_resized(self.cell, width) for width in widths]

    @property
    def stackable(self) -> bool:
        """Can it run several models at once?  When its cell can."""
        return is_stackable(self.cell)

    @property
    def hidden(self) -> int:
        """Units of a layer."""
        return int(self.cell.hidden)

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates of all layers, bottom first."""
        return tuple(f"{gate}_l{k}" for k in range(self.layers) for gate in gate_names(self.cell))

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of the state's arrays, top layer first."""
        names = state_names(self.cell, self.state_count // self.layers)
        return tuple(f"{name}_l{k}" for k in reversed(range(self.layers)) for name in names)

    @property
    def state_count(self) -> int:
        """How many arrays the state has."""
        return self.layers * self._count(_part(self.init(np.random.default_rng(0)), "_l0"))

    def _count(self, params: Params) -> int:
        return len(self._cells[0].initial_state(params, 1))

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights, bottom layer first."""
        return {f"{name}_l{k}": value for k, cell in enumerate(self._cells) for name, value in cell.init(rng).items()}

    def initial_state(self, params: Params, rows: int) -> State:
        """Return the cells' initial states, top first."""
        parts = [cell.initial_state(_part(params, f"_l{k}"), rows) for k, cell in enumerate(self._cells)]
        return tuple(one for part in reversed(parts) for one in part)

    def _split(self, state: State) -> list[State]:
        """Cut a state into the layers', bottom first."""
        count = len(state) // self.layers
        return [state[k * count : (k + 1) * count] for k in reversed(range(self.layers))]

    def sequence_forward(self, params: Params, x: Array, state: State | None) -> tuple[Array, StackedTape]:
        """Run layer after layer over the whole sequence."""
        starts = [None] * self.layers if state is None else self._split(state)
        tapes, y = [], x
        for k, (cell, start) in enumerate(zip(self._cells, starts, strict=True)):
            y, tape = _forward(cell, _part(params, f"_l{k}"), y, start)
            tapes.append(tape)
        states = tuple(one for tape in reversed(tapes) for one in tape.states)
        return y, StackedTape(tapes, states, x)

    def sequence_backward(
        self, params: Params, tape: StackedTape, dy: Array, dstate: State | None, *, want_dx: bool
    ) -> Gradients:
        """Backpropagate layer after layer, from the top."""
        ends = [None] * self.layers if dstate is None else self._split(dstate)
        gradients: dict[str, Array] = {}
        states: list[Array] = []
        below: Array | None = dy
        for k in reversed(range(self.layers)):
            assert below is not None, "every layer but the first was asked for dx"
            layer = _part(params, f"_l{k}")
            got = _backward(self._cells[k], layer, tape.layers[k], below, ends[k], want_dx=want_dx or k > 0)
            gradients |= {f"{name}_l{k}": value for name, value in got.params.items()}
            states += got.state
            below = got.x
        return Gradients({name: gradients[name] for name in params if name in gradients}, below, tuple(states))

    def step(self, params: Params, x: Array, state: State) -> tuple[State, StepTape]:
        """Do one step of every layer."""
        after: list[State] = []
        tapes: list[Array] = []
        for k, (cell, start) in enumerate(zip(self._cells, self._split(state), strict=True)):
            new, tape = cell.step(_part(params, f"_l{k}"), x, start)
            after.append(new)
            tapes += tape
            x = new[0]
        return tuple(one for new in reversed(after) for one in new), tuple(tapes)

    def step_backward(self, params: Params, tape: StepTape, dstate: State, *, want_dx: bool = True) -> StepGradients:
        """Undo one step of every layer, from the top."""
        count = len(tape) // self.layers
        parts: dict[str, Contribution] = {}
        states: list[Array] = []
        ends = self._split(dstate)
        dx = None
        for k in reversed(range(self.layers)):
            end = ends[k] if dx is None else (ends[k][0] + dx, *ends[k][1:])
            own = tape[k * count : (k + 1) * count]
            undone = self._cells[k].step_backward(_part(params, f"_l{k}"), own, end, want_dx=want_dx or k > 0)
            parts |= {f"{name}_l{k}": part for name, part in undone.params.items()}
            states += undone.state
            dx = undone.x
        order = sorted(parts, key=lambda name: int(name.rpartition("_l")[2]))
        return StepGradients({name: parts[name] for name in order}, dx, tuple(states))


class BidirectionalTape(NamedTuple):
    """For each layer the tapes of its two directions; and how long each sequence is."""

    layers: list[tuple[Any, Any]]
    lengths: Array | None


@dataclass(kw_only=True)
class Bidirectional:
    """Layers of one cell that read in both directions; the outputs (T, B, 2H) are the forward and the backward ones.

    Weights are the cell's names with ``_l0`` and ``_l0_reverse``, as torch calls them.
    What comes later influences what came before, so it can be trained but not taken apart in time.
    """

    batch_axis: ClassVar[int] = 1

    cell: Any = param("rnn", kind="layer", help="what a layer is made of")
    layers: int = param(1, help="how many", minimum=1)
    inputs: int = param(8, help="features of the input at each step", minimum=1)

    def __post_init__(self) -> None:
        check_ranges(self)
        _check(self.cell)
        widths = [self.inputs, *[2 * self.cell.hidden] * (self.layers - 1)]
        if not isinstance(self.cell, Recurrent):
            name = type(self.cell).__name__
            raise ValueError(f"cell {name} does not derive from Recurrent, which reading backwards needs")  # noqa: TRY004  (a config value: the builder makes a config error of a ValueError)
        self._cells = [_resized(self.cell, width) for width in widths]

    @property
    def stackable(self) -> bool:
        """Can it run several models at once?  When its cell can."""
        return is_stackable(self.cell)

    def example(self, rng: np.random.Generator) -> Array:
        """Return a small valid input: five steps of three sequences."""
        return rng.standard_normal((5, 3, self.inputs))

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights, bottom layer first, forward before backward."""
        return {
            f"{name}_l{k}{direction}": value
            for k, cell in enumerate(self._cells)
            for direction in ("", "_reverse")
            for name, value in cell.init(rng).items()
        }

    def forward(self, params: Params, x: Array, *, lengths: Any = None) -> tuple[Array, BidirectionalTape]:
        """Run over sequences.

        Args:
            params: the weights.
            x: (T, B, inputs), or (M, T, B, inputs).
            lengths: (B,), how many leading steps of each sequence are real; the backward direction starts there.
        """
        lengths = check_lengths(lengths, np.shape(x))
        x = check_sequence(x, self.inputs, lengths)
        tapes = []
        for k, cell in enumerate(self._cells):
            ahead, one = cell.forward(_part(params, f"_l{k}"), x, lengths=lengths)
            back, other = cell.forward(_part(params, f"_l{k}_reverse"), reverse(x, lengths), lengths=lengths)
            x = np.concatenate((ahead, reverse(back, lengths)), axis=-1)
            tapes.append((one, other))
        return x, BidirectionalTape(tapes, lengths)

    def gradients(self, params: Params, tape: BidirectionalTape, dy: Array, *, want_dx: bool = True) -> Gradients:
        """Backpropagate layer after layer, from the top."""
        gradients: dict[str, Array] = {}
        hidden = self.cell.hidden
        for k in reversed(range(self.layers)):
            want = want_dx or k > 0
            one, other = tape.layers[k]
            back = np.ascontiguousarray(reverse(dy[..., hidden:], tape.lengths))
            ahead = np.ascontiguousarray(dy[..., :hidden])
            got = self._cells[k].gradients(_part(params, f"_l{k}"), one, ahead, want_dx=want)
            theirs = self._cells[k].gradients(_part(params, f"_l{k}_reverse"), other, back, want_dx=want)
            gradients |= {f"{name}_l{k}": value for name, value in got.params.items()}
            gradients |= {f"{name}_l{k}_reverse": value for name, value in theirs.params.items()}
            dy = got.x + reverse(theirs.x, tape.lengths) if want else dy
        return Gradients({name: gradients[name] for name in params}, dy if want_dx else None, ())

    def backward(self, params: Params, tape: BidirectionalTape, dy: Array) -> tuple[dict[str, Array], Array]:
        """Return ``(dparams, dx)``, as the layer contract has it."""
        gradients = self.gradients(params, tape, dy)
        assert gradients.x is not None, "it was asked for"
        return gradients.params, gradients.x


def reverse(x: Array, lengths: Array | None) -> Array:
    """Turn the real steps of each sequence around; what is past its length stays.

    Args:
        x: (…, T, B, I).
        lengths: (B,), or None for all steps.

    >>> reverse(np.arange(3.0).reshape(3, 1, 1), np.array([2])).ravel()
    array([1., 0., 2.])
    """
    if lengths is None:
        return x[..., ::-1, :, :]
    steps = np.arange(x.shape[-3])[:, None]
    source = np.where(steps < lengths, lengths - 1 - steps, steps)
    turned: Array = x[..., source, np.arange(x.shape[-2]), :]
    return turned
