"""∂E/∂x by step against the backward pass, and where that would give up."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt import follow, reach, sensitivity

from a4eval import build

from ..cases import BATCH, HIDDEN, INPUTS, STEPS


@pytest.mark.parametrize("lossy", ["all", "last", "third"])
def test_sensitivity_is_the_norm_of_the_inputs_gradient(layer, rng, lossy):
    params, x = layer.init(rng), rng.standard_normal((STEPS, BATCH, INPUTS))
    errors = rng.standard_normal((STEPS, BATCH, HIDDEN)) * 10.0 ** rng.integers(-3, 4, size=(STEPS, 1, 1))
    if lossy == "last":
        errors[:-1] = 0
    if lossy == "third":
        errors[[0, 1, 3, 4, 5]] = 0
    got = sensitivity(follow(layer, params, x), errors)
    _, tape = layer.forward(params, x)
    _, dx = layer.backward(params, tape, errors)
    expected = np.linalg.norm(dx.reshape(STEPS, -1), axis=1)
    assert 10**got == pytest.approx(expected, rel=1e-10)
    assert np.isneginf(got[3:]).all() == (lossy == "third")


def test_a_sensitivity_that_no_float_holds():
    config = {"name": "rnn", "activation": "linear", "initialisation": "identity", "gain": 1e-3, "bias": False}
    layer = build("layer", {**config, "inputs": 5, "hidden": 5})
    params = {**layer.init(np.random.default_rng(0)), "weight_ih": np.eye(5)}
    errors = np.zeros((200, 2, 5))
    errors[-1], errors[99] = 1, 1e-305
    got = sensitivity(follow(layer, params, np.zeros((200, 2, 5))), errors)
    from_last, from_middle = 0.5 - 3 * np.arange(199, -1, -1), -304.5 - 3 * np.arange(99, -1, -1.0)
    expected = from_last.copy()
    both = np.stack((from_last[:100], from_middle))
    top = both.max(0)
    expected[:100] = top + np.log10(np.sum(10 ** (both - top), 0))  # both arrive along the same vector
    assert got == pytest.approx(expected, abs=1e-9)


def test_reach():
    assert reach(np.full(10, -400.0)) == 10
    assert reach(np.full(10, -np.inf)) == 0
    assert reach(np.array([-5.0, 0.0, -1.5, -np.inf, -np.inf])) == 2
    assert reach(np.array([0.0, -1.0, -0.1, 0.0]), part=0.5) == 2
    assert reach(np.log10(0.5) * np.arange(20)[::-1]) == 4  # 1 − 4^−n ≥ 0.99


def test_bad_errors(layer, rng):
    trajectory = follow(layer, layer.init(rng), rng.standard_normal((4, 2, 3)))
    with pytest.raises(ValueError, match="errors have shape"):
        sensitivity(trajectory, np.ones((3, 2, 4)))
    with pytest.raises(ValueError, match="not finite"):
        sensitivity(trajectory, np.full((4, 2, 4), np.nan))


def test_the_task_reports_it(run):
    layer = {"name": "rnn", "activation": "linear", "initialisation": "orthogonal", "gain": 0.5, "hidden": 5}
    result = build("task", {"name": "gradient_flow", "layer": layer, "steps": 30, "batch": 2}).run(run)
    assert result.metrics["input_log10_per_step"].value == pytest.approx(np.log10(0.5), abs=0.01)
    assert 2 <= result.metrics["input_reach"].value <= 6
    assert [row["step"] for row in result.tables["sensitivity"]] == list(range(1, 31))
