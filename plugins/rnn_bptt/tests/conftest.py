"""Shared by the tests: torch where it is installed, and every cell in every variant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings

from a4eval import Run, build

settings.register_profile("patient", settings(), deadline=None)  # a loaded machine is no defect
settings.load_profile("patient")


CELLS = {
    "rnn tanh": {"name": "rnn"},
    "rnn relu": {"name": "rnn", "activation": "relu", "initialisation": "orthogonal"},
    "rnn linear": {"name": "rnn", "activation": "linear"},
    "rnn without bias": {"name": "rnn", "bias": False},
    "identity_rnn": {"name": "identity_rnn"},
    "lstm": {"name": "lstm"},
    "lstm without bias": {"name": "lstm", "bias": False},
    "lstm peephole": {"name": "lstm", "peephole": True},
    "lstm coupled": {"name": "lstm", "coupled": True},
    "lstm coupled peephole": {"name": "lstm", "coupled": True, "peephole": True},
    "gru": {"name": "gru"},
    "gru without bias": {"name": "gru", "bias": False},
    "gru reset before": {"name": "gru", "reset_after": False},
    "minimal gated unit": {"name": "minimal_gated_unit"},
    "projected lstm": {"name": "projected_lstm", "cells": 4},
    "projected lstm without bias": {"name": "projected_lstm", "cells": 4, "bias": False},
    "layer norm lstm": {"name": "layer_norm_lstm"},
    "min gru": {"name": "min_gru"},
    "min gru without bias": {"name": "min_gru", "bias": False},
    "min lstm": {"name": "min_lstm"},
    "linear recurrence": {"name": "linear_recurrence", "modes": 4},
    "stacked lstm": {"name": "stacked", "cell": {"name": "lstm", "hidden": 4}, "layers": 2},
    "stacked gru": {"name": "stacked", "cell": {"name": "gru", "hidden": 4, "reset_after": False}, "layers": 3},
}


@pytest.fixture
def torch():
    module = pytest.importorskip("torch", reason="torch is not installed: pip install 'a4eval[conformance]'")
    module.set_num_threads(1)  # the tests' arrays are small: threads only get into each other's way
    return module


@pytest.fixture(params=CELLS.values(), ids=CELLS)
def layer(request):
    """Every cell in every variant, 3 inputs and 4 units."""
    sizes = {"inputs": 3} if "cell" in request.param else {"inputs": 3, "hidden": 4}
    return build("layer", {**request.param, **sizes})


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def run(tmp_path):
    return Run(directory=tmp_path, seed=0)
