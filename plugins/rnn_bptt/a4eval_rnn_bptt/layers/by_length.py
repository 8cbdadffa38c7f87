"""Sequences of each length by themselves, where what a cell does past a length would overflow into the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from a4eval_rnn_bptt.arrays import Array, Gradients, Params, State

if TYPE_CHECKING:
    from collections.abc import Sequence


class SequenceLayer(Protocol):
    """A layer that runs over sequences of one length."""

    def sequence_forward(self, params: Params, x: Array, state: State | None) -> tuple[Array, Any]:
        """Run over a checked sequence."""

    def sequence_backward(
        self, params: Params, tape: Any, dy: Array, dstate: State | None, *, want_dx: bool
    ) -> Gradients:
        """Backpropagate through it."""


class ByLength(NamedTuple):
    """The tape of each length with the rows that have it, the states (zero past each length) and the input."""

    groups: Sequence[tuple[Array, int, Any]]
    states: State
    x: Array


def forward_by_length(
    layer: SequenceLayer, params: Params, x: Array, state: State | None, lengths: Array
) -> tuple[Array, ByLength]:
    """Run over (…, T, B, I), the rows of each length together and no further."""
    steps = x.shape[-3]
    groups: list[tuple[Array, int, Any]] = []
    y, states = np.empty(0), [np.empty(0)]
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        start = None if state is None else tuple(one[..., rows, :] for one in state)
        got, tape = layer.sequence_forward(params, x[..., :length, rows, :], start)
        if not groups:
            y = _empty_like(got, steps, len(lengths))
            states = [_empty_like(one, steps + 1, len(lengths)) for one in tape.states]
        y[..., :length, rows, :] = got
        for whole, one in zip(states, tape.states, strict=True):
            whole[..., : length + 1, rows, :] = one
        groups.append((rows, length, tape))
    return y, ByLength(groups, tuple(states), x)


def backward_by_length(layer: SequenceLayer, params: Params, tape: ByLength, dy: Array, *, want_dx: bool) -> Gradients:
    """Backpropagate through each group, and add up."""
    total: dict[str, Array] = {}
    dx = np.zeros_like(tape.x) if want_dx else None
    before = tuple(np.zeros_like(one[..., 0, :, :]) for one in tape.states)
    for rows, length, inner in tape.groups:
        got = layer.sequence_backward(params, inner, dy[..., :length, rows, :], None, want_dx=want_dx)
        total = {name: total[name] + one for name, one in got.params.items()} if total else got.params
        for whole, one in zip(before, got.state, strict=True):
            whole[..., rows, :] = one
        if dx is not None and got.x is not None:
            dx[..., :length, rows, :] = got.x
    return Gradients(total, dx, before)


def _empty_like(array: Array, steps: int, batch: int) -> Array:
    return np.zeros((*array.shape[:-3], steps, batch, array.shape[-1]), array.dtype)
