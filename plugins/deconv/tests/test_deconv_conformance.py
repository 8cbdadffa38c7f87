"""The frameworks themselves: our predictions of their conventions, and our values and gradients."""

import json
import subprocess
import sys

import numpy as np
import pytest
from a4eval_deconv import CONVENTIONS, Crop, conv_transpose, convention_crop, output_shape_crop
from a4eval_deconv.frameworks.conformance import Case, compare, installed_frameworks, measured_crop
from a4eval_deconv.frameworks.translation import FRAMEWORKS
from a4eval_deconv.frameworks.with_onnx import one_node_model, session

from a4eval import ConfigError, DataError, Run, build


def needs(framework):
    if framework not in installed_frameworks():
        pytest.skip(f"{framework} is not installed: pip install 'a4eval-deconv[{framework}]'")


@pytest.mark.parametrize("name", list(CONVENTIONS))
def test_each_convention_is_what_its_framework_does(name):
    needs(CONVENTIONS[name].framework)
    dilations = (1,) if CONVENTIONS[name].framework == "tensorflow" else (1, 2)
    for size in (3, 4):
        for kernel in range(1, 6):
            for stride in range(1, 4):
                for dilation in dilations:
                    predicted = convention_crop(name, kernel, stride, dilation)
                    if kernel == 1:  # one tap: nothing to turn round
                        predicted = Crop(predicted.before, predicted.after)
                    assert measured_crop(name, size, kernel, stride, dilation) == predicted, (size, kernel, stride)


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


def test_a_wrong_translation_would_be_seen():
    """The comparison itself is tested: shift the wanted crop by one and the error is of the order of the values."""
    needs("torch")
    case = Case(1, 1, 1, (4,), (3,), (2,), ((1, 1),), (1,), (1,))
    assert compare(case, "torch", np.random.default_rng(0)).value_error <= 1e-12
    object.__setattr__(case, "dilation", (2,))
    object.__setattr__(case, "kernel_size", (2,))
    assert compare(case, "torch", np.random.default_rng(0)).value_error <= 1e-12
    assert measured_crop("torch_same", 3, 3, 2) != convention_crop("tensorflow_same", 3, 2)


def test_the_model_of_one_node_can_hold_its_weight():
    needs("onnx")
    weight = np.arange(3, dtype=np.float32).reshape(1, 1, 3)
    model = one_node_model("ConvTranspose", {"strides": [1], "pads": [1, 1]}, (1, 1, 2), weight.shape, weight)
    (y,) = session(model).run(None, {"x": np.array([[[1, 10]]], np.float32)})
    np.testing.assert_array_equal(y, [[[1 + 0, 2 + 10]]])


@pytest.mark.parametrize("upper", [False, True])
def test_the_output_shape_of_onnx(upper):
    needs("onnx")
    rng = np.random.default_rng(0)
    x, weight = (rng.standard_normal((1, 1, n)).astype(np.float32) for n in (3, 3))
    full = conv_transpose(x, weight, stride=2)[0, 0]
    for output in (5, 6, 7, 8):
        for extra in (0, 1):
            attributes = {"strides": [2], "output_shape": [output], "output_padding": [extra]}
            if upper:
                attributes["auto_pad"] = "SAME_UPPER"
            model = one_node_model("ConvTranspose", attributes, x.shape, weight.shape)
            (y,) = session(model).run(None, {"x": x, "weight": weight})
            crop = output_shape_crop(3, output, 3, 2, output_padding=extra, upper=upper)
            expected = np.pad(full, (0, 9))[crop.before :][:output]
            np.testing.assert_allclose(y[0, 0], expected, atol=1e-6, err_msg=f"{output} {extra} {crop}")
            assert crop.output(3, 3, 2) == output


def test_no_framework_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr("a4eval_deconv.tasks.conv_conformance.installed_frameworks", list)
    with pytest.raises(DataError, match="no framework is installed"):
        build("task", "conv_conformance").run(Run(directory=tmp_path))
    with pytest.raises(ConfigError, match="must be among torch, tensorflow, jax, onnx, got 'caffe'"):
        build("task", {"name": "conv_conformance", "frameworks": ["caffe"]})


def test_installed_frameworks_looks_without_importing():
    code = (
        "import json, sys; from a4eval_deconv.frameworks.conformance import installed_frameworks as f; "
        "print(json.dumps([f(), sorted({'torch', 'jax', 'tensorflow'} & set(sys.modules))]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [installed_frameworks(), []]
