"""The cells of today's papers where sizes differ, and against what else computes them."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt import decay, follow

from a4eval import ConfigError, build

from .. import torch_cells
from ..cases import relative


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN:UserWarning")  # of speed alone
def test_the_projected_lstm_is_torchs(torch, rng):
    layer = build("layer", {"name": "projected_lstm", "inputs": 3, "hidden": 4, "cells": 7})
    params = layer.init(rng)
    module = torch.nn.LSTM(3, 7, proj_size=4, dtype=torch.float64)
    module.load_state_dict({f"{name}_l0": torch.tensor(value) for name, value in params.items()})
    x, dy = rng.standard_normal((9, 5, 3)), rng.standard_normal((9, 5, 4))
    y, tape = layer.forward(params, x)
    dparams, dx = layer.backward(params, tape, dy)
    tx = torch.tensor(x, requires_grad=True)
    ty, _ = module(tx)
    (ty * torch.tensor(dy)).sum().backward()
    assert relative(y, ty.detach()) < 1e-12
    assert relative(dx, tx.grad) < 1e-12
    for name in params:
        assert relative(dparams[name], getattr(module, f"{name}_l0").grad) < 1e-12, name
    node = {"name": "projected_lstm", "inputs": 3, "hidden": 4, "cells": 7}
    with pytest.raises(ValueError, match="torch projects to fewer units than there are cells, got 7 and 7"):
        build("layer", {**node, "hidden": 7}).reference("torch", params, x, dy)


@pytest.mark.parametrize(("config", "widths"), [
    ({"name": "linear_recurrence", "hidden": 5, "modes": 7}, (5, 7, 7)),
    ({"name": "projected_lstm", "hidden": 2, "cells": 6}, (2, 6)),
    ({"name": "stacked", "cell": {"name": "projected_lstm", "hidden": 2, "cells": 6}, "layers": 2}, (2, 6, 2, 6)),
    ({"name": "stacked", "cell": {"name": "min_lstm", "hidden": 6}, "layers": 2}, (6, 6)),
])  # fmt: skip
def test_states_of_other_sizes(torch, rng, config, widths):
    layer = build("layer", {**config, "inputs": 3})
    params, x = layer.init(rng), rng.standard_normal((8, 2, 3))
    assert tuple(one.shape[1] for one in layer.initial_state(params, 2)) == widths
    dy = rng.standard_normal((8, 2, widths[0]))
    y, tape = layer.forward(params, x)
    got, dx = layer.backward(params, tape, dy)
    leaf = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    tx = torch.tensor(x, requires_grad=True)
    zeros = tuple(torch.zeros((2, width), dtype=torch.float64) for width in widths)
    ty, _ = torch_cells.run(torch, layer, [leaf] * 8, tx, zeros)
    (ty * torch.tensor(dy)).sum().backward()
    assert relative(y, ty.detach()) < 1e-12
    assert relative(dx, tx.grad) < 1e-11
    for name, value in leaf.items():
        assert relative(got[name], value.grad) < 1e-11, name


def test_a_linear_recurrence_is_a_convolution(rng):
    """y_t = Σ_k Re(C λ^(t−k) γ B) x_k + D x_t, term by term."""
    layer = build("layer", {"name": "linear_recurrence", "inputs": 2, "hidden": 3, "modes": 5})
    params, x = layer.init(rng), rng.standard_normal((12, 1, 2))
    eigenvalue = np.exp(-np.exp(params["log_decay"]) + 1j * np.exp(params["log_angle"]))
    into = np.exp(params["log_scale"])[:, None] * (params["weight_in_real"] + 1j * params["weight_in_imaginary"])
    out = params["weight_out_real"] + 1j * params["weight_out_imaginary"]
    kernel = [(out @ np.diag(eigenvalue**lag) @ into).real for lag in range(12)]
    expected = [sum(kernel[t - k] @ x[k, 0] for k in range(t + 1)) + params["weight_skip"] @ x[t, 0] for t in range(12)]
    assert relative(layer.forward(params, x)[0][:, 0], expected) < 1e-13
    assert np.abs(eigenvalue).min() >= 0.5
    assert np.abs(eigenvalue).max() <= 0.99
    assert np.exp(params["log_scale"]) == pytest.approx(np.sqrt(1 - np.abs(eigenvalue) ** 2))


def test_the_rate_of_a_linear_recurrence_is_its_largest_eigenvalue(rng):
    layer = build("layer", {"name": "linear_recurrence", "inputs": 2, "hidden": 3, "modes": 4})
    params = layer.init(rng)
    flow = decay(follow(layer, params, rng.standard_normal((2000, 1, 2))), np.ones((1, 3)))
    largest = np.exp(-np.exp(params["log_decay"])).max()
    assert flow.log10_norm[1999] - flow.log10_norm[1899] == pytest.approx(100 * np.log10(largest), abs=0.05)


def test_layer_norm_makes_the_gates_deaf_to_scale(rng):
    layer = build("layer", {"name": "layer_norm_lstm", "inputs": 8, "hidden": 6, "forget_bias": 1.0})
    params, x = layer.init(rng), rng.standard_normal((5, 2, 8))
    larger = {**params, "weight_ih": 1e4 * params["weight_ih"]}
    assert relative(layer.forward(larger, x)[0], layer.forward(larger, 10 * x)[0]) < 1e-6
    assert params["norm_ih_shift"][6:12].tolist() == [1] * 6


@pytest.mark.parametrize(("config", "message"), [
    ({"name": "min_gru", "bias": False, "update_bias": 1.0}, "bias is false"),
    ({"name": "min_lstm", "bias": False, "forget_bias": 1.0}, "bias is false"),
    ({"name": "layer_norm_lstm", "bias": False, "forget_bias": 1.0}, "bias is false"),
    ({"name": "projected_lstm", "cells": 0}, "cells: got 0"),
    ({"name": "linear_recurrence", "modes": 0}, "modes: got 0"),
    ({"name": "linear_recurrence", "largest": 1.0}, "largest: got 1.0, expected above 0 and below 1"),
    ({"name": "linear_recurrence", "largest": 0.3}, "smallest: got 0.5, expected less than largest, 0.3"),
])  # fmt: skip
def test_bad_parameters(config, message):
    with pytest.raises(ConfigError, match=message):
        build("layer", config)
