"""The LSTM with layer normalisation, and the one whose output is projected."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from a4eval import param
from a4eval_rnn_bptt.contract import Contribution, StepGradients, StepTape
from a4eval_rnn_bptt.initialisation import initialise
from a4eval_rnn_bptt.kernels.gates import sigmoid
from a4eval_rnn_bptt.layers.base import SizedLayer
from a4eval_rnn_bptt.layers.lstm import Lstm
from a4eval_rnn_bptt.layers.torch_reference import torch_pass

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Params, State

_EPS = 1e-5  # that of torch.nn.LayerNorm


@dataclass(kw_only=True)
class LayerNormLstm(SizedLayer):
    """c = f·c' + i·g, h = o·tanh(LN(c)), with i, f, g, o from LN(W_ih x) + LN(W_hh h').

    Source: Ba, Kiros & Hinton 2016, "Layer normalization", arXiv 1607.06450, equations 20 to 22; a normalisation's own
    shift is the bias.  Each LN has a gain and a shift, ``norm_ih``, ``norm_hh`` and ``norm_cell``.
    """

    state_count: ClassVar[int] = 2
    gates: ClassVar[tuple[str, ...]] = ("input", "forget", "new", "output")

    forget_bias: float | None = param(None, help="the forget gate's bias; None for zero", above=-inf, below=inf)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.bias and self.forget_bias is not None:
            raise ValueError("bias is false: forget_bias needs it")

    @property
    def state_names(self) -> tuple[str, ...]:
        """What the arrays of the state are called."""
        return ("hidden", "cell")

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights; gains are 1 and shifts 0, as is usual."""
        params = {"weight_ih": self.input_weights(rng, 4), "weight_hh": self.recurrent_weights(rng, 4)}
        for name, width in (("ih", 4 * self.hidden), ("hh", 4 * self.hidden), ("cell", self.hidden)):
            params[f"norm_{name}_gain"] = np.ones(width)
            if self.bias:
                params[f"norm_{name}_shift"] = np.zeros(width)
        if self.forget_bias is not None:
            params["norm_ih_shift"][self.hidden : 2 * self.hidden] = self.forget_bias
        return params

    def step(self, params: Params, x: Array, state: State) -> tuple[State, StepTape]:
        """Do one step for the rows of *x*."""
        h, c = state
        z_x, *norm_x = _normalise(params, "ih", x @ params["weight_ih"].swapaxes(-1, -2))
        z_h, *norm_h = _normalise(params, "hh", h @ params["weight_hh"].swapaxes(-1, -2))
        i, f, g, o = np.split(z_x + z_h, 4, axis=-1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        new = f * c + i * g
        normed, *norm_c = _normalise(params, "cell", new)
        squashed = np.tanh(normed)
        return (o * squashed, new), (x, h, c, i, f, g, o, squashed, *norm_x, *norm_h, *norm_c)

    def step_backward(self, params: Params, tape: StepTape, dstate: State, *, want_dx: bool = True) -> StepGradients:
        """Undo one step."""
        x, h, c, i, f, g, o, squashed = tape[:8]
        dh, dc = dstate
        parts: dict[str, Contribution] = {}
        dc = dc + _undo(params, "cell", tape[12:], dh * o * (1 - squashed * squashed), parts)
        gates = (dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dh * squashed * o * (1 - o))
        delta = np.concatenate(gates, axis=-1)
        into_x, into_h = _undo(params, "ih", tape[8:10], delta, parts), _undo(params, "hh", tape[10:12], delta, parts)
        parts |= {"weight_ih": (into_x, x), "weight_hh": (into_h, h)}
        dx = into_x @ params["weight_ih"] if want_dx else None
        return StepGradients(parts, dx, (into_h @ params["weight_hh"], dc * f))


def _normalise(params: Params, name: str, z: Array) -> tuple[Array, Array, Array]:
    """Return gain·ẑ + shift with ẑ = (z − mean)/deviation over the last axis; ẑ; and the deviation, (…, N, 1)."""
    centred = z - z.mean(-1, keepdims=True)
    deviation = np.sqrt((centred * centred).mean(-1, keepdims=True) + z.dtype.type(_EPS))
    unit = centred / deviation
    out = params[f"norm_{name}_gain"][..., None, :] * unit
    if f"norm_{name}_shift" in params:
        out += params[f"norm_{name}_shift"][..., None, :]
    return out, unit, deviation


def _undo(params: Params, name: str, tape: StepTape, dout: Array, parts: dict[str, Contribution]) -> Array:
    """Undo :func:`_normalise`, and put what reaches its gain and shift into *parts*."""
    unit, deviation = tape
    parts[f"norm_{name}_gain"] = dout * unit
    if f"norm_{name}_shift" in params:
        parts[f"norm_{name}_shift"] = dout
    inner = dout * params[f"norm_{name}_gain"][..., None, :]
    mean, along = inner.mean(-1, keepdims=True), (inner * unit).mean(-1, keepdims=True)
    undone: Array = (inner - mean - unit * along) / deviation
    return undone


@dataclass(kw_only=True)
class ProjectedLstm(SizedLayer):
    """An LSTM whose output h = W_hr (o·tanh(c)) has fewer units than it has cells: torch's with ``proj_size``.

    Source: Sak, Senior & Beaufays 2014, "Long short-term memory based recurrent neural network architectures",
    arXiv 1402.1128.
    """

    state_count: ClassVar[int] = 2
    gates: ClassVar[tuple[str, ...]] = ("input", "forget", "new", "output")

    hidden: int = param(16, help="units of the output, onto which the cells are projected", minimum=1)
    cells: int = param(32, help="cells", minimum=1)
    forget_bias: float | None = param(
        None,
        help="the forget gate's bias: bias_ih, with bias_hh zero; None draws it like the others",
        above=-inf,
        below=inf,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._lstm = Lstm(
            inputs=self.inputs,
            hidden=self.cells,
            bias=self.bias,
            input_initialisation=self.input_initialisation,
            input_gain=self.input_gain,
            initialisation=self.initialisation,
            forget_bias=self.forget_bias,
        )

    @property
    def state_names(self) -> tuple[str, ...]:
        """What the arrays of the state are called."""
        return ("hidden", "cell")

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the weights."""
        params = self._lstm.init(rng)
        shapes = [(self.cells, self.hidden)] * 4
        drawn = [initialise(self.initialisation, one, rng, hidden=self.cells, gain=self.gain) for one in shapes]
        params["weight_hh"] = np.concatenate(drawn)
        params["weight_hr"] = initialise("uniform", (self.hidden, self.cells), rng, hidden=self.cells)
        return params

    def initial_state(self, params: Params, rows: int) -> State:
        """Return zeros, (rows, hidden) and (rows, cells)."""
        del params
        return np.zeros((rows, self.hidden)), np.zeros((rows, self.cells))

    def reference(self, framework: str, params: Params, x: Array, dy: Array) -> tuple[Array, dict[str, Array], Array]:
        """Return (y, dparams, dx) as torch computes them.

        Raises:
            ValueError: another framework, or a projection that torch does not have.
            MissingExtraError: torch is not installed.
        """
        if self.hidden >= self.cells:
            raise ValueError(f"torch projects to fewer units than there are cells, got {self.hidden} and {self.cells}")
        return torch_pass(framework, "LSTM", {"proj_size": self.hidden}, params, x, dy, hidden=self.cells)

    def step(self, params: Params, x: Array, state: State) -> tuple[State, StepTape]:
        """Do one step for the rows of *x*."""
        (wide, c), tape = self._lstm.step(params, x, state)
        return (wide @ params["weight_hr"].swapaxes(-1, -2), c), (*tape, wide)

    def step_backward(self, params: Params, tape: StepTape, dstate: State, *, want_dx: bool = True) -> StepGradients:
        """Undo one step."""
        *inner, wide = tape
        dh, dc = dstate
        into_wide = (dh @ params["weight_hr"], dc)
        parts, dx, before = self._lstm.step_backward(params, tuple(inner), into_wide, want_dx=want_dx)
        return StepGradients({**parts, "weight_hr": (dh, wide)}, dx, before)
