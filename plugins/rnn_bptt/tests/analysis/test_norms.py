"""Norms, shares and rates of gradients whose squares no float holds."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt import attribute, decay, follow, joint_norm, total_reading_error, verdict
from a4eval_rnn_bptt.analysis.norms import norms, power_of_two

from a4eval import build


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e-40, 1e-25, 1.0, 1e25])
def test_norms_equal_those_of_scaled_numbers(rng, dtype, scale):
    array = rng.standard_normal((4, 3, 5)).astype(dtype)
    small = (array * scale).astype(dtype)
    rough = 1e-3 if scale < 1e-38 and dtype == "float32" else 1e-6  # a subnormal has fewer digits
    for axis in (None, 1, (0, 2)):
        expected = np.sqrt(np.sum(array.astype(np.float64) ** 2, axis=axis))
        assert norms(small, axis) / scale == pytest.approx(expected, rel=rough)


def test_norms_of_nothing_and_of_infinity():
    assert norms(np.zeros((2, 3)), 1).tolist() == [0, 0]
    assert norms(np.array([[np.inf, 1.0], [3e-200, 4e-200]]), 1).tolist() == [np.inf, 5e-200]
    assert np.isnan(norms(np.array([np.nan, 1.0])))
    assert joint_norm({}) == 0
    assert power_of_two(np.array([5.0, -8.0])) == 8


@pytest.mark.parametrize("scale", [1e-30, 1e-25, 1e25])
@pytest.mark.parametrize("everything", [False, True], ids=["folded", "by lag"])
def test_float32_shares_do_not_depend_on_the_size_of_the_errors(layer, rng, scale, everything):
    params = {name: value.astype(np.float32) for name, value in layer.init(rng).items()}
    trajectory = follow(layer, params, rng.standard_normal((6, 2, 3)).astype(np.float32))
    errors = rng.standard_normal((6, 2, 4)).astype(np.float32)
    options = {"norm": True, "per_lag": True, "truncation": True} if everything else {}
    ordinary, small = (
        attribute(trajectory, errors, **options),
        attribute(trajectory, errors * np.float32(scale), **options),
    )
    for name, one in ordinary.items():
        got = small[name]
        assert got.share.sum() == pytest.approx(1, abs=1e-5), name
        assert np.abs(got.share - one.share).max() < 1e-5, name
        assert got.gradient.dtype == np.float32
        assert got.gradient / scale == pytest.approx(one.gradient, rel=1e-3, abs=1e-5)
        if everything:
            assert got.norm / scale == pytest.approx(one.norm, rel=1e-3, abs=1e-6)
            assert got.per_lag / scale == pytest.approx(one.per_lag, rel=1e-3, abs=1e-5)
            assert got.truncated_bias == pytest.approx(one.truncated_bias, rel=1e-3, abs=1e-5)
            assert got.truncated_cosine == pytest.approx(one.truncated_cosine, rel=1e-3, abs=1e-5, nan_ok=True)
            assert got.cosine == pytest.approx(one.cosine, rel=1e-3, abs=1e-4, nan_ok=True)
    reading = total_reading_error(trajectory, errors)
    assert total_reading_error(trajectory, errors * np.float32(scale)) == pytest.approx(reading, rel=1e-4)


def test_norms_of_paths_that_have_nearly_vanished():
    """A linear RNN with gain 1e-3: ‖G_tk‖ falls by 1e-3 a lag, to 1e-237, whose square is no float."""
    config = {"name": "rnn", "activation": "linear", "initialisation": "orthogonal", "gain": 1e-3, "bias": False}
    layer = build("layer", {**config, "inputs": 2, "hidden": 3})
    rng = np.random.default_rng(0)
    params = layer.init(rng)
    errors = np.zeros((80, 1, 3))
    errors[-1] = 1
    x = np.ones((80, 1, 2))
    got = attribute(follow(layer, params, x), errors, norm=True)["weight_ih"].norm[-1]
    # one sequence: the norm is that of δ_k times that of x_k
    expected = np.log10(np.sqrt(3) * np.sqrt(2)) - 3 * np.arange(79, -1, -1)
    assert np.log10(got) == pytest.approx(expected, abs=1e-9)


def test_a_factor_of_1e300_a_step_explodes():
    config = {"name": "rnn", "activation": "linear", "initialisation": "orthogonal", "gain": 1e300, "bias": False}
    layer = build("layer", {**config, "inputs": 2, "hidden": 5})
    trajectory = follow(layer, layer.init(np.random.default_rng(0)), np.zeros((20, 2, 2)))
    got = decay(trajectory, np.full((2, 5), 1e200))
    assert got.log10_norm == pytest.approx(200.5 + 300 * np.arange(1, 21), abs=1e-9)
    assert got.log10_by_gate["hidden"] == pytest.approx(200.5 + 300 * np.arange(20), abs=1e-9)
    assert got.log10_per_step == pytest.approx(300, abs=1e-9)
    assert verdict(got.log10_per_step, 20) == "explodes"
    assert decay(trajectory, np.full((2, 5), 1e-300)).log10_norm[0] == pytest.approx(0.5, abs=1e-9)


def test_a_step_that_overflows_by_itself_is_said():
    layer = build("layer", {"name": "rnn", "activation": "linear", "bias": False, "inputs": 2, "hidden": 2})
    params = {"weight_ih": np.eye(2), "weight_hh": np.full((2, 2), 1e308)}
    trajectory = follow(layer, params, np.zeros((3, 1, 2)))
    with pytest.raises(ValueError, match="overflows on its way back through step 2"):
        decay(trajectory, np.ones((1, 2)))


def test_a_gradient_that_is_zero_in_the_end_has_vanished():
    """Nothing is lost for 69 lags, and nothing arrives from lag 70 on: relu is shut at step 31 of 100."""
    layer = build("layer", {"name": "rnn", "activation": "relu", "inputs": 1, "hidden": 1})
    params = {
        "weight_ih": np.ones((1, 1)),
        "weight_hh": np.ones((1, 1)),
        "bias_ih": np.zeros(1),
        "bias_hh": np.zeros(1),
    }
    x = np.ones((100, 1, 1))
    x[30] = -1000
    got = decay(follow(layer, params, x), np.ones((1, 1)))
    assert got.log10_norm[:69] == pytest.approx(0, abs=1e-12)
    assert np.isneginf(got.log10_norm[69:]).all()
    assert got.zero_from == 70
    assert got.log10_per_step == -np.inf
    assert verdict(got.log10_per_step, 100) == "vanishes"
    assert decay(follow(layer, params, np.ones((5, 1, 1))), np.ones((1, 1))).zero_from is None
