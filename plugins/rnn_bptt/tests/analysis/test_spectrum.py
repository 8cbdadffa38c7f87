"""Jacobians, their spectra, clipping and precision."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt import follow, jacobians, log_singular_values, lyapunov_exponents, spectra

from a4eval import build

from .. import torch_cells


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
