"""Functions of jax and modules of flax."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import ConfigError, build


@pytest.mark.parametrize(
    ("node", "check_", "says"),
    [
        (
            {"layer": "jax_functions:forgets_a_term", "parameters": {"beta": {"shape": [3], "positive": True}}},
            "gradient",
            "backward gives",
        ),
        ({"layer": "jax_functions:normalised_over_the_batch"}, "isolation", "changes when the other rows hold"),
    ],
)
def test_each_fault_is_failed_by_the_check_that_says_so(check, strangers, jax, node, check_, says):
    outcome, rows = check({"name": "jax", "input": [2, 3], **node})
    assert outcome == "failed"
    assert rows[check_]["verdict"] == "failed", rows
    assert says in rows[check_]["meaning"]


@pytest.mark.parametrize(
    "node",
    [
        {"layer": "Linear", "arguments": [3, 2], "input": [2, 3]},
        {"layer": "Dropout", "arguments": [0.5], "input": [2, 3], "training": True},
        {"layer": "Embed", "arguments": [5, 3], "input": {"shape": [2, 3], "integers": 5}},
        {"layer": "jax.nn.gelu", "input": [2, 3], "mode": "compiled"},
        {"layer": "jax_functions:dense", "parameters": {"w": [3, 2], "b": [2]}, "input": [2, 3]},
    ],
    ids=lambda node: node["layer"],
)
def test_right_ones_pass(check, strangers, jax, node):
    outcome, rows = check({"name": "jax", **node})
    bad = [f"{row}" for row in rows.values() if row["verdict"] in ("failed", "undecided")]
    assert outcome == "passed", "\n".join(bad)


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_numbers_are_jaxs_own(jax, mode):
    layer = build("layer", {"name": "jax", "layer": "Linear", "arguments": [3, 2], "input": [2, 3], "mode": mode})
    rng = np.random.default_rng(0)
    params, x = layer.init(rng), layer.example(rng)
    y, tape = layer.forward(params, x)
    dparams, dx = layer.backward(params, tape, np.ones_like(y))
    assert y == pytest.approx(x @ params["kernel"] + params["bias"], rel=1e-14)
    assert dx == pytest.approx(np.ones_like(y) @ params["kernel"].T, rel=1e-14)
    assert dparams["kernel"] == pytest.approx(x.T @ np.ones_like(y), rel=1e-14)
    assert {one.dtype for one in (y, dx, dparams["bias"])} == {np.dtype("float64")}
    single = layer.forward({k: v.astype("float32") for k, v in params.items()}, x.astype("float32"))[0]
    assert single.dtype == np.float32


@pytest.mark.parametrize("cell", ["LSTMCell", "GRUCell"])
def test_a_recurrent_layer_begins_in_the_precision_of_its_weights(jax, cell):
    node = {"name": "jax", "layer": "RNN", "arguments": {"cell": {"layer": cell, "arguments": [3, 4]}}, "mode": "eager"}
    layer = build("layer", {**node, "input": [2, 4, 3]})
    rng = np.random.default_rng(0)
    params, x = layer.init(rng), layer.example(rng)
    y = layer.forward(params, x)[0]
    moved = layer.forward(params, x * (1 + 1e-12))[0]
    assert y.dtype == np.float64
    assert 0 < np.abs(moved - y).max() < 1e-11
    single = layer.forward({k: v.astype("float32") for k, v in params.items()}, x.astype("float32"))[0]
    assert single.dtype == np.float32


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ({"layer": "Dense", "input": [2, 3]}, "flax.nnx has no layer 'Dense'"),
        ({"layer": "jax.experimental.x", "input": [2]}, "expected a name, jax.nn.name"),
        ({"layer": "Linear", "arguments": [3], "input": [2, 3]}, "Linear cannot be made with them"),
        ({"layer": "jax.export:deserialize", "input": [2]}, "allow it with --allow-import jax"),
    ],
)
def test_a_wrong_node_is_one_line(jax, node, says):
    with pytest.raises(ConfigError, match=says):
        build("layer", {"name": "jax", **node})
