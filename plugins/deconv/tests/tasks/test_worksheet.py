"""Question 6 of the worksheet, exactly, through the tasks."""

from importlib.resources import files

import numpy as np
import pytest
from a4eval_deconv import conv, conv_transpose_matrix, conv_transpose_size

from a4eval import ConfigError, Run, build

PATTERN = ["a000", "ba00", "0b00", "c0a0", "dcba", "0d0b", "00c0", "00dc", "000d"]


@pytest.fixture
def run(tmp_path):
    return Run(directory=tmp_path, seed=0)


def experiment(name):
    yaml = pytest.importorskip("yaml", reason="PyYAML comes with hydra-core")
    configs = files("a4eval.configs") / "experiment" / "assignment4"
    return yaml.safe_load((configs / f"{name}.yaml").read_text())


def test_q6_output_size(run):
    result = build("task", experiment("q6_output_size")["task"]).run(run)
    assert result.metrics["output_height"].value == 9
    assert result.metrics["output_width"].value == 9
    assert conv_transpose_size(3, 7) == 9


def test_q6_matrix(run):
    result = build("task", experiment("q6_matrix")["task"]).run(run)
    assert result.metrics["nonzeros"].value == 16
    assert result.metrics["adjoint_error"].value <= 1e-15
    assert result.metrics["matches_layer_error"].value <= 1e-15
    table, pattern = result.tables["matrix"], result.tables["pattern"]
    assert [row["row"] for row in table] == [f"y{i}{j}" for i in range(3) for j in range(3)]
    assert list(table[0]) == ["row", "x00", "x01", "x10", "x11"]
    assert ["".join(list(row.values())[1:]) for row in pattern] == PATTERN
    values = dict(zip("0abcd", range(5), strict=True))
    for row, letters in zip(table, PATTERN, strict=True):
        assert list(row.values())[1:] == [values[letter] for letter in letters]
    for column in ("x00", "x01", "x10", "x11"):
        assert sum(row[column] for row in table) == 1 + 2 + 3 + 4


def test_q6_matrix_is_the_transpose_of_the_valid_cross_correlation():
    weight = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    correlation = np.stack([conv(one.reshape(1, 1, 3, 3), weight).ravel() for one in np.eye(9)], axis=1)
    np.testing.assert_array_equal(conv_transpose_matrix(weight, (2, 2)).dense(), correlation.T)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        ({"name": "conv_arithmetic"}, r"task\.input_size: is missing"),
        (
            {"name": "conv_arithmetic", "input_size": 0, "kernel_size": 3},
            r"task.input_size: got 0",
        ),
        (
            {"name": "conv_arithmetic", "input_size": 3, "kernel_size": 3, "padding": 3},
            r"nearest that works: padding 2",
        ),
        (
            {"name": "conv_arithmetic", "input_size": 3, "kernel_size": 3, "dimensions": 4},
            "got 4, expected at least 1 and at most 3",
        ),
        ({"name": "conv_arithmetic", "input_size": [3, 3, 3], "kernel_size": 3}, r"input_size has 3 entries"),
        ({"name": "conv_matrix", "input_size": 2, "weight": [[1, 2], [3]]}, r"equally long lists of numbers"),
        ({"name": "conv_matrix", "input_size": 2, "weight": [[1, float("nan")]]}, r"NaN or infinite, the first at"),
        ({"name": "conv_matrix", "input_size": 2, "weight": [1, 2]}, r"expected 2 axes \(\*kernel_size\) or 4 axes"),
        ({"name": "conv_matrix", "input_size": 2, "in_channels": 2, "groups": 3}, r"got 3, expected one of 1, 2$"),
        ({"name": "conv_matrix", "input_size": 10**6}, r"would take .* GiB"),
    ],
)
def test_a_wrong_config_is_one_clear_error(node, text):
    with pytest.raises(ConfigError, match=text):
        build("task", node)


def test_a_large_matrix_is_not_listed(run):
    result = build("task", {"name": "conv_matrix", "input_size": 9}).run(run)
    assert list(result.tables) == ["singular_values", "taps"]
    assert "too large to list" in run.warnings[0]
