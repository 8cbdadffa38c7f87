"""What all layers of this plugin share: sizes, initialisation, zero initial state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from a4eval import param
from a4eval_rnn_bptt.fields import at_least
from a4eval_rnn_bptt.initialisation import Initialisation, initialise
from a4eval_rnn_bptt.layers.recurrent import Recurrent

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Params, State


@dataclass(kw_only=True)
class SizedLayer(Recurrent):
    """A recurrent layer with ``inputs`` features a step and ``hidden`` units."""

    state_count: ClassVar[int] = 1
    stackable: ClassVar[bool] = True
    """Its methods take weights and arrays of M models with the model axis in front."""

    inputs: int = param(8, help="features of the input at each step")
    hidden: int = param(16, help="hidden units")
    bias: bool = param(default=True, help="have biases")
    initialisation: Initialisation = param("uniform", help="of the recurrent weights, gate by gate")
    gain: float = param(1.0, help="scale of the recurrent weights")
    input_initialisation: Initialisation = param("uniform", help="of the input weights")
    input_gain: float = param(1.0, help="scale of the input weights")

    def __post_init__(self) -> None:
        at_least(self, inputs=1, hidden=1)

    @property
    def state_names(self) -> tuple[str, ...]:
        """What the arrays of the state are called."""
        return ("hidden",)

    def initial_state(self, params: Params, rows: int) -> State:
        """Return zeros, each (rows, hidden)."""
        del params
        return tuple(np.zeros((rows, self.hidden)) for _ in range(self.state_count))

    def recurrent_weights(self, rng: np.random.Generator, gates: int) -> Array:
        """Draw (gates·H, H), each gate by itself."""
        shape = (self.hidden, self.hidden)
        drawn = [initialise(self.initialisation, shape, rng, hidden=self.hidden, gain=self.gain) for _ in range(gates)]
        return np.concatenate(drawn)

    def input_weights(self, rng: np.random.Generator, gates: int) -> Array:
        """Draw (gates·H, I), each gate by itself."""
        shape = (self.hidden, self.inputs)
        drawn = [
            initialise(self.input_initialisation, shape, rng, hidden=self.hidden, gain=self.input_gain)
            for _ in range(gates)
        ]
        return np.concatenate(drawn)

    def biases(self, rng: np.random.Generator, gates: int) -> Array:
        """Draw (gates·H,): uniform in ±1/√H beside uniform weights as torch does, else zero."""
        if self.initialisation != "uniform":
            return np.zeros(gates * self.hidden)
        bound = 1 / np.sqrt(self.hidden)
        return rng.uniform(-bound, bound, gates * self.hidden)


def affine(params: Params, x: Array, h: Array) -> Array:
    """Return W_ih x + b_ih + W_hh h + b_hh for rows of x and h."""
    z: Array = x @ params["weight_ih"].swapaxes(-1, -2) + h @ params["weight_hh"].swapaxes(-1, -2)
    if "bias_ih" in params:
        z += (params["bias_ih"] + params["bias_hh"])[..., None, :]
    return z
