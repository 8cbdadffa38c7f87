"""The task conv_matrix."""

import pytest

from a4eval import Run, build


def test_the_task(tmp_path):
    node = {"name": "conv_matrix", "input_size": [3, 4], "in_channels": 2, "out_channels": 2, "stride": 2, "padding": 1}
    run = Run(directory=tmp_path, seed=5)
    result = build("task", node).run(run)
    values = {name: value.value for name, value in result.metrics.items()}
    assert (values["rows"], values["columns"]) == (2 * 5 * 7, 2 * 3 * 4)
    assert values["rank"] == 24
    listed = [row["zero_boundary"] for row in result.tables["singular_values"] if row["zero_boundary"] is not None]
    assert values["lipschitz"] == pytest.approx(listed[0], rel=1e-10)
    assert values["condition_number"] == pytest.approx(listed[0] / listed[-1])
    assert sum(row["entries"] for row in result.tables["taps"]) == values["nonzeros"]
    again = build("task", node).run(Run(directory=tmp_path, seed=5))
    assert again == result


def test_a_singular_matrix_has_an_infinite_condition_number(tmp_path):
    weight = [[[[1.0]], [[1.0]]], [[[1.0]], [[1.0]]]]  # two input channels, the same everywhere
    result = build("task", {"name": "conv_matrix", "input_size": 2, "weight": weight}).run(Run(directory=tmp_path))
    assert result.metrics["rank"].value == 4
    assert result.metrics["condition_number"].value == float("inf")
