"""The transposed convolutions of an ONNX file: what each cuts off, by its own attributes.

Nothing of the file is run, and no file that it refers to is opened: only the graph, and the shapes it states.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from a4eval import DataError, require
from a4eval_deconv.frameworks.conventions import Crop, convention_crop, explicit_crop
from a4eval_deconv.frameworks.output_shapes import output_shape_crop
from a4eval_deconv.geometry import conv_transpose_size
from a4eval_deconv.operands import check_divides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_QUANTISING = {"QuantizeLinear", "DequantizeLinear"}
_AUTO_PADS = {"SAME_UPPER": "onnx_same_upper", "SAME_LOWER": "onnx_same_lower", "VALID": "onnx_valid"}


@dataclass(frozen=True, slots=True)
class OnnxLayer:
    """One ConvTranspose of a model; one entry per axis in each tuple.

    Args:
        name: of the node, or of its output where it has none.
        in_channels, out_channels, groups, bias: of the layer.
        size: of the input.
        kernel_size, stride, dilation: likewise.
        crops: what it cuts off the full output.
        said: the attributes that say so, in ONNX's words, and those that are not what they are by default.
    """

    name: str
    in_channels: int
    out_channels: int
    groups: int
    bias: bool
    size: tuple[int, ...]
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    crops: tuple[Crop, ...]
    said: str


def conv_transposes(path: Path, input_size: Sequence[int] | int | None = None) -> list[OnnxLayer]:
    """Return every ConvTranspose of an ONNX model, those of its subgraphs included, in the order of the file.

    Args:
        path: the model.
        input_size: spatial size of the model's inputs, where it leaves them open: one number, or one per axis.

    Raises:
        DataError: it is no ONNX model, has no ConvTranspose, or one that says too little or what ONNX refuses.
        MissingExtraError: the package onnx is not installed.
    """
    onnx = require("onnx", "a4eval-deconv[onnx]")
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # the parser has an exception of its own a backend
        raise DataError(f"{path}: is no ONNX model: {error}") from error
    for node in model.graph.node:
        if node.op_type in _QUANTISING and node.domain == "com.microsoft":
            node.domain = ""  # onnxruntime's own for other types, whose shapes are the same; nobody else infers them
    if input_size is not None:
        _set_size(path, model.graph, input_size)
    shapes = _Shapes(onnx)
    shapes.take(_inferred(onnx, model).graph)
    shapes.take(model.graph)
    found = [_layer(path, onnx, node, shapes, given=input_size is not None) for node in _nodes(onnx, model.graph)]
    if not found:
        operators = sorted({_text(node.op_type) for node in model.graph.node})
        listed = ", ".join(operators[:20]) or "nothing"
        raise DataError(f"{path}: has no ConvTranspose in it; expected at least one, got {listed}")
    return found


def _set_size(path: Path, graph: Any, input_size: Sequence[int] | int) -> None:
    """Write the size into the inputs that leave theirs open: what follows from it is then inferred."""
    constants = {tensor.name for tensor in graph.initializer}
    for value in graph.input:
        dims = value.type.tensor_type.shape.dim[2:]
        if value.name in constants or not dims:
            continue
        alike = isinstance(input_size, int)
        sizes: Sequence[Any] = (input_size,) * len(dims) if alike else tuple(input_size)  # type: ignore[arg-type]
        if len(sizes) != len(dims):
            raise DataError(
                f"{path}: input_size has {len(sizes)} entries, expected 1 or {len(dims)}: one per spatial axis of "
                f"{value.name!r}"
            )
        for dim, size in zip(dims, sizes, strict=True):
            if not dim.dim_value > 0:
                dim.dim_value = size


def _inferred(onnx: Any, model: Any) -> Any:
    try:
        return onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:  # noqa: BLE001  (a model whose shapes cannot be inferred states those that it states)
        return model


@dataclass(frozen=True, slots=True)
class _Shapes:
    """The shapes of a model's values by name, None for a length that is left open."""

    onnx: Any
    known: dict[str, tuple[int | None, ...]] = field(default_factory=dict)

    def take(self, graph: Any) -> None:
        """Take in what a graph, and the graphs in it, state."""
        for value in (*graph.input, *graph.value_info, *graph.output):
            if value.type.HasField("tensor_type") and value.type.tensor_type.HasField("shape"):
                dims = value.type.tensor_type.shape.dim
                self.known[value.name] = tuple(dim.dim_value if dim.dim_value > 0 else None for dim in dims)
        for tensor in graph.initializer:
            self.known[tensor.name] = tuple(tensor.dims)
        for node in graph.node:
            for attribute in node.attribute:
                if node.op_type == "Constant" and attribute.name == "value":
                    self.known[node.output[0]] = tuple(attribute.t.dims)
                for inner in _graphs(self.onnx, attribute):
                    self.take(inner)


def _graphs(onnx: Any, attribute: Any) -> Iterator[Any]:
    """Yield the graphs that an attribute holds: branches and bodies."""
    if attribute.type == onnx.AttributeProto.GRAPH:
        yield attribute.g
    elif attribute.type == onnx.AttributeProto.GRAPHS:
        yield from attribute.graphs


def _nodes(onnx: Any, graph: Any) -> Iterator[Any]:
    for node in graph.node:
        if node.op_type == "ConvTranspose" and node.domain in ("", "ai.onnx"):
            yield node
        for attribute in node.attribute:
            for inner in _graphs(onnx, attribute):
                yield from _nodes(onnx, inner)


def _layer(path: Path, onnx: Any, node: Any, shapes: _Shapes, *, given: bool) -> OnnxLayer:
    name = _text(node.name or (node.output[0] if node.output else ""))
    where = f"{path}: ConvTranspose {name!r}"
    if len(node.input) < 2:
        raise DataError(f"{where} has {len(node.input)} inputs, expected x, weight and maybe a bias")
    says = _said(where, onnx, node)
    weight = shapes.known.get(node.input[1])
    if weight is None or len(weight) < 3 or None in weight:
        raise DataError(
            f"{where}: its weight {node.input[1]!r} has the shape {weight}, expected it to be stated in full"
        )
    whole = tuple(int(length or 0) for length in weight)
    dims, group = len(whole) - 2, int(says.get("group", 1))
    try:
        check_divides(group, whole[0], "input channels")
        kernel = _numbers(says, "kernel_shape", whole[2:])
        if kernel != whole[2:]:
            raise ValueError(f"kernel_shape must be that of the weight: got {kernel}, expected {whole[2:]}")
        size = _size(shapes.known.get(node.input[0]), dims, given=given)
        stride, dilation = _numbers(says, "strides", (1,) * dims), _numbers(says, "dilations", (1,) * dims)
        crops, said = _crops(says, size, kernel, stride, dilation)
    except ValueError as error:
        raise DataError(f"{where}: {error}") from error
    bias = len(node.input) > 2 and bool(node.input[2])
    return OnnxLayer(name, whole[0], whole[1] * group, group, bias, size, kernel, stride, dilation, crops, said)


def _said(where: str, onnx: Any, node: Any) -> dict[str, Any]:
    """Return the attributes of a node that we look at, each of the type that ONNX gives it."""
    kinds = onnx.AttributeProto
    numbers = ("kernel_shape", "strides", "dilations", "pads", "output_padding", "output_shape")
    types = dict.fromkeys(numbers, kinds.INTS) | {"group": kinds.INT, "auto_pad": kinds.STRING}
    for one in node.attribute:
        if types.get(one.name, one.type) != one.type:
            name = kinds.AttributeType.Name
            raise DataError(f"{where}: {one.name} is {name(one.type)}, expected {name(types[one.name])}")
    return {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute if one.name in types}


def _text(value: str | bytes) -> str:
    """Return a text of a model, which arrives as bytes where it is no UTF-8."""
    return value if isinstance(value, str) else value.decode(errors="replace")


def _numbers(says: Mapping[str, Any], name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """Return an attribute of one number per axis."""
    numbers = tuple(int(number) for number in says.get(name, default))
    if len(numbers) != len(default):
        raise ValueError(f"{name} has {len(numbers)} entries, expected {len(default)}: got {numbers}")
    return numbers


def _size(shape: tuple[int | None, ...] | None, dims: int, *, given: bool) -> tuple[int, ...]:
    """Return the input's size: what the model states, or what follows from it."""
    stated: tuple[int | None, ...] = (None,) * dims if shape is None else shape[2:]
    if len(stated) != dims:
        raise ValueError(f"its input has the shape {shape}, expected {dims} spatial axes like its weight")
    if None in stated:
        raise ValueError(
            "the size of its input does not follow from "
            + ("the one given for the model's" if given else "the model: set input_size to that of the model's input")
        )
    return tuple(int(length or 0) for length in stated)


def _crops(
    says: Mapping[str, Any],
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[tuple[Crop, ...], str]:
    """Return what is cut off along each axis, and the attributes that say so."""
    dims = len(size)
    auto_pad = _text(says.get("auto_pad", b"NOTSET")) or "NOTSET"
    if auto_pad not in (*_AUTO_PADS, "NOTSET"):
        raise ValueError(f"auto_pad must be NOTSET, {', '.join(_AUTO_PADS)}, got {auto_pad!r}")
    extra = _numbers(says, "output_padding", (0,) * dims)
    axes = list(zip(size, kernel, stride, dilation, extra, strict=True))
    words = {"auto_pad": auto_pad} if auto_pad != "NOTSET" else {}
    words |= {"group": str(says["group"])} if says.get("group", 1) != 1 else {}
    words |= {"dilations": str(list(dilation))} if set(dilation) != {1} else {}
    if any(extra):
        words["output_padding"] = str(list(extra))
    if "output_shape" in says:  # with the batch and the channels, or without
        wanted = tuple(int(length) for length in says["output_shape"])[-dims:]
        if len(says["output_shape"]) not in (dims, dims + 2):
            raise ValueError(f"output_shape has {len(says['output_shape'])} entries, expected {dims}: one per axis")
        upper = auto_pad == "SAME_UPPER"
        crops = [
            output_shape_crop(i, o, k, s, d, output_padding=e, upper=upper)
            for (i, k, s, d, e), o in zip(axes, wanted, strict=True)
        ]
        words["output_shape"] = str(list(wanted))
    elif auto_pad != "NOTSET":
        crops = [convention_crop(_AUTO_PADS[auto_pad], k, s, d, output_padding=e) for _, k, s, d, e in axes]
    else:
        pads = _numbers(says, "pads", (0,) * 2 * dims)
        pairs = list(zip(pads[:dims], pads[dims:], strict=True))
        for (i, k, s, d, e), pair in zip(axes, pairs, strict=True):
            conv_transpose_size(i, k, stride=s, padding=pair, output_padding=e, dilation=d)
        crops = [
            explicit_crop("onnx", k, d, padding=pair, output_padding=e, stride=s)
            for (_, k, s, d, e), pair in zip(axes, pairs, strict=True)
        ]
        words["pads"] = str(list(pads))
    outputs = [crop.output(i, k, s, d) for crop, (i, k, s, d, _) in zip(crops, axes, strict=True)]
    if min(outputs) < 1 or not math.prod(outputs):
        raise ValueError(f"the output size is {tuple(outputs)}, but must be at least 1")
    return tuple(crops), ", ".join(f"{key}={value}" for key, value in words.items())
