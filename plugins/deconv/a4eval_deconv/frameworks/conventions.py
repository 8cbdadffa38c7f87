"""The padding conventions of torch, TensorFlow/Keras, jax and ONNX, along one axis, as crops of the same full output.

Whatever a framework calls it, a transposed convolution cuts ``before`` elements off the beginning of the full output
(of size (input − 1)·stride + dilation·(kernel − 1) + 1 along an axis) and ``after`` off its end; a negative ``after``
adds zeros.
Two calls agree when their crops do and neither turns the kernel round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from a4eval_deconv.geometry import per_axis


@dataclass(frozen=True, slots=True)
class Crop:
    """What a call cuts off the full output.

    Args:
        before, after: elements cut off the beginning and the end; a negative ``after`` adds zeros.
        flipped: the kernel's taps are used in reverse order.
    """

    before: int
    after: int
    flipped: bool = False

    def output(self, size: int, kernel_size: int, stride: int, dilation: int = 1) -> int:
        """Return the output size for this input size.

        >>> Crop(0, 1).output(3, 3, stride=2)
        6
        """
        return (size - 1) * stride + dilation * (kernel_size - 1) + 1 - self.before - self.after


@dataclass(frozen=True, slots=True)
class Convention:
    """One framework's way to say how much is cut off, without naming numbers."""

    framework: str
    call: str
    crop: Callable[[int, int], Crop]
    """Takes the kernel's reach, dilation·(kernel − 1) + 1, and the stride."""


def _torch_same(reach: int, stride: int) -> Crop:
    total = reach - stride
    if stride == 1:  # output padding needs a stride: with an even reach the output is one larger
        return Crop(total // 2, total // 2)
    padding = -(-max(total, 0) // 2)
    return Crop(padding, total - padding)


def _tensorflow_same(reach: int, stride: int) -> Crop:
    total = reach - stride
    before = max(total, 0) // 2
    return Crop(before, total - before)


def _valid(reach: int, stride: int) -> Crop:
    return Crop(0, min(reach - stride, 0))


def _onnx_upper(reach: int, stride: int) -> Crop:
    total = max(reach - stride, 0)
    return Crop(total // 2, total - total // 2)


def _onnx_lower(reach: int, stride: int) -> Crop:
    total = max(reach - stride, 0)
    return Crop(total - total // 2, total // 2)


def _jax_same(reach: int, stride: int) -> Crop:
    crop = _tensorflow_same(reach, stride)
    return Crop(crop.before, crop.after, flipped=True)


CONVENTIONS = {
    "torch_full": Convention("torch", "padding=0", lambda _reach, _stride: Crop(0, 0)),
    "torch_same": Convention("torch", "padding=⌈(reach − stride)/2⌉, output_padding up to stride·input", _torch_same),
    "tensorflow_same": Convention("tensorflow", 'padding="SAME"', _tensorflow_same),
    "tensorflow_valid": Convention("tensorflow", 'padding="VALID"', _valid),
    "jax_same": Convention("jax", 'padding="SAME", transpose_kernel=True', _tensorflow_same),
    "jax_valid": Convention("jax", 'padding="VALID", transpose_kernel=True', _valid),
    "jax_same_default": Convention("jax", 'padding="SAME" (the kernel is turned round)', _jax_same),
    "onnx_same_upper": Convention("onnx", 'auto_pad="SAME_UPPER"', _onnx_upper),
    "onnx_same_lower": Convention("onnx", 'auto_pad="SAME_LOWER"', _onnx_lower),
    "onnx_valid": Convention("onnx", 'auto_pad="VALID"', lambda _reach, _stride: Crop(0, 0)),
}
"""The named conventions: TensorFlow 2.21, jax 0.10 and onnxruntime 1.31 were measured to behave so.

With a kernel that reaches less far than the stride, TensorFlow and jax fill up to stride·input with zeros;
torch's output padding does the same; onnxruntime leaves the full output.
"""


def convention_crop(name: str, kernel_size: int, stride: int, dilation: int = 1) -> Crop:
    """Return what the named convention cuts off.

    Args:
        name: a key of ``CONVENTIONS``.
        kernel_size: filter size, in taps.
        stride: distance between the outputs of neighbouring inputs.
        dilation: distance between the taps.

    Raises:
        ValueError: unknown name, or sizes below 1.

    >>> convention_crop("tensorflow_same", 3, 2), convention_crop("torch_same", 3, 2)
    (Crop(before=0, after=1, flipped=False), Crop(before=1, after=0, flipped=False))
    """
    if name not in CONVENTIONS:
        raise ValueError(f"unknown convention {name!r}; known: {', '.join(CONVENTIONS)}")
    per_axis((kernel_size, stride, dilation), 3, "kernel_size, stride and dilation", 1)
    return CONVENTIONS[name].crop(dilation * (kernel_size - 1) + 1, stride)


def explicit_crop(
    framework: str,
    kernel_size: int,
    dilation: int = 1,
    *,
    padding: tuple[int, int] = (0, 0),
    output_padding: int = 0,
) -> Crop:
    """Return what explicit padding cuts off.

    Args:
        framework: ``torch``, ``onnx`` and ``tensorflow`` name what is cut off the output; ``jax`` names the zeros put
            around the spread-out input, so its padding counts the other way.
        kernel_size: filter size, in taps.
        dilation: distance between the taps.
        padding: (before, after).
        output_padding: torch's and ONNX's.

    Raises:
        ValueError: unknown framework, padding that torch cannot have, or output padding where there is none.

    >>> explicit_crop("torch", 3, padding=(1, 1), output_padding=1)
    Crop(before=1, after=0, flipped=False)
    >>> explicit_crop("jax", 3, padding=(1, 1))
    Crop(before=1, after=1, flipped=False)
    >>> explicit_crop("jax", 4, padding=(1, 1))
    Crop(before=2, after=2, flipped=False)
    """
    before, after = padding
    if framework not in ("torch", "tensorflow", "jax", "onnx"):
        raise ValueError(f"framework must be 'torch', 'tensorflow', 'jax' or 'onnx', got {framework!r}")
    if framework in ("jax", "tensorflow") and output_padding:
        raise ValueError(f"{framework} has no output_padding")
    if framework == "torch" and before != after:
        raise ValueError(f"torch pads both sides alike, got {before} before and {after} after")
    if framework == "jax":
        edge = dilation * (kernel_size - 1)
        return Crop(edge - before, edge - after)
    return Crop(before, after - output_padding)


def output_shape_crop(
    size: int,
    output: int,
    kernel_size: int,
    stride: int = 1,
    dilation: int = 1,
    *,
    output_padding: int = 0,
    upper: bool = False,
) -> Crop:
    """Return what ONNX cuts off when it is given ``output_shape`` instead of pads.

    The odd element goes to the beginning, unless ``auto_pad`` is ``SAME_UPPER`` (ONNX operator ConvTranspose).

    Args:
        size: input size, in elements.
        output: the ``output_shape`` along this axis.
        kernel_size: filter size, in taps.
        stride: distance between the outputs of neighbouring inputs.
        dilation: distance between the taps.
        output_padding: ONNX's.
        upper: is ``auto_pad`` ``SAME_UPPER``?

    Raises:
        ValueError: sizes below 1.

    >>> output_shape_crop(3, 6, 3, 2), output_shape_crop(3, 6, 3, 2, upper=True)
    (Crop(before=1, after=0, flipped=False), Crop(before=0, after=1, flipped=False))
    """
    per_axis((size, output, kernel_size, stride, dilation), 5, "sizes, stride and dilation", 1)
    full = (size - 1) * stride + dilation * (kernel_size - 1) + 1
    total = max(full + output_padding - output, 0)
    before = total // 2 if upper else total - total // 2
    return Crop(before, full - output - before)


def shift(of: Crop, against: Crop) -> int:
    """Return by how many elements the output of one call lies further right (or down) than that of another.

    >>> shift(convention_crop("tensorflow_same", 3, 2), convention_crop("torch_same", 3, 2))
    1
    """
    return against.before - of.before


def centre_shift(crop: Crop, kernel_size: int, stride: int, dilation: int = 1) -> float:
    """Return by how many elements the output lies right of perfect alignment.

    Aligned means that the centres of the areas agree, as in a resize: input element i covers the outputs
    stride·i … stride·(i + 1) − 1, and its kernel lies symmetrically about their middle.

    >>> centre_shift(convention_crop("tensorflow_same", 3, 2), 3, 2)
    0.5
    >>> centre_shift(convention_crop("torch_same", 4, 2), 4, 2)
    0.0
    """
    return (dilation * (kernel_size - 1) + 1 - stride) / 2 - crop.before
