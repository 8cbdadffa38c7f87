"""Calls that name the size they want, against the frameworks, refusals included."""

from importlib import import_module
from itertools import product

import numpy as np
import pytest
from a4eval_deconv import (
    CONVENTIONS,
    Crop,
    conv_transpose,
    convention_crop,
    output_shape_crop,
    shift,
    tensorflow_output_shape_crop,
    torch_output_size_crop,
)
from a4eval_deconv.frameworks.conventions import check_output_padding
from a4eval_deconv.frameworks.with_onnx import one_node_model, session

from a4eval import ConfigError, Run, build

from ..cases import needs


def test_31_against_32_shifts_a_pixel():
    """16 pixels, kernel 3, stride 2: the size says which side is cut."""
    smaller, larger = (tensorflow_output_shape_crop(16, size, 3, 2) for size in (31, 32))
    assert (smaller, larger) == (Crop(1, 1), Crop(0, 1))
    assert shift(larger, smaller) == 1
    without, with_zero = convention_crop("keras_same", 3, 2), convention_crop("keras_same", 3, 2, output_padding=0)
    assert (with_zero, without) == (smaller, larger)
    assert with_zero.output(16, 3, 2) == 31
    assert convention_crop("keras_same", 3, 2, output_padding=1) == Crop(0, 1)
    # torch keeps its place: output_size only chooses how much is kept at the end
    assert shift(torch_output_size_crop(16, 32, 3, 2, padding=1), torch_output_size_crop(16, 31, 3, 2, padding=1)) == 0


def numbers(size, kernel):
    rng = np.random.default_rng(0)
    return rng.standard_normal((1, 1, size)).astype(np.float32), rng.standard_normal((1, 1, kernel)).astype(np.float32)


def cut(x, weight, crop, **options):
    full = conv_transpose(x, weight, **options)[0, 0]
    return np.pad(full, (0, 9))[crop.before : full.size - crop.after]


@pytest.mark.parametrize("auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER"])
def test_the_output_shape_of_onnx_and_what_it_refuses(auto_pad):
    needs("onnx")
    runtime = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    seen = {True: 0, False: 0}
    for kernel, stride, dilation, extra in product((1, 2, 3, 4), (1, 2, 3), (1, 2), (0, 1, 2)):
        full = 2 * stride + dilation * (kernel - 1) + 1
        x, weight = numbers(3, kernel)
        for output in range(max(1, full - 3), full + stride + 2):
            attributes = {
                "strides": [stride],
                "dilations": [dilation],
                "output_shape": [output],
                "output_padding": [extra],
                "auto_pad": auto_pad,
            }
            model = session(one_node_model("ConvTranspose", attributes, x.shape, weight.shape))
            try:
                (y,) = model.run(None, {"x": x, "weight": weight})
            except runtime.InvalidArgument:
                with pytest.raises(ValueError, match=r"onnx (wants|adds)"):
                    output_shape_crop(3, output, kernel, stride, dilation, output_padding=extra)
                seen[False] += 1
                continue
            upper = auto_pad == "SAME_UPPER"
            crop = output_shape_crop(3, output, kernel, stride, dilation, output_padding=extra, upper=upper)
            np.testing.assert_allclose(y[0, 0], cut(x, weight, crop, stride=stride, dilation=dilation), atol=1e-5)
            assert crop.output(3, kernel, stride, dilation) == output
            seen[True] += 1
    assert min(seen.values()) > 50


def test_the_output_shape_of_tensorflow_and_what_it_refuses():
    needs("tensorflow")
    tf = import_module("tensorflow")

    seen = {True: 0, False: 0}
    for kernel, stride, padding in product(range(1, 6), range(1, 4), ("SAME", "VALID")):
        x, weight = numbers(3, kernel)
        for output in range(1, 3 * stride + kernel + 2):
            try:
                y = tf.nn.conv2d_transpose(
                    x.transpose(0, 2, 1)[..., None].transpose(0, 1, 3, 2),
                    weight.transpose(2, 1, 0)[:, None],
                    [1, output, 1, 1],
                    [stride, 1],
                    padding=padding,
                ).numpy()
            except tf.errors.OpError:
                with pytest.raises(ValueError, match=f"a convolution with {padding} maps to 3"):
                    tensorflow_output_shape_crop(3, output, kernel, stride, padding=padding)
                seen[False] += 1
                continue
            crop = tensorflow_output_shape_crop(3, output, kernel, stride, padding=padding)
            np.testing.assert_allclose(y.ravel(), cut(x, weight, crop, stride=stride), atol=1e-5)
            assert crop.output(3, kernel, stride) == output
            seen[True] += 1
    assert min(seen.values()) > 50


def test_the_output_size_of_torch_and_what_it_refuses(torch):
    seen = {True: 0, False: 0}
    for kernel, stride, dilation, padding in product(range(1, 5), range(1, 4), (1, 3), (0, 1)):
        module = torch.nn.ConvTranspose1d(1, 1, kernel, stride, padding, dilation=dilation, bias=False).double()
        x, weight = np.ones((1, 1, 3)), module.weight.detach().numpy()
        for output in range(1, 16):
            try:
                y = module(torch.tensor(x), output_size=[output]).detach().numpy()
            except (ValueError, RuntimeError):
                with pytest.raises(ValueError, match=r"torch's output_size chooses among .* expected"):
                    torch_output_size_crop(3, output, kernel, stride, dilation, padding=padding)
                seen[False] += 1
                continue
            crop = torch_output_size_crop(3, output, kernel, stride, dilation, padding=padding)
            np.testing.assert_allclose(y[0, 0], cut(x, weight, crop, stride=stride, dilation=dilation), atol=1e-12)
            seen[True] += 1
    assert min(seen.values()) > 50


@pytest.mark.parametrize(("framework", "stride", "dilation", "most"), [
    ("torch", 2, 1, 1), ("torch", 1, 3, 2), ("onnx", 2, 3, 1), ("onnx", 1, 3, 0), ("keras", 3, 1, 2), ("jax", 3, 3, 0),
])  # fmt: skip
def test_one_rule_says_how_much_output_padding_a_framework_takes(framework, stride, dilation, most):
    assert check_output_padding(framework, most, stride, dilation) == most
    with pytest.raises(ValueError, match="output_padding"):
        check_output_padding(framework, most + 1, stride, dilation)


WORDS = [{"framework": one} for one in ("torch", "tensorflow", "jax", "onnx")]
WORDS += [{"convention": one} for one in CONVENTIONS]


@pytest.mark.parametrize("words", WORDS, ids=lambda words: next(iter(words.values())))
def test_what_is_accepted_is_possible_or_warned_of(words, tmp_path):
    """Whatever a config says in a framework's words, that framework's own row of the table says that it can."""
    accepted = 0
    for kernel, stride, dilation, extra in product((1, 2, 3), (1, 2, 3), (1, 2), (None, 0, 1, 2)):
        for padding in ([[0, 0]], [[1, 1]], [[0, 1]], [[2, 0]]) if "framework" in words else (0,):
            node = {"name": "conv_arithmetic", "input_size": 4, "dimensions": 1, "kernel_size": kernel, **words}
            node |= {"stride": stride, "dilation": dilation, "padding": padding, "output_padding": extra}
            run = Run(directory=tmp_path)
            try:
                rows = build("task", node).run(run).tables["translations"]
            except ConfigError:
                continue
            accepted += 1
            framework = words.get("framework") or CONVENTIONS[words["convention"]].framework
            possible = {row["framework"]: row["possible"] for row in rows}[framework]
            assert possible == (framework != "tensorflow" or dilation == 1), node
            assert possible == (not run.warnings), node
    assert accepted >= 18


@pytest.mark.parametrize("framework", ["torch", "onnx"])
def test_what_a_framework_refuses_is_accepted_nowhere(framework, tmp_path):
    """The config and the table of translations tell the same: both, or neither, take an output padding."""
    for stride, dilation, extra in product((1, 2, 3), (1, 2, 3), (0, 1, 2)):
        node = {"name": "conv_arithmetic", "input_size": 4, "dimensions": 1, "stride": stride, "dilation": dilation}
        node |= {"framework": framework, "output_padding": extra}
        try:
            rows = build("task", node).run(Run(directory=tmp_path)).tables["translations"]
        except ConfigError:
            allowed = False
        else:
            allowed = True
            assert {row["framework"]: row["possible"] for row in rows}[framework]
        assert allowed == (extra < (stride if framework == "onnx" else max(stride, dilation)) or extra == 0)


def run(tmp_path, **options):
    node = {"name": "conv_arithmetic", "input_size": 16, "kernel_size": 3, "stride": 2, "dimensions": 1, **options}
    (row,) = build("task", node).run(Run(directory=tmp_path)).tables["axes"]
    return row["cut_before"], row["cut_after"], row["output"]


def test_the_task_takes_every_frameworks_word_for_a_size(tmp_path):
    assert run(tmp_path, framework="tensorflow", output_shape=31) == (1, 1, 31)
    assert run(tmp_path, convention="tensorflow_same", output_shape=32) == (0, 1, 32)
    assert run(tmp_path, convention="tensorflow_valid", output_shape=34) == (0, -1, 34)
    assert run(tmp_path, convention="keras_same") == (0, 1, 32)
    assert run(tmp_path, convention="keras_same", output_padding=0) == (1, 1, 31)
    assert run(tmp_path, convention="keras_valid", output_padding=1) == (0, -1, 34)
    assert run(tmp_path, convention="onnx_same_upper", output_padding=1) == (1, 0, 32)
    assert run(tmp_path, convention="onnx_same_upper") == (0, 1, 32)
    assert run(tmp_path, convention="onnx_same_lower", output_padding=1) == (1, 0, 32)
    assert run(tmp_path, framework="onnx", output_shape=32, output_padding=1) == (1, 0, 32)
    assert run(tmp_path, framework="torch", padding=1, output_shape=32) == (1, 0, 32)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"framework": "tensorflow", "output_shape": 33}, r"maps to 16: got 33, expected 31 … 32"),
        ({"framework": "torch", "output_shape": 31}, r"torch's output_size .* got 31, expected 33 … 34"),
        ({"framework": "onnx", "output_shape": 35}, r"full output 33, got output_shape 35; nearest that works: 34"),
        ({"framework": "onnx", "output_padding": 2}, r"onnx wants output_padding smaller than the stride 2, got 2"),
        ({"convention": "keras_same", "output_padding": 2}, r"keras wants output_padding smaller than the stride 2"),
        ({"convention": "tensorflow_same", "output_padding": 1}, r"'tensorflow_same' fixes the output: leave"),
        ({"framework": "keras"}, r"keras names no numbers: set convention=keras_same or convention=keras_valid"),
        ({"framework": "jax", "output_shape": 32}, r"output_shape goes with .*; got framework jax"),
        ({"framework": "onnx", "output_shape": 32, "padding": 1}, r"both without padding.*; got framework onnx"),
    ],
)
def test_what_a_framework_would_refuse_is_one_clear_error(options, text, tmp_path):
    with pytest.raises(ConfigError, match=text):
        run(tmp_path, **options)
