"""Transposed convolution in onnxruntime, on a model of one node."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from a4eval import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


def run(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any],
    stride: Sequence[int],
    dilation: Sequence[int],
    arguments: Sequence[dict[str, Any]],
) -> tuple[NDArray[Any], None]:
    """Run it in float32; ``arguments`` holds ``pads`` or ``auto_pad``, and maybe ``output_padding``."""
    names: dict[str, Any] = {
        "strides": list(stride),
        "dilations": list(dilation),
        "kernel_shape": list(weight.shape[2:]),
    }
    if "auto_pad" in arguments[0]:
        names["auto_pad"] = arguments[0]["auto_pad"]
    else:
        pairs = [one["pads"] for one in arguments]
        names["pads"] = [before for before, _ in pairs] + [after for _, after in pairs]
    names["output_padding"] = [one.get("output_padding", 0) for one in arguments]
    model = one_node_model("ConvTranspose", names, x.shape, weight.shape, bias=bias.shape)
    operands = {"x": x, "weight": weight, "bias": bias}
    (y,) = session(model).run(None, {name: array.astype("float32") for name, array in operands.items()})
    return y, None


@lru_cache(maxsize=32)
def session(model: bytes) -> Any:
    """Return an onnxruntime session of one thread."""
    runtime = require("onnxruntime", "a4eval-deconv[onnx]")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def one_node_model(
    operator: str,
    attributes: dict[str, Any],
    x: Sequence[int],
    weight: Sequence[int],
    constant: NDArray[np.float32] | None = None,
    bias: Sequence[int] | None = None,
) -> bytes:
    """Return the bytes of an ONNX model ``y = operator(x, weight, bias)`` in float32.

    Args:
        operator: an operator of opset 17.
        attributes: lists of ints, or strings.
        x: shape of the input.
        weight: shape of the weight.
        constant: the weight, to make it part of the model; None to make it an input.
        bias: shape of the bias, which is an input; None for none.

    Raises:
        MissingExtraError: the package onnx is not installed.
    """
    onnx = require("onnx", "a4eval-deconv[onnx]")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info("x", kind, list(x))]
    constants = [] if constant is None else [onnx.numpy_helper.from_array(constant, "weight")]
    if constant is None:
        inputs.append(helper.make_tensor_value_info("weight", kind, list(weight)))
    if bias is not None:
        inputs.append(helper.make_tensor_value_info("bias", kind, list(bias)))
    names = ["x", "weight"] if bias is None else ["x", "weight", "bias"]
    node = helper.make_node(operator, names, ["y"], **attributes)
    outputs = [helper.make_tensor_value_info("y", kind, None)]
    graph = helper.make_graph([node], "graph", inputs, outputs, initializer=constants)
    opsets = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())
