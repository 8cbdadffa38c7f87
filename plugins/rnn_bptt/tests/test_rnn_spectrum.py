"""Jacobians, their spectra, clipping and precision."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from a4eval_rnn_bptt import (
    clip_by_norm,
    clip_by_value,
    float32_error,
    follow,
    jacobians,
    joint_norm,
    log_singular_values,
    lyapunov_exponents,
    spectra,
)

from a4eval import ConfigError, build


def load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


torch_cells = load("torch_cells")


def test_jacobians_equal_torch(torch, layer, rng):
    params = layer.init(rng)
    x = rng.standard_normal((5, 3, 3))
    trajectory = follow(layer, params, x)
    leaf = {name: torch.tensor(value) for name, value in params.items()}
    widths = [one.shape[-1] for one in trajectory.states]
    for row in (0, 2):
        chain = jacobians(trajectory, row)
        for t in range(5):
            flat = torch.tensor(np.concatenate([one[t, row] for one in trajectory.states]))

            def step(flat, t=t, row=row):
                state = tuple(one[None] for one in flat.split(widths))
                after = torch_cells.step(torch, layer, leaf, torch.tensor(x[t, row : row + 1]), state)
                return torch.cat([one[0] for one in after])

            expected = torch.autograd.functional.jacobian(step, flat).numpy()
            assert np.abs(chain[t] - expected).max() < 1e-13


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_singular_values_of_a_short_product(rng, steps):
    chain = rng.standard_normal((steps, 6, 6))
    product = np.eye(6)
    for one in chain:
        product = one @ product
    expected = np.log(np.linalg.svd(product, compute_uv=False))
    assert log_singular_values(chain, tolerance=1e-12, sweeps=2000) == pytest.approx(expected, abs=1e-8)
    assert log_singular_values(chain) == pytest.approx(expected, abs=0.1)


def test_singular_values_that_no_float_holds(rng):
    """Q D Qᵀ a thousand times over: exactly D to the thousandth."""
    frame = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    one = frame @ np.diag([10.0, 2.0, 0.5, 0.01]) @ frame.T
    chain = np.array([one] * 1000)
    expected = 1000 * np.log10([10.0, 2.0, 0.5, 0.01])
    assert spectra(chain, [1000])[1000] == pytest.approx(expected, abs=1e-6)
    assert lyapunov_exponents(chain) == pytest.approx(expected * np.log(10) / 1000, abs=0.02)


def test_the_largest_exponent_of_a_linear_rnn_is_its_spectral_radius(rng):
    config = {"name": "rnn", "activation": "linear", "initialisation": "gaussian", "inputs": 2, "hidden": 12}
    layer = build("layer", config)
    params = layer.init(rng)
    chain = jacobians(follow(layer, params, np.zeros((2000, 1, 2)) + 1e-3))
    radius = np.abs(np.linalg.eigvals(params["weight_hh"])).max()
    assert lyapunov_exponents(chain)[0] == pytest.approx(np.log(radius), abs=5e-3)
    assert np.sum(lyapunov_exponents(chain)) == pytest.approx(np.log(abs(np.linalg.det(params["weight_hh"]))), abs=1e-6)


def test_dead_directions_are_minus_infinity():
    chain = np.array([np.diag([1.0, 0.0])] * 3)
    assert log_singular_values(chain).tolist() == [0, -np.inf]
    assert lyapunov_exponents(chain).tolist() == [0, -np.inf]


def test_bad_lags_and_rows(layer, rng):
    trajectory = follow(layer, layer.init(rng), rng.standard_normal((4, 2, 3)))
    with pytest.raises(ValueError, match="row is 2, expected 0 to 1"):
        jacobians(trajectory, 2)
    with pytest.raises(ValueError, match="lag 5 is not between 1 and 4"):
        spectra(jacobians(trajectory), [5])


def test_clipping(rng):
    gradients = {"w": rng.standard_normal((5, 4)), "b": 3 * rng.standard_normal(5)}
    norm = np.sqrt(sum(np.sum(one**2) for one in gradients.values()))
    assert joint_norm(gradients) == pytest.approx(norm)
    clipped = clip_by_norm(gradients, 1.0)
    assert joint_norm(clipped.gradients) == pytest.approx(1)
    assert clipped.scale == pytest.approx(1 / norm)
    assert clip_by_norm(gradients, 2 * norm).scale == 1
    clipped = clip_by_value(gradients, 0.5)
    flat = np.concatenate([one.ravel() for one in gradients.values()])
    cut = np.clip(flat, -0.5, 0.5)
    assert clipped.changed == pytest.approx(np.mean(np.abs(flat) > 0.5))
    assert clipped.cosine == pytest.approx(flat @ cut / np.linalg.norm(flat) / np.linalg.norm(cut))
    assert clipped.scale == pytest.approx(np.linalg.norm(cut) / norm)
    huge = clip_by_value({"w": np.array([1e200, 1e200])}, 1.0)
    assert huge.cosine == pytest.approx(1)
    assert clip_by_value({"w": np.zeros(3)}, 1.0).cosine == 1


def test_float32_agrees_until_the_network_is_chaotic(rng):
    calm = build("layer", {"name": "lstm", "inputs": 8, "hidden": 32})
    x, dlast = rng.standard_normal((200, 2, 8)), rng.standard_normal((2, 32))
    assert float32_error(calm, calm.init(rng), x, dlast) < 1e-5
    wild = build("layer", {"name": "rnn", "inputs": 8, "hidden": 128, "initialisation": "gaussian", "gain": 3.0})
    error = float32_error(wild, wild.init(rng), 0.1 * x, rng.standard_normal((2, 128)))
    assert error > 0.3
    config = {"name": "rnn", "inputs": 8, "hidden": 32, "activation": "linear", "initialisation": "orthogonal"}
    bursting = build("layer", {**config, "gain": 2.0})
    assert float32_error(bursting, bursting.init(rng), x, rng.standard_normal((2, 32))) == np.inf


def test_the_verdict_says_all_of_it(run):
    node = {
        "name": "gradient_flow",
        "layer": {"name": "lstm", "inputs": 4, "hidden": 6},
        "steps": 20,
        "spectrum": True,
        "spectrum_lags": [1, 20, 500],
        "clip_norm": 0.1,
        "clip_value": 0.1,
    }
    result = build("task", node).run(run)
    values = {name: value.value for name, value in result.metrics.items()}
    assert values["clip_norm_scale"] == pytest.approx(0.1 / values["gradient_norm"], rel=0.2)
    assert 0 < values["clip_value_changed"] < 1
    assert 0.5 < values["clip_value_cosine"] < 1
    assert values["float32_error"] < 1e-5
    assert values["lyapunov_largest"] == pytest.approx(values["log10_per_step"] * np.log(10), abs=0.15)
    assert {row["lag"] for row in result.tables["spectrum"]} == {1, 20}
    assert len(result.tables["lyapunov"]) == 12
    assert [(row["part"], row["name"]) for row in result.tables["rates"]] == [
        ("state", "hidden"), ("state", "cell"),
        ("gate", "input"), ("gate", "forget"), ("gate", "new"), ("gate", "output"),
    ]  # fmt: skip
    assert run.warnings == []


def test_chaos_is_warned_of(run):
    layer = {"name": "rnn", "inputs": 8, "hidden": 128, "initialisation": "gaussian", "gain": 3.0, "input_gain": 0.1}
    result = build("task", {"name": "gradient_flow", "layer": layer, "seeds": 1}).run(run)
    assert result.metrics["float32_error"].value > 0.3
    assert "trust float64 alone" in run.warnings[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clip_norm": 0.0}, "clip_norm is 0"),
        ({"clip_value": -1.0}, "clip_value is -1"),
        ({"spectrum_lags": [0]}, "lags"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ConfigError, match=message):
        build("task", {"name": "gradient_flow", **options})


def test_pictures_are_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'a4eval[plots]'")
    from a4eval import Run

    run = Run(directory=tmp_path, seed=0, pictures=True)
    layer = {"name": "gru", "inputs": 2, "hidden": 3}
    build("task", {"name": "gradient_flow", "layer": layer, "steps": 8, "spectrum": True}).run(run)
    build("task", {"name": "bptt_decomposition", "layer": layer, "steps": 8, "truncation": True}).run(run)
    names = {path.name for path in run.artifacts}
    assert names == {f"{name}.{end}" for name in ("decay", "spectrum", "share", "truncation") for end in ("png", "svg")}
    assert all(path.stat().st_size > 1000 for path in run.artifacts)
