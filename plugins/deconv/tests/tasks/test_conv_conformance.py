"""The task conv_conformance with the frameworks that are installed."""

import pytest
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
    assert metrics[f"{framework}_value_error"] <= (2e-6 if framework == "onnx" else 1e-12)
    assert (f"{framework}_gradient_error" in metrics) == (framework != "onnx")
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
    with pytest.raises(ConfigError, match="must be among torch, tensorflow, jax, onnx, got 'caffe'"):
        build("task", {"name": "conv_conformance", "frameworks": ["caffe"]})
