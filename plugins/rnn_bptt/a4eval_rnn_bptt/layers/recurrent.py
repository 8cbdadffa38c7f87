"""A base for cells: checks, masks and the loop over steps, so that two step methods make a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from a4eval_rnn_bptt.arrays import Array, Gradients, Params, State, check_lengths, check_sequence, real_steps
from a4eval_rnn_bptt.contract import SequenceTape
from a4eval_rnn_bptt.layers.by_length import ByLength, backward_by_length, forward_by_length
from a4eval_rnn_bptt.unrolling import unroll, unroll_backward


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
                What x holds past a length is not looked at.

        Returns:
            The outputs (T, B, H), zero past each length, and the tape.

        Raises:
            ValueError: no step, a value that is not finite, or shapes that disagree.
        """
        lengths = check_lengths(lengths, np.shape(x))
        x = check_sequence(x, getattr(self, "inputs", None), lengths)
        if lengths is None:
            y, inner = self.sequence_forward(params, x, state)
            return y, SequenceTape(inner, None)
        with np.errstate(over="ignore", invalid="ignore"):
            y, inner = self.sequence_forward(params, x, state)
        if not all(np.isfinite(one[..., -1, :, :]).all() for one in inner.states):
            y, inner = forward_by_length(self, params, x, state, lengths)
        # what a row does past its length touches nothing: its outputs are masked here and their gradients below
        return np.where(real_steps(lengths, x.shape[-3]), y, 0), SequenceTape(inner, lengths)

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
            dy = np.where(real_steps(tape.lengths, dy.shape[-3]), dy, 0)
        if isinstance(tape.inner, ByLength):
            return backward_by_length(self, params, tape.inner, dy, want_dx=want_dx)
        return self.sequence_backward(params, tape.inner, dy, dstate, want_dx=want_dx)

    def backward(self, params: Params, tape: SequenceTape, dy: Array) -> tuple[dict[str, Array], Array]:
        """Return ``(dparams, dx)``, as the layer contract has it."""
        gradients = self.gradients(params, tape, dy)
        assert gradients.x is not None, "it was asked for"
        return gradients.params, gradients.x

    def example(self, rng: np.random.Generator) -> Array:
        """Return a small valid input: five steps of three sequences."""
        return rng.standard_normal((5, 3, self.inputs))  # type: ignore[attr-defined]  # a field of every subclass
