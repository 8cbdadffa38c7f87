"""Transposed convolution in onnxruntime, on a model of one node written here.

The model is written byte by byte (protocol buffers, onnx.proto3): it saves the dependency on the package ``onnx``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from a4eval import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_FLOAT, _INTS, _STRING = 1, 7, 3  # TensorProto.FLOAT, AttributeProto.INTS and STRING


def run(
    x: NDArray[Any],
    weight: NDArray[Any],
    stride: Sequence[int],
    dilation: Sequence[int],
    arguments: Sequence[dict[str, Any]],
) -> tuple[NDArray[Any], None]:
    """Run it in float32; ``arguments`` holds ``pads`` and ``output_padding``, or ``auto_pad``."""
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
    model = one_node_model("ConvTranspose", names, x.shape, weight.shape)
    (y,) = session(model).run(None, {"x": x.astype("float32"), "weight": weight.astype("float32")})
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
    operator: str, attributes: dict[str, Any], x: Sequence[int], weight: Sequence[int], constant: bytes = b""
) -> bytes:
    """Return the bytes of an ONNX model ``y = operator(x, weight)`` in float32.

    Args:
        operator: an operator of opset 17.
        attributes: lists of ints, or strings.
        x: shape of the input.
        weight: shape of the weight.
        constant: the weight's float32 bytes, to make it part of the model; empty to make it an input.
    """
    node = _field(1, b"x") + _field(1, b"weight") + _field(2, b"y") + _field(4, operator.encode())
    for name, value in attributes.items():
        content = _field(1, name.encode())
        if isinstance(value, str):
            content += _field(4, value.encode()) + _number(20, _STRING)
        else:
            content += b"".join(_number(8, entry) for entry in value) + _number(20, _INTS)
        node += _field(5, content)
    graph = _field(1, node) + _field(2, b"graph") + _field(11, _value_info("x", x))
    if constant:
        dims = b"".join(_number(1, n) for n in weight)
        graph += _field(5, dims + _number(2, _FLOAT) + _field(8, b"weight") + _field(9, constant))
    else:
        graph += _field(11, _value_info("weight", weight))
    graph += _field(12, _field(1, b"y") + _field(2, _field(1, _number(1, _FLOAT))))
    return _number(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _number(2, 17))


def _value_info(name: str, shape: Sequence[int]) -> bytes:
    dims = b"".join(_field(1, _number(1, n)) for n in shape)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, _FLOAT) + _field(2, dims)))


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative numbers are written as 64 bits
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content
