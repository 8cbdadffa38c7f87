"""The task conv_conformance with the frameworks that are installed."""

import pytest
from a4eval_deconv.frameworks.peers import SINGLE_PRECISION
from a4eval_deconv.frameworks.translation import FRAMEWORKS

from a4eval import ConfigError, DataError, Run, build

from ..cases import needs


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_task_agrees_with_the_framework(framework, tmp_path):
    needs(framework)
    count = 9 if framework == "jax" else 40  # jax compiles each
    node = {"name": "conv_conformance", "frameworks": [framework], "random": count, "padding": 1, "output_padding": 1}
    result = build("task", node).run(Run(directory=tmp_path, seed=3))
    metrics = {name: value.value for name, value in result.metrics.items()}
    assert metrics[f"{framework}_same_size"] == count + 1
    assert metrics[f"{framework}_value_error"] <= (2e-6 if framework in SINGLE_PRECISION else 1e-12)
    assert (f"{framework}_gradient_error" in metrics) == (framework not in SINGLE_PRECISION)
    assert metrics.get(f"{framework}_gradient_error", 0) <= 1e-12
    assert metrics["conventions_explained"] == len(result.tables["conventions"])
    assert result.tables["cases"][0]["padding"] == "1+1 × 1+1"
    if framework == "jax":  # jax can say everything in one call, torch cannot
        assert metrics["jax_in_one_call"] == count + 1
    else:
        assert 0 < metrics[f"{framework}_in_one_call"] < count + 1


def test_no_framework_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr("a4eval_deconv.tasks.conv_conformance.installed_frameworks", list)
    with pytest.raises(DataError, match="no framework is installed"):
        build("task", "conv_conformance").run(Run(directory=tmp_path))
    with pytest.raises(ConfigError, match="must be among torch, tensorflow, keras, jax, onnx, got 'caffe'"):
        build("task", {"name": "conv_conformance", "frameworks": ["caffe"]})


def test_an_output_that_no_tap_reaches_is_said_to_say_nothing(tmp_path):
    needs("torch")
    run = Run(directory=tmp_path)
    node = {"name": "conv_conformance", "frameworks": ["torch"], "input_size": 1, "kernel_size": 1, "stride": 3}
    build("task", {**node, "output_padding": 2}).run(run)
    assert not run.warnings
    build("task", {**node, "kernel_size": 3, "dilation": 3, "padding": [[1, 4], [1, 4]]}).run(run)
    assert "no tap reaches the output of size 1 × 1, kernel 3 × 3" in run.warnings[0]
    result = build("task", {**node, "kernel_size": 3, "stride": 2, "padding": 1}).run(run)
    assert result.metrics["conventions_explained"].value == len(result.tables["conventions"])


def test_auto_pad_beside_output_padding_is_measured(tmp_path):
    needs("onnx")
    node = {"name": "conv_conformance", "frameworks": ["onnx"], "padding": 1, "output_padding": 1}
    rows = build("task", node).run(Run(directory=tmp_path)).tables["conventions"]
    measured = {row["convention"]: (row["measured_before"], row["measured_after"]) for row in rows}
    assert measured["onnx_same_upper"] == (0, 1)
    assert measured["onnx_same_upper, output_padding=1"] == (1, 0)
    assert all(row["explained"] for row in rows)
