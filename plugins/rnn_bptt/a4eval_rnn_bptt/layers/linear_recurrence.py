"""A diagonal linear recurrence: the state space layer that needs no scan to be understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from a4eval import check_ranges, param
from a4eval_rnn_bptt.contract import StepGradients, StepTape
from a4eval_rnn_bptt.layers.recurrent import Recurrent

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Params, State


@dataclass(kw_only=True)
class LinearRecurrence(Recurrent):
    """s = λ·s' + γ·(B x) in complex numbers, y = Re(C s) + D x, λ = exp(−exp(ν) + i·exp(θ)) one a mode.

    Source: Orvieto et al. 2023, "Resurrecting recurrent neural networks for long sequences", arXiv 2303.06349, the LRU
    of section 3; γ = exp(``log_scale``), which starts at √(1 − |λ|²) (equation 7).
    """

    state_count: ClassVar[int] = 3
    stackable: ClassVar[bool] = True
    gates: ClassVar[tuple[str, ...]] = ()

    inputs: int = param(8, help="features of the input at each step", minimum=1)
    hidden: int = param(16, help="width of the output", minimum=1)
    modes: int = param(16, help="complex numbers of the state", minimum=1)
    smallest: float = param(0.5, help="|λ| is drawn from here …", above=0, below=1)
    largest: float = param(0.99, help="… to here, evenly over the ring", above=0, below=1)

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.smallest < self.largest:
            raise ValueError(f"smallest: got {self.smallest}, expected less than largest, {self.largest}")

    @property
    def state_names(self) -> tuple[str, ...]:
        """What the arrays of the state are called; the output is in it, but nothing comes from it."""
        return ("output", "real", "imaginary")

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights."""
        size = np.sqrt(rng.uniform(self.smallest**2, self.largest**2, self.modes))
        params = {
            "log_decay": np.log(-np.log(size)),
            "log_angle": np.log(rng.uniform(0, 2 * np.pi, self.modes)),
            "log_scale": 0.5 * np.log1p(-(size**2)),
        }
        for name in ("real", "imaginary"):
            shape_in, shape_out = (self.modes, self.inputs), (self.hidden, self.modes)
            params[f"weight_in_{name}"] = rng.standard_normal(shape_in) / np.sqrt(2 * self.inputs)
            params[f"weight_out_{name}"] = rng.standard_normal(shape_out) / np.sqrt(self.modes)
        params["weight_skip"] = rng.standard_normal((self.hidden, self.inputs)) / np.sqrt(self.inputs)
        return params

    def initial_state(self, params: Params, rows: int) -> State:
        """Return zeros."""
        del params
        return tuple(np.zeros((rows, width)) for width in (self.hidden, self.modes, self.modes))

    def step(self, params: Params, x: Array, state: State) -> tuple[State, StepTape]:
        """Do one step for the rows of *x*."""
        _, real, imaginary = state
        size, cosine, sine, scale = _factors(params)
        in_real, in_imaginary = (x @ _turned(params, f"weight_in_{name}") for name in ("real", "imaginary"))
        new_real = size * (cosine * real - sine * imaginary) + scale * in_real
        new_imaginary = size * (cosine * imaginary + sine * real) + scale * in_imaginary
        y = new_real @ _turned(params, "weight_out_real") - new_imaginary @ _turned(params, "weight_out_imaginary")
        y += x @ _turned(params, "weight_skip")
        tape = (x, real, imaginary, new_real, new_imaginary, in_real, in_imaginary)
        return (y, new_real, new_imaginary), tape

    def step_backward(self, params: Params, tape: StepTape, dstate: State, *, want_dx: bool = True) -> StepGradients:
        """Undo one step."""
        x, real, imaginary, new_real, new_imaginary, in_real, in_imaginary = tape
        size, cosine, sine, scale = _factors(params)
        dy, d_real, d_imaginary = dstate
        d_real = d_real + dy @ params["weight_out_real"]
        d_imaginary = d_imaginary - dy @ params["weight_out_imaginary"]
        # λ's real and imaginary part, and from them its logarithm's
        to_real = d_real * real + d_imaginary * imaginary
        to_imaginary = d_imaginary * real - d_real * imaginary
        delta_real, delta_imaginary = scale * d_real, scale * d_imaginary
        parts = {
            "log_decay": (to_real * cosine + to_imaginary * sine) * (size * -np.exp(params["log_decay"])[..., None, :]),
            "log_angle": (to_imaginary * cosine - to_real * sine) * (size * np.exp(params["log_angle"])[..., None, :]),
            "log_scale": delta_real * in_real + delta_imaginary * in_imaginary,
            "weight_in_real": (delta_real, x),
            "weight_in_imaginary": (delta_imaginary, x),
            "weight_out_real": (dy, new_real),
            "weight_out_imaginary": (-dy, new_imaginary),
            "weight_skip": (dy, x),
        }
        dx = None
        if want_dx:
            dx = dy @ params["weight_skip"] + delta_real @ params["weight_in_real"]
            dx += delta_imaginary @ params["weight_in_imaginary"]
        before_real = size * (cosine * d_real + sine * d_imaginary)
        before_imaginary = size * (cosine * d_imaginary - sine * d_real)
        return StepGradients(parts, dx, (np.zeros_like(dy), before_real, before_imaginary))


def _factors(params: Params) -> tuple[Array, Array, Array, Array]:
    """Return |λ|, cos and sin of its angle, and γ, each (…, 1, N)."""
    angle = np.exp(params["log_angle"])
    factors = (np.exp(-np.exp(params["log_decay"])), np.cos(angle), np.sin(angle), np.exp(params["log_scale"]))
    size, cosine, sine, scale = (one[..., None, :] for one in factors)
    return size, cosine, sine, scale


def _turned(params: Params, name: str) -> Array:
    return params[name].swapaxes(-1, -2)
