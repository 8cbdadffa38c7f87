"""The GRU as a layer, in both conventions of the reset gate, and the minimal gated unit."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from a4eval import param
from a4eval_rnn_bptt.contract import Contribution, StepGradients, StepTape, Undo
from a4eval_rnn_bptt.initialisation import chrono_bias
from a4eval_rnn_bptt.kernels.folding import Folded, along, undo_hidden
from a4eval_rnn_bptt.kernels.gates import sigmoid
from a4eval_rnn_bptt.kernels.gru import gru_backward, gru_forward
from a4eval_rnn_bptt.layers.base import SizedLayer
from a4eval_rnn_bptt.layers.convertible import Convertible
from a4eval_rnn_bptt.layers.torch_reference import torch_pass
from a4eval_rnn_bptt.unrolling import unroll, unroll_backward

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Gradients, Params, State


@dataclass(kw_only=True)
class Gru(Convertible, SizedLayer):
    """h = (1 − z)·n + z·h', with gates r, z, n.

    With ``reset_after`` (torch's only convention and Keras's default) the reset gate acts after the matrix product:
    n = tanh(W_in x + b_in + r·(W_hn h' + b_hn)), and the weights are those of ``torch.nn.GRU``.
    Without it (Cho et al. 2014; Keras's ``reset_after=False``) n = tanh(W_in x + b_in + W_hn (r·h')): ``weight_hh``
    then holds r and z alone, W_hn is ``weight_hn``, and there is the one bias ``bias_ih``.
    """

    cell_name: ClassVar[Literal["rnn", "lstm", "gru"]] = "gru"
    gates: ClassVar[tuple[str, ...]] = ("reset", "update", "new")

    update_bias: float | None = param(
        None,
        help="the update gate's bias: bias_ih, with bias_hh zero; None draws it like the others",
        above=-inf,
        below=inf,
    )
    chrono: int | None = param(
        None, help="the longest lag expected: update biases log U(1, lag - 1)", unit="steps", minimum=3
    )
    reset_after: bool = param(default=True, help="apply the reset gate after the matrix product, as torch does")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.chrono is not None and self.update_bias is not None:
            raise ValueError("chrono and update_bias both set the update gate's bias: give one of them")
        if not self.bias and (self.chrono is not None or self.update_bias is not None):
            raise ValueError("bias is false: chrono and update_bias need it")

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights."""
        params = {"weight_ih": self.input_weights(rng, 3)}
        if self.reset_after:
            params["weight_hh"] = self.recurrent_weights(rng, 3)
        else:
            params |= {"weight_hh": self.recurrent_weights(rng, 2), "weight_hn": self.recurrent_weights(rng, 1)}
        if self.bias:
            params["bias_ih"] = self.biases(rng, 3)
            update = slice(self.hidden, 2 * self.hidden)
            if self.reset_after:
                params["bias_hh"] = self.biases(rng, 3)
            if self.update_bias is not None or self.chrono is not None:
                drawn = None if self.chrono is None else chrono_bias(self.hidden, self.chrono, rng)
                params["bias_ih"][update] = self.update_bias if drawn is None else drawn
                if self.reset_after:
                    params["bias_hh"][update] = 0
        return params

    def sequence_forward(self, params: Params, x: Array, state: State | None) -> tuple[Array, Any]:
        """Run the kernel, or the loop over steps where the reset comes before."""
        return gru_forward(params, x, state) if self.reset_after else unroll(self, params, x, state)

    def sequence_backward(
        self, params: Params, tape: Any, dy: Array, dstate: State | None, *, want_dx: bool
    ) -> Gradients:
        """Run the kernel, or the loop over steps where the reset comes before."""
        if self.reset_after:
            return gru_backward(params, tape, dy, dstate, want_dx=want_dx)
        return unroll_backward(self, params, tape, dy, dstate, want_dx=want_dx)

    def reference(self, framework: str, params: Params, x: Array, dy: Array) -> tuple[Array, dict[str, Array], Array]:
        """Return (y, dparams, dx) as torch computes them.

        Raises:
            ValueError: another framework, or a variant that torch does not have.
            MissingExtraError: torch is not installed.
        """
        if not self.reset_after:
            raise ValueError("torch has no GRU that resets before the matrix product")
        return torch_pass(framework, "GRU", {}, params, x, dy)

    def step(self, params: Params, x: Array, state: State) -> tuple[State, StepTape]:
        """Do one step for the rows of *x*."""
        (h,) = state
        two = 2 * self.hidden
        from_x = x @ params["weight_ih"].swapaxes(-1, -2)
        from_h = h @ params["weight_hh"].swapaxes(-1, -2)
        if self.bias:
            from_x += params["bias_ih"][..., None, :]
        if self.bias and self.reset_after:
            from_h += params["bias_hh"][..., None, :]
        rz = sigmoid(from_x[..., :two] + from_h[..., :two])
        r, z = rz[..., : self.hidden], rz[..., self.hidden :]
        if self.reset_after:
            recurrent = from_h[..., two:]
            n = np.tanh(from_x[..., two:] + r * recurrent)
            slope_r = recurrent * (r * (1 - r))
        else:
            n = np.tanh(from_x[..., two:] + (r * h) @ params["weight_hn"].swapaxes(-1, -2))
            slope_r = h * (r * (1 - r))
        slope_n, slope_z = (1 - z) * (1 - n * n), (h - n) * (z * (1 - z))
        return (n + z * (h - n),), (x, h, slope_n, slope_z, slope_r, r, z)

    def step_backward(self, params: Params, tape: StepTape, dstate: State, *, want_dx: bool = True) -> StepGradients:
        """Undo one step."""
        x, h, slope_n, slope_z, slope_r, r, z = tape
        (dh,) = dstate
        dn, dz = dh * slope_n, dh * slope_z
        parts: dict[str, Contribution]
        before = dh * z
        if self.reset_after:
            dr = dn * slope_r
            from_h = np.concatenate((dr, dz, dn * r), axis=-1)
            parts = {"weight_hh": (from_h, h)}
            before += from_h @ params["weight_hh"]
        else:
            back = dn @ params["weight_hn"]
            dr = back * slope_r
            from_h = np.concatenate((dr, dz), axis=-1)
            parts = {"weight_hh": (from_h, h), "weight_hn": (dn, r * h)}
            before += from_h @ params["weight_hh"] + back * r
        from_x = np.concatenate((dr, dz, dn), axis=-1)
        parts["weight_ih"] = (from_x, x)
        if self.bias:
            parts["bias_ih"] = from_x
        if self.bias and self.reset_after:
            parts["bias_hh"] = from_h
        dx = from_x @ params["weight_ih"] if want_dx else None
        return StepGradients(parts, dx, (before,))

    def fold(self, params: Params, tape: StepTape, directions: Params, batch: int, losses: int) -> Undo | None:
        """Prepare to undo the steps of *tape* for many losses at once; None where the reset comes before."""
        if not self.reset_after:
            return None
        x, h, slope_n, slope_z, slope_r, r, z = tape
        at_x = np.stack((slope_n * slope_r, slope_z, slope_n))
        at_h = np.stack((at_x[0], slope_z, slope_n * r))
        weight = params["weight_hh"].reshape(3, self.hidden, self.hidden)
        folded = Folded(weight, at_h, z, batch, losses)
        moved = {
            name: np.sum((at_h if name.endswith("hh") else at_x) * one.swapaxes(0, 1), axis=0)
            for name, one in along(directions, 3, x, h).items()
        }
        return undo_hidden(folded, moved, batch)


@dataclass(kw_only=True)
class MinimalGatedUnit(SizedLayer):
    """h = (1 − f)·h' + f·tanh(W_n x + b_n + W_hn (f·h')), f = σ(W_f x + b_f + W_hh h').

    Source: Zhou et al. 2016, "Minimal gated unit for recurrent neural networks", arXiv 1603.09420.
    ``weight_ih`` and ``bias_ih`` hold the blocks f, n.
    """

    gates: ClassVar[tuple[str, ...]] = ("forget", "new")

    forget_bias: float | None = param(
        None, help="the gate's bias; negative keeps the past; None draws it like the others", above=-inf, below=inf
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.bias and self.forget_bias is not None:
            raise ValueError("bias is false: forget_bias needs it")

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights."""
        params = {
            "weight_ih": self.input_weights(rng, 2),
            "weight_hh": self.recurrent_weights(rng, 1),
            "weight_hn": self.recurrent_weights(rng, 1),
        }
        if self.bias:
            params["bias_ih"] = self.biases(rng, 2)
            if self.forget_bias is not None:
                params["bias_ih"][: self.hidden] = self.forget_bias
        return params

    def step(self, params: Params, x: Array, state: State) -> tuple[State, StepTape]:
        """Do one step for the rows of *x*."""
        (h,) = state
        from_x = x @ params["weight_ih"].swapaxes(-1, -2)
        if self.bias:
            from_x += params["bias_ih"][..., None, :]
        f = sigmoid(from_x[..., : self.hidden] + h @ params["weight_hh"].swapaxes(-1, -2))
        n = np.tanh(from_x[..., self.hidden :] + (f * h) @ params["weight_hn"].swapaxes(-1, -2))
        return (h + f * (n - h),), (x, h, f, n)

    def step_backward(self, params: Params, tape: StepTape, dstate: State, *, want_dx: bool = True) -> StepGradients:
        """Undo one step."""
        x, h, f, n = tape
        (dh,) = dstate
        dn = dh * f * (1 - n * n)
        back = dn @ params["weight_hn"]
        df = (dh * (n - h) + back * h) * (f * (1 - f))
        delta = np.concatenate((df, dn), axis=-1)
        parts: dict[str, Contribution] = {"weight_ih": (delta, x), "weight_hh": (df, h), "weight_hn": (dn, f * h)}
        if self.bias:
            parts["bias_ih"] = delta
        dx = delta @ params["weight_ih"] if want_dx else None
        return StepGradients(parts, dx, (dh * (1 - f) + back * f + df @ params["weight_hh"],))
