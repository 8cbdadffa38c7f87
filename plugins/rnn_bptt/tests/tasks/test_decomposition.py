"""The task that splits a gradient over loss and source step."""

from __future__ import annotations

import pytest
from a4eval_rnn_bptt.tasks.decomposition import BpttDecomposition

from a4eval import build


def test_decomposition_of_every_cell(run, layer):
    result = BpttDecomposition(layer=layer, steps=5, batch=2).run(run)
    values = {name: value.value for name, value in result.metrics.items()}
    assert values["decomposition_error"] < 1e-13
    assert values["autodiff_free_check_error"] < 1e-7
    assert values[f"paths_{next(iter(layer.init(run.generator())))}"] == 15
    assert values["paths_readout"] == 5
    for weight in {row["weight"] for row in result.tables["paths"]}:
        rows = [row for row in result.tables["paths"] if row["weight"] == weight]
        assert sum(row["share"] for row in rows) == pytest.approx(1, abs=1e-12)


def test_a_long_table_keeps_the_largest_shares(run):
    result = build("task", {"name": "bptt_decomposition", "steps": 10, "rows": 7}).run(run)
    shares = [abs(row["share"]) for row in result.tables["paths"]]
    assert len(shares) == 7
    assert shares == sorted(shares, reverse=True)
