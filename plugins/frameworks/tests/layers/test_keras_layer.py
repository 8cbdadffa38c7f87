"""Keras layers, on whichever backend this process has."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from a4eval import ConfigError, build


def test_a_leak_between_rows_is_failed_by_the_check_that_says_so(check, strangers, keras):
    outcome, rows = check({"name": "keras", "layer": "keras_layers:LeaksBetweenRows", "input": [2, 3]})
    assert outcome == "failed"
    assert "changes when the other rows hold" in rows["isolation"]["meaning"]


@pytest.mark.parametrize(
    "node",
    [
        {"layer": "Dense", "arguments": [2], "input": [2, 3]},
        {"layer": "RNN", "arguments": {"cell": {"layer": "GRUCell", "arguments": [2]}}, "input": [2, 3, 2]},
        {"layer": "Embedding", "arguments": [5, 3], "input": {"shape": [2, 3], "integers": 5}},
        {"layer": "keras_layers:Scaled", "input": [2, 3]},
        {"layer": "Dropout", "arguments": [0.5], "input": [3, 4], "training": True},
    ],
    ids=lambda node: node["layer"],
)
def test_right_ones_pass(check, strangers, keras, node):
    outcome, rows = check({"name": "keras", **node})
    bad = [f"{row}" for row in rows.values() if row["verdict"] in ("failed", "undecided")]
    assert outcome == "passed", "\n".join(bad)


def test_numbers_are_those_of_the_formula(keras):
    layer = build("layer", {"name": "keras", "layer": "Dense", "arguments": [2], "input": [2, 3]})
    rng = np.random.default_rng(0)
    params, x = layer.init(rng), layer.example(rng)
    y, tape = layer.forward(params, x)
    dparams, dx = layer.backward(params, tape, np.ones_like(y))
    assert y == pytest.approx(x @ params["kernel"] + params["bias"], rel=1e-14)
    assert dx == pytest.approx(np.ones_like(y) @ params["kernel"].T, rel=1e-14)
    assert dparams["kernel"] == pytest.approx(x.T @ np.ones_like(y), rel=1e-14)


@pytest.mark.parametrize("kind", ["BatchNormalization", "Dropout"])
def test_what_training_does_is_said(keras, kind):
    arguments = [0.5] if kind == "Dropout" else []
    node = {"name": "keras", "layer": kind, "arguments": arguments, "input": [2, 3]}
    still, trained = build("layer", node), build("layer", {**node, "training": True})
    assert (trained.mixes_rows, trained.random) == (kind == "BatchNormalization", kind == "Dropout")
    assert (still.mixes_rows, still.random) == (False, False)


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ({"layer": "Lambda", "arguments": ["os.system"], "input": [2, 3]}, "keras.layers has no layer 'Lambda'"),
        (
            {
                "layer": "Dense",
                "arguments": {"units": 2, "activation": {"class_name": "function", "module": "os", "config": "system"}},
                "input": [2, 3],
            },
            "arguments.activation: got a mapping of class_name",
        ),
        ({"layer": "Conv2D", "arguments": [2, 3], "input": [2, 3]}, "keras: ValueError"),
        ({"layer": "keras_layers:Picky", "input": [2, 3]}, "keras: TypeError: nothing pleases it"),
        ({"layer": "Dense", "arguments": [2], "input": [2, 3], "backend": "numpy"}, "got 'numpy', expected"),
    ],
)
def test_a_wrong_node_is_one_line(keras, strangers, node, says):
    with pytest.raises(ConfigError, match=says):
        build("layer", {"name": "keras", **node})


def test_another_backend_than_this_process_has_is_refused(keras, jax):
    other = {"torch": "jax", "jax": "torch"}[keras.config.backend()]
    node = {"name": "keras", "layer": "Dense", "arguments": [2], "input": [2, 3], "backend": other}
    with pytest.raises(ConfigError, match="in this process already"):
        build("layer", node)


def test_statistics_of_batch_norm_on_jax_are_made_outside_of_what_is_traced():
    pytest.importorskip("jax", reason="jax is not installed: pip install 'a4eval-frameworks[jax]'")
    code = """
import numpy as np
from a4eval import build

layer = build("layer", {"name": "keras", "layer": "BatchNormalization", "input": [4, 3], "training": True})
params = {name: one.astype(np.float32) for name, one in layer.init(np.random.default_rng(0)).items()}
x = np.arange(12, dtype=np.float32).reshape(4, 3)
for rows in (x, np.concatenate([x, x])):
    y = layer.forward(params, rows)[0]
    expected = (rows - rows.mean(0)) / np.sqrt(rows.var(0) + 1e-3)
    assert y.dtype == np.float32 and np.abs(y - expected).max() < 1e-5, y
"""
    environment = {**os.environ, "KERAS_BACKEND": "jax"}  # a process has one backend
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
