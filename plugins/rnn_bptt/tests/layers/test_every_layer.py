"""Every cell in every variant passes all checks; where torch has the cell, against torch as well."""

from __future__ import annotations

import pytest
from a4eval_rnn_bptt.plugin import a4eval_components

from a4eval.testing import Check, layer_checks

from ..conftest import CELLS

LAYERS = [
    {**node, "inputs": 3} if "cell" in node else {**node, "inputs": 3, "hidden": 4}
    for node in [*CELLS.values(), {"name": "bidirectional", "cell": {"name": "lstm", "hidden": 4}}]
]
OF_TORCH = ["rnn", "identity_rnn", "lstm", "gru", {"name": "projected_lstm", "inputs": 3, "hidden": 4, "cells": 7}]


@layer_checks(*LAYERS, examples=3)
def test_layers(check: Check) -> None:
    check()


@layer_checks(*OF_TORCH, reference="torch", examples=3)
def test_layers_against_torch(check: Check) -> None:
    if check.name == "reference":
        pytest.importorskip("torch", reason="torch is not installed: pip install 'a4eval[conformance]'")
        check()


def test_none_is_left_out():
    assert {one.name for one in a4eval_components() if one.kind == "layer"} == {node["name"] for node in LAYERS}
