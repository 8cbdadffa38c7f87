"""The vanilla RNN as a layer."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, ClassVar, Literal

from a4eval import param
from a4eval_rnn_bptt.contract import Contribution, StepGradients, StepTape, Undo
from a4eval_rnn_bptt.initialisation import Initialisation
from a4eval_rnn_bptt.kernels.folding import Folded, along, undo_hidden
from a4eval_rnn_bptt.kernels.rnn import RnnTape, activate, rnn_backward, rnn_forward, slope
from a4eval_rnn_bptt.layers.base import SizedLayer, affine
from a4eval_rnn_bptt.layers.convertible import Convertible
from a4eval_rnn_bptt.layers.torch_reference import torch_pass

if TYPE_CHECKING:
    import numpy as np

    from a4eval_rnn_bptt.arrays import Array, Gradients, Params, State


@dataclass(kw_only=True)
class Rnn(Convertible, SizedLayer):
    """h_t = f(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), with the weights of ``torch.nn.RNN``."""

    cell_name: ClassVar[Literal["rnn", "lstm", "gru"]] = "rnn"
    gates: ClassVar[tuple[str, ...]] = ("hidden",)

    activation: Literal["tanh", "relu", "linear"] = param("tanh", help="f")

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights."""
        params = {"weight_ih": self.input_weights(rng, 1), "weight_hh": self.recurrent_weights(rng, 1)}
        if self.bias:
            params |= {"bias_ih": self.biases(rng, 1), "bias_hh": self.biases(rng, 1)}
        return params

    def sequence_forward(self, params: Params, x: Array, state: State | None) -> tuple[Array, RnnTape]:
        """Run the kernel."""
        return rnn_forward(params, x, state, activation=self.activation)

    def sequence_backward(
        self, params: Params, tape: RnnTape, dy: Array, dstate: State | None, *, want_dx: bool
    ) -> Gradients:
        """Run the kernel."""
        return rnn_backward(params, tape, dy, dstate, want_dx=want_dx)

    def reference(self, framework: str, params: Params, x: Array, dy: Array) -> tuple[Array, dict[str, Array], Array]:
        """Return (y, dparams, dx) as torch computes them.

        Raises:
            ValueError: another framework, or a variant that torch does not have.
            MissingExtraError: torch is not installed.
        """
        if self.activation == "linear":
            raise ValueError("torch has no RNN without an activation")
        return torch_pass(framework, "RNN", {"nonlinearity": self.activation}, params, x, dy)

    def step(self, params: Params, x: Array, state: State) -> tuple[State, StepTape]:
        """Do one step for the rows of *x*."""
        z = affine(params, x, state[0])
        activate(self.activation, z)
        return (z,), (x, state[0], slope(self.activation, z))

    def step_backward(self, params: Params, tape: StepTape, dstate: State, *, want_dx: bool = True) -> StepGradients:
        """Undo one step."""
        x, h, slopes = tape
        delta = dstate[0] * slopes
        parts: dict[str, Contribution] = {"weight_ih": (delta, x), "weight_hh": (delta, h)}
        if self.bias:
            parts |= {"bias_ih": delta, "bias_hh": delta}
        dx = delta @ params["weight_ih"] if want_dx else None
        return StepGradients(parts, dx, (delta @ params["weight_hh"],))

    def fold(self, params: Params, tape: StepTape, directions: Params, batch: int, losses: int) -> Undo:
        """Prepare to undo the steps of *tape* for many losses at once."""
        x, h, slopes = tape
        folded = Folded(params["weight_hh"][None], slopes[None], None, batch, losses)
        moved = {name: slopes * one[:, 0] for name, one in along(directions, 1, x, h).items()}
        return undo_hidden(folded, moved, batch)


@dataclass(kw_only=True)
class IdentityRnn(Rnn):
    """The RNN of Le, Jaitly & Hinton 2015 (arXiv 1504.00941): relu, identity recurrent weights, zero biases."""

    activation: Literal["tanh", "relu", "linear"] = param("relu", help="f")
    initialisation: Initialisation = param("identity", help="of the recurrent weights")
    input_initialisation: Initialisation = param("gaussian", help="of the input weights")
    input_gain: float = param(0.3, help="scale of the input weights", above=-inf, below=inf)
