"""What the layers of this plugin share: sizes, initialisation, zero initial state."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from a4eval import check_ranges, param
from a4eval_rnn_bptt.initialisation import Initialisation, initialise
from a4eval_rnn_bptt.layers.recurrent import Recurrent

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Params, State
    from a4eval_rnn_bptt.contract import Contribution


@dataclass(kw_only=True)
class InputLayer(Recurrent):
    """A recurrent layer with ``inputs`` features a step and ``hidden`` units; its matrices map the input alone."""

    state_count: ClassVar[int] = 1
    stackable: ClassVar[bool] = True
    """Its methods take weights and arrays of M models with the model axis in front."""

    inputs: int = param(8, help="features of the input at each step", minimum=1)
    hidden: int = param(16, help="hidden units", minimum=1)
    bias: bool = param(default=True, help="have biases")
    input_initialisation: Initialisation = param("uniform", help="of the input weights")
    input_gain: float = param(1.0, help="scale of the input weights", above=-inf, below=inf)

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def state_names(self) -> tuple[str, ...]:
        """What the arrays of the state are called."""
        return ("hidden",)

    def initial_state(self, params: Params, rows: int) -> State:
        """Return zeros, each (rows, hidden)."""
        del params
        return tuple(np.zeros((rows, self.hidden)) for _ in range(self.state_count))

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
        return self._biases(rng, gates, self.input_initialisation)

    def _biases(self, rng: np.random.Generator, gates: int, beside: Initialisation) -> Array:
        if beside != "uniform":
            return np.zeros(gates * self.hidden)
        bound = 1 / np.sqrt(self.hidden)
        return rng.uniform(-bound, bound, gates * self.hidden)


@dataclass(kw_only=True)
class SizedLayer(InputLayer):
    """A recurrent layer whose state is mapped by matrices as well."""

    initialisation: Initialisation = param("uniform", help="of the recurrent weights, gate by gate")
    gain: float = param(1.0, help="scale of the recurrent weights", above=-inf, below=inf)

    def recurrent_weights(self, rng: np.random.Generator, gates: int) -> Array:
        """Draw (gates·H, H), each gate by itself."""
        shape = (self.hidden, self.hidden)
        drawn = [initialise(self.initialisation, shape, rng, hidden=self.hidden, gain=self.gain) for _ in range(gates)]
        return np.concatenate(drawn)

    def biases(self, rng: np.random.Generator, gates: int) -> Array:
        """Draw (gates·H,): uniform in ±1/√H where the recurrent weights are uniform as torch does, else zero."""
        return self._biases(rng, gates, self.initialisation)


def affine(params: Params, x: Array, h: Array) -> Array:
    """Return W_ih x + b_ih + W_hh h + b_hh for rows of x and h."""
    z: Array = x @ params["weight_ih"].swapaxes(-1, -2) + h @ params["weight_hh"].swapaxes(-1, -2)
    if "bias_ih" in params:
        z += (params["bias_ih"] + params["bias_hh"])[..., None, :]
    return z


def from_input(params: Params, x: Array, gates: int) -> list[Array]:
    """Return the blocks of W_ih x + b_ih, gate by gate, each (…, N, H)."""
    z: Array = x @ params["weight_ih"].swapaxes(-1, -2)
    if "bias_ih" in params:
        z += params["bias_ih"][..., None, :]
    return np.split(z, gates, axis=-1)


def gradients_of_input(
    params: Params, x: Array, deltas: tuple[Array, ...], *, want_dx: bool
) -> tuple[dict[str, Contribution], Array | None]:
    """Return what reaches ``weight_ih``, ``bias_ih`` and the input from the gradients of those blocks."""
    delta = np.concatenate(deltas, axis=-1)
    parts: dict[str, Contribution] = {"weight_ih": (delta, x)}
    if "bias_ih" in params:
        parts["bias_ih"] = delta
    return parts, delta @ params["weight_ih"] if want_dx else None
