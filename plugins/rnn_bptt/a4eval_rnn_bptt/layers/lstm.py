"""The LSTM as a layer, with its peephole and coupled-gate variants."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from a4eval import param
from a4eval_rnn_bptt.contract import Contribution, StepGradients, StepTape, Undo
from a4eval_rnn_bptt.initialisation import chrono_bias
from a4eval_rnn_bptt.kernels.folding import Folded, along, inner
from a4eval_rnn_bptt.kernels.gates import sigmoid
from a4eval_rnn_bptt.kernels.lstm import lstm_backward, lstm_forward
from a4eval_rnn_bptt.layers.base import SizedLayer, affine
from a4eval_rnn_bptt.layers.convertible import Convertible
from a4eval_rnn_bptt.layers.torch_reference import torch_pass
from a4eval_rnn_bptt.unrolling import unroll, unroll_backward

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Gradients, Params, State


@dataclass(kw_only=True)
class Lstm(Convertible, SizedLayer):
    """c = f·c' + i·g, h = o·tanh(c), with the weights of ``torch.nn.LSTM`` (gates i, f, g, o).

    With ``coupled``, f = 1 − i and there are three gates i, g, o (the CIFG of Greff et al. 2015, arXiv 1503.04069).
    With ``peephole``, i and f also see c' and o sees c, through ``weight_peephole`` (Gers & Schmidhuber 2000).
    """

    cell_name: ClassVar[Literal["rnn", "lstm", "gru"]] = "lstm"
    state_count: ClassVar[int] = 2

    forget_bias: float | None = param(
        None,
        help="the forget gate's bias: bias_ih, with bias_hh zero; None draws it like the others",
        above=-inf,
        below=inf,
    )
    chrono: int | None = param(
        None,
        help="the longest lag expected: forget biases log U(1, lag - 1), input biases their opposite",
        unit="steps",
        minimum=3,
    )
    peephole: bool = param(default=False, help="let the gates see the cell state")
    coupled: bool = param(default=False, help="forget exactly as much as is let in")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.chrono is not None and self.forget_bias is not None:
            raise ValueError("chrono and forget_bias both set the forget gate's bias: give one of them")
        if not self.bias and (self.chrono is not None or self.forget_bias is not None):
            raise ValueError("bias is false: chrono and forget_bias need it")

    @property
    def state_names(self) -> tuple[str, ...]:
        """What the arrays of the state are called."""
        return ("hidden", "cell")

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates in the order of the weights' blocks."""
        return ("input", "new", "output") if self.coupled else ("input", "forget", "new", "output")

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights."""
        count = len(self.gates)
        params = {"weight_ih": self.input_weights(rng, count), "weight_hh": self.recurrent_weights(rng, count)}
        if self.bias:
            bias_ih, bias_hh = self.biases(rng, count), self.biases(rng, count)
            set_input, set_forget = slice(0, self.hidden), slice(self.hidden, 2 * self.hidden)
            forget = None if self.forget_bias is None else np.full(self.hidden, self.forget_bias)
            if self.chrono is not None:
                forget = chrono_bias(self.hidden, self.chrono, rng)
                bias_ih[set_input], bias_hh[set_input] = -forget, 0
            if forget is not None and self.coupled:
                bias_ih[set_input], bias_hh[set_input] = -forget, 0
            elif forget is not None:
                bias_ih[set_forget], bias_hh[set_forget] = forget, 0
            params |= {"bias_ih": bias_ih, "bias_hh": bias_hh}
        if self.peephole:
            params["weight_peephole"] = rng.uniform(-1, 1, (count - 1, self.hidden)) / np.sqrt(self.hidden)
        return params

    def sequence_forward(self, params: Params, x: Array, state: State | None) -> tuple[Array, Any]:
        """Run the kernel, or for a variant the loop over steps."""
        return unroll(self, params, x, state) if self.peephole or self.coupled else lstm_forward(params, x, state)

    def sequence_backward(
        self, params: Params, tape: Any, dy: Array, dstate: State | None, *, want_dx: bool
    ) -> Gradients:
        """Run the kernel, or for a variant the loop over steps."""
        if self.peephole or self.coupled:
            return unroll_backward(self, params, tape, dy, dstate, want_dx=want_dx)
        return lstm_backward(params, tape, dy, dstate, want_dx=want_dx)

    def reference(self, framework: str, params: Params, x: Array, dy: Array) -> tuple[Array, dict[str, Array], Array]:
        """Return (y, dparams, dx) as torch computes them.

        Raises:
            ValueError: another framework, or a variant that torch does not have.
            MissingExtraError: torch is not installed.
        """
        if self.peephole or self.coupled:
            raise ValueError("torch has no LSTM with peepholes or coupled gates")
        return torch_pass(framework, "LSTM", {}, params, x, dy)

    def step(self, params: Params, x: Array, state: State) -> tuple[State, StepTape]:
        """Do one step for the rows of *x*."""
        h, c = state
        z = affine(params, x, h)
        blocks = z.reshape(*z.shape[:-1], len(self.gates), self.hidden)
        peephole = params["weight_peephole"][..., None, :, :] if self.peephole else None
        if peephole is not None:
            blocks[..., :-2, :] += peephole[..., :-1, :] * c[..., None, :]
        opened, g = sigmoid(blocks[..., :-2, :]), np.tanh(blocks[..., -2, :])
        i = opened[..., 0, :]
        f = 1 - i if self.coupled else opened[..., 1, :]
        new = f * c + i * g
        if peephole is not None:
            blocks[..., -1, :] += peephole[..., -1, :] * new
        o, squashed = sigmoid(blocks[..., -1, :]), np.tanh(new)
        slopes = np.empty_like(blocks[..., :-1, :])  # what multiplies dc on its way to each gate but the output's
        slopes[..., 0, :] = (g - c if self.coupled else g) * (i * (1 - i))
        slopes[..., -1, :] = i * (1 - g * g)
        if not self.coupled:
            slopes[..., 1, :] = c * (f * (1 - f))
        tape = (x, h, slopes, squashed * (o * (1 - o)), o * (1 - squashed * squashed), f)
        return (o * squashed, new), ((*tape, c, new) if self.peephole else tape)

    def step_backward(self, params: Params, tape: StepTape, dstate: State, *, want_dx: bool = True) -> StepGradients:
        """Undo one step."""
        x, h, slopes, slope_o, slope_c, f = tape[:6]
        dh, dc = dstate
        delta = np.empty((*dh.shape[:-1], len(self.gates), self.hidden), dh.dtype)
        np.multiply(dh, slope_o, out=delta[..., -1, :])
        dc = dc + dh * slope_c
        peephole = params["weight_peephole"][..., None, :, :] if self.peephole else None
        if peephole is not None:
            dc += delta[..., -1, :] * peephole[..., -1, :]
        np.multiply(dc[..., None, :], slopes, out=delta[..., :-1, :])
        dc *= f
        flat = delta.reshape(*dh.shape[:-1], -1)
        parts: dict[str, Contribution] = {"weight_ih": (flat, x), "weight_hh": (flat, h)}
        if self.bias:
            parts |= {"bias_ih": flat, "bias_hh": flat}
        if peephole is not None:
            c, new = tape[6:]
            dc += (delta[..., :-2, :] * peephole[..., :-1, :]).sum(-2)
            into = delta[..., :-2, :] * c[..., None, :]
            parts["weight_peephole"] = np.concatenate((into, (delta[..., -1, :] * new)[..., None, :]), axis=-2)
        dx = flat @ params["weight_ih"] if want_dx else None
        return StepGradients(parts, dx, (flat @ params["weight_hh"], dc))

    def fold(self, params: Params, tape: StepTape, directions: Params, batch: int, losses: int) -> Undo | None:
        """Prepare to undo the steps of *tape* for many losses at once; None where there are peepholes."""
        if self.peephole:
            return None
        x, h, slopes, slope_o, slope_c, f = tape
        weight = params["weight_hh"].reshape(len(self.gates), self.hidden, self.hidden)
        through_cell = Folded(weight[:-1], slopes.swapaxes(0, 1), None, batch, losses)
        through_output = Folded(weight[-1:], slope_o[None], None, batch, losses)
        moved = {
            name: (np.sum(slopes * one[:, :-1], axis=1), slope_o * one[:, -1])
            for name, one in along(directions, len(self.gates), x, h).items()
        }

        def undo(step: int, dstate: State, before: State | None) -> dict[str, Array]:
            rows = slice(step * batch, (step + 1) * batch)
            dh, dc = dstate
            spare = np.multiply(dh, slope_c[rows, None], out=None if before is None else before[1])
            dc += spare
            products = {name: inner(dc, one[rows]) + inner(dh, two[rows]) for name, (one, two) in moved.items()}
            if before is not None:
                through_cell.undo(step, dc, before[0])
                through_output.undo(step, dh, spare)
                before[0][...] += spare
                np.multiply(dc, f[rows, None], out=before[1])
            return products

        return undo
