"""The tasks from their config nodes, with the plugin's cells and with a stranger's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from a4eval_rnn_bptt.contract import StepGradients
from a4eval_rnn_bptt.layers.recurrent import Recurrent
from a4eval_rnn_bptt.tasks.decomposition import BpttDecomposition
from a4eval_rnn_bptt.tasks.gradient_flow import GradientFlow
from a4eval_rnn_bptt.tasks.sequence_study import SequenceStudy

from a4eval import build


@dataclass
class LeakyMean:
    """A stranger's cell, from nothing but numpy: h = a·h' + (1 − a)·tanh(M x), with a learnt leak a a unit."""

    inputs: int = 2
    hidden: int = 6
    batch_axis = 1

    def init(self, rng):
        return {"mix": rng.standard_normal((self.hidden, self.inputs)), "leak": np.full(self.hidden, 0.9)}

    def example(self, rng):
        return rng.standard_normal((4, 2, self.inputs))

    def initial_state(self, params, rows):
        return (np.zeros((rows, self.hidden)),)

    def step(self, params, x, state):
        new = np.tanh(x @ params["mix"].T)
        return (params["leak"] * state[0] + (1 - params["leak"]) * new,), (x, state[0], new)

    def step_backward(self, params, tape, dstate, *, want_dx=True):
        x, old, new = tape
        delta = dstate[0] * (1 - params["leak"]) * (1 - new**2)
        parts = {"mix": (delta, x), "leak": dstate[0] * (old - new)}
        return StepGradients(parts, delta @ params["mix"] if want_dx else None, (dstate[0] * params["leak"],))

    def forward(self, params, x):
        state, tapes, outputs = self.initial_state(params, x.shape[1]), [], []
        params = {name: value.astype(x.dtype) for name, value in params.items()}
        for one in x:
            state, tape = self.step(params, one, tuple(part.astype(x.dtype) for part in state))
            tapes.append(tape)
            outputs.append(state[0])
        return np.stack(outputs), tapes

    def backward(self, params, tape, dy):
        params = {name: value.astype(dy.dtype) for name, value in params.items()}
        carried, dx = np.zeros_like(dy[0]), []
        total = {name: np.zeros_like(value) for name, value in params.items()}
        for one, error in zip(tape[::-1], dy[::-1], strict=True):
            undone = self.step_backward(params, one, (carried + error,))
            delta, x = undone.params["mix"]
            total["mix"] += delta.T @ x
            total["leak"] += undone.params["leak"].sum(0)
            dx.append(undone.x)
            carried = undone.state[0]
        return total, np.stack(dx[::-1])


@dataclass
class ShortLeakyMean(Recurrent):
    """The same cell by a stranger in a hurry: the base class runs it over sequences."""

    inputs: int = 2
    hidden: int = 6

    init = LeakyMean.init
    initial_state = LeakyMean.initial_state
    step = LeakyMean.step
    step_backward = LeakyMean.step_backward


STRANGERS = [LeakyMean, ShortLeakyMean]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_strangers_cell_works_in_every_task(run, stranger):
    split = BpttDecomposition(layer=stranger(), steps=6, batch=3).run(run)
    assert split.metrics["decomposition_error"].value < 1e-14
    assert split.metrics["autodiff_free_check_error"].value < 1e-7
    assert {row["weight"] for row in split.tables["paths"]} == {"mix", "leak", "readout"}
    flow = GradientFlow(layer=stranger(), steps=50).run(run)
    assert flow.metrics["log10_per_step"].value == pytest.approx(np.log10(0.9), abs=1e-6)
    problem = build("sequence_problem", {"name": "keyword_recall", "keywords": 2, "fillers": 2})
    study = SequenceStudy(layer=stranger(), problem=problem, steps=300, rate=1e-2, seeds=2).run(run)
    assert study.metrics["accuracy"].value > 0.95
    checks = build("task", {"name": "check_layer", "layer": "rnn"})
    checks.layer = stranger()
    assert checks.run(run).metrics["failed_checks"].value == 0


@dataclass
class Counting(Recurrent):
    """A stranger's cell with a second state of another width: h = tanh(M x + a·n), n counts the steps."""

    inputs: int = 2
    hidden: int = 6

    def init(self, rng):
        return {"mix": rng.standard_normal((6, 2)), "pace": rng.standard_normal(6)}

    def initial_state(self, params, rows):
        return np.zeros((rows, 6)), np.zeros((rows, 1))

    def step(self, params, x, state):
        h = np.tanh(x @ params["mix"].T + params["pace"] * state[1])
        return (h, state[1] + 0.1), (x, state[1], h)

    def step_backward(self, params, tape, dstate, *, want_dx=True):
        x, count, h = tape
        delta = dstate[0] * (1 - h**2)
        dx = delta @ params["mix"] if want_dx else None
        before = (np.zeros_like(h), dstate[1] + (delta * params["pace"]).sum(1, keepdims=True))
        return StepGradients({"mix": (delta, x), "pace": delta * count}, dx, before)


def test_states_of_different_widths(run, rng):
    layer = Counting()
    split = BpttDecomposition(layer=layer, steps=5, batch=3).run(run)
    assert split.metrics["decomposition_error"].value < 1e-14
    assert split.metrics["autodiff_free_check_error"].value < 1e-7
    flow = GradientFlow(layer=layer, steps=10, spectrum=True).run(run)
    assert [row["name"] for row in flow.tables["rates"]] == ["state_0", "state_1"]
    assert len(flow.tables["lyapunov"]) == 7
    params, x = layer.init(rng), rng.standard_normal((6, 3, 2))
    whole, _ = layer.forward(params, x)
    _, tape = layer.forward(params, x[:4])
    rest, _ = layer.forward(params, x[4:], state=tape.final_state)
    assert np.allclose(rest, whole[4:], rtol=1e-14)
    with pytest.raises(ValueError, match="expected 2 arrays"):
        layer.forward(params, x, state=tape.final_state[:1])


def test_the_two_strangers_agree(rng):
    mine, theirs = LeakyMean(), ShortLeakyMean()
    params, x, dy = mine.init(rng), rng.standard_normal((5, 3, 2)), rng.standard_normal((5, 3, 6))
    (y, tape), (other_y, other_tape) = mine.forward(params, x), theirs.forward(params, x)
    assert np.allclose(y, other_y, rtol=1e-14)
    (dparams, dx), (other, other_dx) = mine.backward(params, tape, dy), theirs.backward(params, other_tape, dy)
    assert np.allclose(dx, other_dx, rtol=1e-13)
    assert all(np.allclose(dparams[name], other[name], rtol=1e-13) for name in params)
