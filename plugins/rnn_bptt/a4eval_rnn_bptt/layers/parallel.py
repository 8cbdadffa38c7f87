"""Gated cells whose gates do not see the state, so that whole sequences could be scanned in parallel."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, ClassVar

from a4eval import param
from a4eval_rnn_bptt.contract import StepGradients, StepTape
from a4eval_rnn_bptt.kernels.gates import sigmoid
from a4eval_rnn_bptt.layers.base import InputLayer, from_input, gradients_of_input

if TYPE_CHECKING:
    import numpy as np

    from a4eval_rnn_bptt.arrays import Array, Params, State


@dataclass(kw_only=True)
class MinGru(InputLayer):
    """h = (1 − z)·h' + z·n with z = σ(W_z x + b_z) and n = W_n x + b_n.

    Source: Feng et al. 2024, "Were RNNs all we needed?", arXiv 2410.01201, section 3.1.
    ``weight_ih`` and ``bias_ih`` hold the blocks z, n.
    """

    gates: ClassVar[tuple[str, ...]] = ("update", "new")

    update_bias: float | None = param(
        None,
        help="the update gate's bias; negative keeps the past; None draws it like the others",
        above=-inf,
        below=inf,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.bias and self.update_bias is not None:
            raise ValueError("bias is false: update_bias needs it")

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights."""
        params = {"weight_ih": self.input_weights(rng, 2)}
        if self.bias:
            params["bias_ih"] = self.biases(rng, 2)
            if self.update_bias is not None:
                params["bias_ih"][: self.hidden] = self.update_bias
        return params

    def step(self, params: Params, x: Array, state: State) -> tuple[State, StepTape]:
        """Do one step for the rows of *x*."""
        (h,) = state
        z, n = from_input(params, x, 2)
        z = sigmoid(z)
        return (h + z * (n - h),), (x, z, (n - h) * (z * (1 - z)))

    def step_backward(self, params: Params, tape: StepTape, dstate: State, *, want_dx: bool = True) -> StepGradients:
        """Undo one step."""
        x, z, slope_z = tape
        (dh,) = dstate
        parts, dx = gradients_of_input(params, x, (dh * slope_z, dh * z), want_dx=want_dx)
        return StepGradients(parts, dx, (dh * (1 - z),))


@dataclass(kw_only=True)
class MinLstm(InputLayer):
    """h = (f·h' + i·n)/(f + i) with f = σ(W_f x + b_f), i = σ(W_i x + b_i) and n = W_n x + b_n.

    Source: Feng et al. 2024, "Were RNNs all we needed?", arXiv 2410.01201, section 3.2.
    ``weight_ih`` and ``bias_ih`` hold the blocks f, i, n.
    """

    gates: ClassVar[tuple[str, ...]] = ("forget", "input", "new")

    forget_bias: float | None = param(
        None, help="the forget gate's bias; None draws it like the others", above=-inf, below=inf
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.bias and self.forget_bias is not None:
            raise ValueError("bias is false: forget_bias needs it")

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights."""
        params = {"weight_ih": self.input_weights(rng, 3)}
        if self.bias:
            params["bias_ih"] = self.biases(rng, 3)
            if self.forget_bias is not None:
                params["bias_ih"][: self.hidden] = self.forget_bias
        return params

    def step(self, params: Params, x: Array, state: State) -> tuple[State, StepTape]:
        """Do one step for the rows of *x*."""
        (h,) = state
        f, i, n = from_input(params, x, 3)
        f, i = sigmoid(f), sigmoid(i)
        kept, new = f / (f + i), i / (f + i)
        slope = (h - n) * kept * new  # what dh meets on its way to the logarithm of f, and −1 times to that of i
        return (kept * h + new * n,), (x, kept, new, slope * (1 - f), -slope * (1 - i))

    def step_backward(self, params: Params, tape: StepTape, dstate: State, *, want_dx: bool = True) -> StepGradients:
        """Undo one step."""
        x, kept, new, slope_f, slope_i = tape
        (dh,) = dstate
        parts, dx = gradients_of_input(params, x, (dh * slope_f, dh * slope_i, dh * new), want_dx=want_dx)
        return StepGradients(parts, dx, (dh * kept,))
