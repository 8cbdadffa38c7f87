"""The task: rates of known cells, verdicts, options."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import ConfigError, build

CASES = [
    ({"name": "rnn"}, -0.27),
    ({"name": "rnn", "initialisation": "orthogonal", "input_initialisation": "gaussian", "input_gain": 0.05}, -0.016),
    ({"name": "identity_rnn"}, -0.002),
    ({"name": "lstm"}, -0.20),
    ({"name": "lstm", "forget_bias": 0}, -0.20),
    ({"name": "lstm", "forget_bias": 1}, -0.07),
    ({"name": "lstm", "forget_bias": 3}, 0.005),
    ({"name": "gru"}, -0.20),
    ({"name": "gru", "update_bias": 3}, -0.017),
]


@pytest.mark.parametrize(("layer", "decades"), CASES, ids=[str(one) for one, _ in CASES])
def test_the_table_of_decay_rates(run, layer, decades):
    node = {"name": "gradient_flow", "layer": {**layer, "inputs": 32, "hidden": 128}, "steps": 200}
    values = build("task", node).run(run).metrics
    assert values["log10_per_step"].value == pytest.approx(decades, abs=0.02)
    assert values["log10_per_step"].interval.low < values["log10_per_step"].value
    expected = "vanishes" if decades < -0.02 else "healthy"
    assert [name for name in ("vanishes", "healthy", "explodes") if values[name].value] == [expected]


def test_an_explosion_is_called_one(run):
    layer = {"name": "rnn", "activation": "linear", "initialisation": "orthogonal", "gain": 1.3}
    values = build("task", {"name": "gradient_flow", "layer": layer, "steps": 60}).run(run).metrics
    assert values["explodes"].value == 1
    assert values["log10_per_step"].value == pytest.approx(np.log10(1.3), abs=1e-3)
    assert values["half_life"].value == np.inf


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
        ({"clip_norm": 0.0}, "clip_norm: got 0.0, expected above 0"),
        ({"clip_value": -1.0}, "clip_value: got -1"),
        ({"spectrum_lags": [0]}, r"spectrum_lags\[0\]: got 0, expected at least 1"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ConfigError, match=message):
        build("task", {"name": "gradient_flow", **options})


def test_a_gradient_that_dies_is_said(run):
    layer = {"name": "rnn", "activation": "relu", "inputs": 2, "hidden": 1}
    result = build("task", {"name": "gradient_flow", "layer": layer, "steps": 40, "seeds": 1}).run(run)
    table = result.tables["decay"]
    first = next(row["lag"] for row in table if np.isneginf(row["log10_norm"]))
    assert result.metrics["zero_from_lag"].value == first
    assert result.metrics["vanishes"].value == 1
    assert run.warnings == [f"the gradient is exactly 0 from lag {first} on (in 1 of 1 seed)"]
