"""The sweeps of the page about conformance can be run, and hold the cases that are known."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from a4eval import ConfigError, build

CONFIGS = Path(__file__).parents[1] / "a4eval_frameworks" / "configs" / "experiment" / "frameworks"


@pytest.mark.parametrize(("experiment", "points"), [("conformance", 46), ("conformance_keras", 19)])
def test_every_point_of_the_sweep_can_be_made(tmp_path, torch, jax, keras, experiment, points):
    done = subprocess.run(
        [sys.executable, "-m", "a4eval", "run", "-m", f"experiment=frameworks/{experiment}", "dry_run=true"],
        cwd=tmp_path,
        env={**os.environ, "KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (CONFIGS / f"{experiment}.yaml").read_text().count("name: check_layer") == points


def test_padding_mode_of_a_transposed_convolution_is_refused_with_torchs_own_words(torch):
    arguments = {"in_channels": 2, "out_channels": 2, "kernel_size": 3, "padding_mode": "reflect"}
    with pytest.raises(ConfigError, match='Only "zeros" padding mode is supported'):
        build("layer", {"name": "torch", "layer": "ConvTranspose2d", "arguments": arguments, "input": [2, 2, 3, 3]})


def test_a_packed_row_is_that_row_alone(torch):
    node = {"name": "torch", "arguments": [3, 4], "input": [[2, 5, 3], {"shape": [2], "integers": 5}]}
    layer = build("layer", {**node, "layer": "packed.LSTM"})
    rng = np.random.default_rng(0)
    params = layer.init(rng)
    x = rng.standard_normal((2, 5, 3))
    y, _ = layer.forward(params, (x, np.array([1, 4])))
    alone = torch.nn.LSTM(3, 4, batch_first=True).double()
    alone.load_state_dict({name.removeprefix("layer."): torch.tensor(one) for name, one in params.items()})
    assert y[0, :2] == pytest.approx(alone(torch.tensor(x[:1, :2]))[0].detach().numpy()[0], rel=1e-12)
    assert y[1] == pytest.approx(alone(torch.tensor(x[1:]))[0].detach().numpy()[0], rel=1e-12)
    assert not y[0, 2:].any()
