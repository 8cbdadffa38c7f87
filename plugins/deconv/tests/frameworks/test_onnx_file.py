"""Transposed convolutions read from ONNX files: what is said of them is what onnxruntime makes of the same file."""

import warnings
from importlib import import_module

import numpy as np
import pytest
from a4eval_deconv import Crop, conv_transpose
from a4eval_deconv.frameworks.onnx_file import conv_transposes
from a4eval_deconv.frameworks.peers import installed_frameworks

from a4eval import ConfigError, DataError, Run, build

from ..cases import needs

VARIANTS = [
    {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
    {"strides": [2, 2], "auto_pad": "SAME_UPPER", "output_padding": [1, 1]},
    {"strides": [2, 3], "auto_pad": "SAME_LOWER", "dilations": [2, 1]},
    {"strides": [2, 2], "auto_pad": "VALID", "output_padding": [0, 1]},
    {"strides": [2, 2], "pads": [0, 1, 2, 1], "output_padding": [1, 0]},
    {"strides": [2, 2], "output_shape": [8, 9]},
    {"strides": [3, 2], "output_shape": [9, 10], "auto_pad": "SAME_UPPER"},
    {"group": 2},
]


def weight_of(attributes):
    return np.random.default_rng(1).standard_normal((2, 4 // attributes.get("group", 1), 3, 3)).astype(np.float32)


def saved(path, attributes, *, size=(4, 5), constant=False, weight=None, name="up", nested=False):
    """Write a model of one ConvTranspose with a bias; its weight as an initializer or as a constant."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install 'a4eval-deconv[onnx]'")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    weight = weight_of(attributes) if weight is None else weight
    bias = np.arange(weight.shape[1] * attributes.get("group", 1), dtype=np.float32)
    tensors = [onnx.numpy_helper.from_array(weight, "w"), onnx.numpy_helper.from_array(bias, "b")]
    nodes = [helper.make_node("Relu", ["x"], ["h"])]
    if constant:
        nodes.append(helper.make_node("Constant", [], ["w"], value=tensors.pop(0)))
    layer = helper.make_node("ConvTranspose", ["h", "w", "b"], ["y"], name=name, **attributes)
    x = helper.make_tensor_value_info("x", kind, ["batch", 2, *size])
    y = helper.make_tensor_value_info("y", kind, None)
    if nested:
        branch = helper.make_graph([layer], "branch", [], [helper.make_tensor_value_info("y", kind, None)])
        condition = helper.make_tensor("true", onnx.TensorProto.BOOL, [], [True])
        nodes += [helper.make_node("Constant", [], ["c"], value=condition),
                  helper.make_node("If", ["c"], ["z"], then_branch=branch, else_branch=branch)]  # fmt: skip
        y = helper.make_tensor_value_info("z", kind, None)
    else:
        nodes.append(layer)
    graph = helper.make_graph(nodes, "graph", [x], [y], initializer=tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("attributes", VARIANTS, ids=str)
@pytest.mark.parametrize("constant", [False, True])
def test_what_is_read_is_what_onnxruntime_does(attributes, constant, tmp_path):
    needs("onnx")
    path = saved(tmp_path / "model.onnx", attributes, constant=constant)
    (layer,) = conv_transposes(path)
    assert (layer.name, layer.in_channels, layer.out_channels, layer.bias) == ("up", 2, 4, True)
    x = np.abs(np.random.default_rng(0).standard_normal((1, 2, 4, 5))).astype(np.float32)
    session = import_module("onnxruntime").InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    (theirs,) = session.run(None, {"x": x})
    padding = [[crop.before, max(crop.after, 0)] for crop in layer.crops]
    extra = [max(-crop.after, 0) for crop in layer.crops]
    ours = conv_transpose(
        x, weight_of(attributes), np.arange(4), stride=layer.stride, padding=padding, output_padding=extra,
        dilation=layer.dilation, groups=layer.groups,
    )  # fmt: skip
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_the_task_says_what_every_framework_makes_of_it(tmp_path):
    needs("onnx")
    path = saved(tmp_path / "model.onnx", VARIANTS[0])
    compared = [name for name in ("torch", "onnx") if name in installed_frameworks()]
    run = Run(directory=tmp_path)
    result = build("task", {"name": "onnx_conv_transpose", "path": str(path), "compare": compared}).run(run)
    metrics = {name: value.value for name, value in result.metrics.items()}
    assert metrics["layers"] == metrics["onnx_in_one_call"] == metrics["tensorflow_in_one_call"] == 1
    assert metrics["torch_in_one_call"] == 0  # it cannot cut less before than after
    rows = result.tables["layers"]
    assert [(row["axis"], row["cut_before"], row["cut_after"], row["output"]) for row in rows] == [
        ("height", 0, 1, 8),
        ("width", 0, 1, 10),
    ]
    assert rows[0]["said"] == "auto_pad=SAME_UPPER"
    words = {row["framework"]: row for row in result.tables["translations"] if row["axis"] == "height"}
    assert words["keras"]["arguments"] == "padding=same, output_padding=None"
    assert "drop the last 1" in words["torch"]["remedy"]
    assert all(row["value_error"] <= 2e-6 for row in result.tables["cases"])
    assert str(path) in run.sources


def test_a_size_that_is_left_open_is_given(tmp_path):
    path = saved(tmp_path / "model.onnx", {"strides": [2, 2], "output_shape": [8, 9]}, size=("height", 5))
    with pytest.raises(DataError, match=r"model.onnx: ConvTranspose 'up': the size .* set input_size to that of the"):
        conv_transposes(path)
    assert conv_transposes(path, 4)[0].size == (4, 5)
    assert conv_transposes(path, [4, 9])[0].size == (4, 5)  # what the model states is not overruled
    with pytest.raises(DataError, match=r"input_size has 3 entries, expected 1 or 2: one per spatial axis of 'x'"):
        conv_transposes(path, [4, 5, 6])
    with pytest.raises(ConfigError, match="input_size: got 0, expected at least 1"):
        build("task", {"name": "onnx_conv_transpose", "path": str(path), "input_size": 0})


def test_the_size_of_a_later_layer_follows_from_the_models_input(torch, tmp_path):
    """Two layers behind each other, exported by torch with an open height: 32 → 16 → 32 → 64."""
    needs("onnx")
    first, second = torch.nn.ConvTranspose2d(4, 4, 3, 2, 1, 1), torch.nn.ConvTranspose2d(4, 3, 4, 2, 1)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, 2, 1), torch.nn.ReLU(), first, second)
    path = tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch's older exporter, which needs nothing else
        torch.onnx.export(
            net, torch.ones(1, 3, 32, 32), path, dynamo=False, input_names=["x"], dynamic_axes={"x": {2: "height"}}
        )
    found = conv_transposes(path, 32)
    assert [layer.size for layer in found] == [(16, 16), (32, 32)]
    assert [layer.crops for layer in found] == [(Crop(1, 0),) * 2, (Crop(1, 1),) * 2]
    assert [layer.bias for layer in found] == [True, True]


def test_a_layer_in_a_branch_is_found(tmp_path):
    found = conv_transposes(saved(tmp_path / "model.onnx", VARIANTS[0], nested=True))
    assert [layer.name for layer in found] == ["up", "up"]  # then and else
    assert {layer.size for layer in found} == {(4, 5)}


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"strides": [1, 1], "dilations": [2, 2], "output_padding": [1, 1]}, r"onnx wants output_padding smaller than"),
        ({"strides": [2]}, r"strides has 1 entries, expected 2: got \(2,\)"),
        ({"kernel_shape": [2, 2]}, r"kernel_shape must be that of the weight: got \(2, 2\), expected \(3, 3\)"),
        ({"auto_pad": "SAME"}, r"auto_pad must be NOTSET, SAME_UPPER, SAME_LOWER, VALID, got 'SAME'"),
        ({"pads": [4, 4, 4, 4]}, r"= -2, but must be at least 1"),
        ({"pads": [-1, 0, 0, 0]}, r"padding must be at least 0"),
        ({"output_shape": [1, 2, 3]}, r"output_shape has 3 entries, expected 2"),
        ({"output_shape": [99, 99]}, r"onnx adds less than the stride 1"),
        ({"strides": [0, 1]}, r"at least 1"),
        ({"strides": 2}, r"strides is INT, expected INTS"),
        ({"pads": [1.0, 1.0]}, r"pads is FLOATS, expected INTS"),
        ({"auto_pad": 3}, r"auto_pad is INT, expected STRING"),
    ],
)
def test_what_onnx_refuses_is_one_clear_error(attributes, text, tmp_path):
    path = saved(tmp_path / "model.onnx", attributes, weight=np.ones((2, 4, 3, 3), np.float32))
    with pytest.raises(DataError, match=f"model.onnx: ConvTranspose 'up': .*{text}"):
        conv_transposes(path)


def test_files_that_are_no_such_model(tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install 'a4eval-deconv[onnx]'")
    path = tmp_path / "model.onnx"
    path.write_bytes(b"nonsense")
    with pytest.raises(DataError, match=r"model.onnx: is no ONNX model"):
        conv_transposes(path)
    empty = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "graph", [], [])
    path.write_bytes(onnx.helper.make_model(empty).SerializeToString())
    with pytest.raises(DataError, match=r"has no ConvTranspose in it; expected at least one, got Relu"):
        conv_transposes(path)
    with pytest.raises(ConfigError, match=r"compare must be among torch, .*, got 'caffe'"):
        build("task", {"name": "onnx_conv_transpose", "path": str(path), "compare": ["caffe"]})
    with pytest.raises(DataError, match="cannot be read"):
        build("task", {"name": "onnx_conv_transpose", "path": str(tmp_path / "none.onnx")}).run(Run(directory=tmp_path))


@pytest.mark.parametrize("domain", ["", "com.microsoft"])
def test_quantised_layers_are_read_through_what_quantises_them(domain, tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install 'a4eval-deconv[onnx]'")
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    tensors = [onnx.numpy_helper.from_array(np.ones((2, 2, 3, 3), np.int8), "w")]
    tensors += [onnx.numpy_helper.from_array(np.float32(0.1), "s"), onnx.numpy_helper.from_array(np.int8(0), "z")]
    nodes = []
    for index, given in enumerate(("x", "y0")):
        nodes += [
            make.make_node("QuantizeLinear", [given, "s", "z"], [f"q{index}"], domain=domain),
            make.make_node("DequantizeLinear", [f"q{index}", "s", "z"], [f"x{index}"], domain=domain),
            make.make_node("DequantizeLinear", ["w", "s", "z"], [f"w{index}"], domain=domain),
            make.make_node("ConvTranspose", [f"x{index}", f"w{index}"], [f"y{index}"], strides=[2, 2]),
        ]
    x, y = make.make_tensor_value_info("x", kind, [1, 2, 3, 3]), make.make_tensor_value_info("y1", kind, None)
    graph = make.make_graph(nodes, "graph", [x], [y], initializer=tensors)
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17), make.make_opsetid("com.microsoft", 1)])
    (tmp_path / "quantised.onnx").write_bytes(model.SerializeToString())
    layers = conv_transposes(tmp_path / "quantised.onnx")
    assert [(one.name, one.size, one.kernel_size) for one in layers] == [("y0", (3, 3), (3, 3)), ("y1", (7, 7), (3, 3))]
