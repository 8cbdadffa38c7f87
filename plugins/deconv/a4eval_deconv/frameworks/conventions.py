"""The padding conventions of torch, TensorFlow, Keras, jax and ONNX, along one axis, as crops of the same full output.

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
        numbers = (size, kernel_size, stride, dilation)
        size, kernel_size, stride, dilation = per_axis(numbers, 4, "size, kernel_size, stride and dilation", 1)
        return (size - 1) * stride + dilation * (kernel_size - 1) + 1 - self.before - self.after


@dataclass(frozen=True, slots=True)
class Convention:
    """One framework's way to say how much is cut off, without naming numbers."""

    framework: str
    call: str
    crop: Callable[[int, int, int | None], Crop]
    """Takes the kernel's reach, dilation·(kernel − 1) + 1, the stride, and the output padding where one is given."""
    takes_output_padding: bool = False


def _nothing(reach: int, stride: int, extra: int | None) -> Crop:
    del reach, stride
    return Crop(0, -(extra or 0))


def _torch_same(reach: int, stride: int, _extra: int | None) -> Crop:
    total = reach - stride
    if stride == 1:  # output padding needs a stride: with an even reach the output is one larger
        return Crop(total // 2, total // 2)
    padding = -(-max(total, 0) // 2)
    return Crop(padding, total - padding)


def _tensorflow_same(reach: int, stride: int, _extra: int | None) -> Crop:
    return _halves(reach - stride)


def _valid(reach: int, stride: int, _extra: int | None) -> Crop:
    return Crop(0, min(reach - stride, 0))


def _keras_same(reach: int, stride: int, extra: int | None) -> Crop:
    return _halves(reach - (stride if extra is None else reach % 2 + extra))


def _keras_valid(reach: int, stride: int, extra: int | None) -> Crop:
    return _valid(reach, stride, None) if extra is None else Crop(0, -extra)


def _halves(total: int) -> Crop:
    """Cut half of *total* before, rounded down, and the rest after; what is missing is added after."""
    before = max(total, 0) // 2
    return Crop(before, total - before)


def _onnx_upper(reach: int, stride: int, extra: int | None) -> Crop:
    total = max(reach + (extra or 0) - stride, 0)
    return Crop(total // 2, total - total // 2 - (extra or 0))


def _onnx_lower(reach: int, stride: int, extra: int | None) -> Crop:
    total = max(reach + (extra or 0) - stride, 0)
    return Crop(total - total // 2, total // 2 - (extra or 0))


def _jax_same(reach: int, stride: int, _extra: int | None) -> Crop:
    crop = _halves(reach - stride)
    return Crop(crop.before, crop.after, flipped=True)


CONVENTIONS = {
    "torch_full": Convention("torch", "padding=0", _nothing),
    "torch_same": Convention("torch", "padding=⌈(reach − stride)/2⌉, output_padding up to stride·input", _torch_same),
    "tensorflow_same": Convention("tensorflow", 'padding="SAME"', _tensorflow_same),
    "tensorflow_valid": Convention("tensorflow", 'padding="VALID"', _valid),
    "keras_same": Convention("keras", 'padding="same"', _keras_same, takes_output_padding=True),
    "keras_valid": Convention("keras", 'padding="valid"', _keras_valid, takes_output_padding=True),
    "jax_same": Convention("jax", 'padding="SAME", transpose_kernel=True', _tensorflow_same),
    "jax_valid": Convention("jax", 'padding="VALID", transpose_kernel=True', _valid),
    "jax_same_default": Convention("jax", 'padding="SAME" (the kernel is turned round)', _jax_same),
    "onnx_same_upper": Convention("onnx", 'auto_pad="SAME_UPPER"', _onnx_upper, takes_output_padding=True),
    "onnx_same_lower": Convention("onnx", 'auto_pad="SAME_LOWER"', _onnx_lower, takes_output_padding=True),
    "onnx_valid": Convention("onnx", 'auto_pad="VALID"', _nothing, takes_output_padding=True),
}
"""The named conventions: TensorFlow 2.21, Keras 3.15, jax 0.10 and onnxruntime 1.32 were measured to behave so.

With a kernel that reaches less far than the stride, TensorFlow, Keras and jax fill up to stride·input with zeros;
torch's output padding does the same; onnxruntime leaves the full output.
Keras's ``output_padding`` with ``same`` is counted from (input − 1)·stride + reach mod 2, and moves the cut before,
too: with kernel 3 and stride 2 an output padding of 0 gives 31 of 16, none gives 32, and the picture moves by one.
ONNX adds its ``output_padding`` to what ``auto_pad`` shares between the two sides: the size stays stride·input.
"""


def convention_crop(
    name: str, kernel_size: int, stride: int, dilation: int = 1, *, output_padding: int | None = None
) -> Crop:
    """Return what the named convention cuts off.

    Args:
        name: a key of ``CONVENTIONS``.
        kernel_size: filter size, in taps.
        stride: distance between the outputs of neighbouring inputs.
        dilation: distance between the taps.
        output_padding: Keras's and ONNX's; None where the call names none, which Keras tells from 0.

    Raises:
        ValueError: unknown name, sizes below 1, or an output padding that the framework does not take there.

    >>> convention_crop("tensorflow_same", 3, 2), convention_crop("torch_same", 3, 2)
    (Crop(before=0, after=1, flipped=False), Crop(before=1, after=0, flipped=False))
    >>> convention_crop("keras_same", 3, 2), convention_crop("keras_same", 3, 2, output_padding=0)
    (Crop(before=0, after=1, flipped=False), Crop(before=1, after=1, flipped=False))
    """
    if name not in CONVENTIONS:
        raise ValueError(f"unknown convention {name!r}; known: {', '.join(CONVENTIONS)}")
    convention = CONVENTIONS[name]
    kernel_size, stride, dilation = per_axis((kernel_size, stride, dilation), 3, "kernel_size, stride and dilation", 1)
    if output_padding is not None:
        if not convention.takes_output_padding:
            raise ValueError(f"convention {name!r} fixes the output: leave output_padding out, got {output_padding}")
        output_padding = check_output_padding(convention.framework, output_padding, stride, dilation)
    return convention.crop(dilation * (kernel_size - 1) + 1, stride, output_padding)


def check_output_padding(framework: str, output_padding: int, stride: int, dilation: int = 1) -> int:
    """Return *output_padding* if the framework accepts it.

    torch wants it below the larger of stride and dilation, ONNX and Keras below the stride; TensorFlow and jax have
    none.

    Raises:
        ValueError: it does not.

    >>> check_output_padding("torch", 1, stride=1, dilation=2)
    1
    >>> check_output_padding("onnx", 1, stride=1, dilation=2)
    Traceback (most recent call last):
    ValueError: onnx wants output_padding smaller than the stride 1, got 1; nearest that works: 0
    """
    (output_padding,) = per_axis(output_padding, 1, "output_padding", 0)
    limit = output_padding_limit(framework, stride, dilation)
    if output_padding and not limit:
        raise ValueError(f"{framework} has no output_padding, got {output_padding}")
    if output_padding and output_padding >= limit:
        than = f"the stride {stride}" + (f" or the dilation {dilation}" if framework == "torch" else "")
        raise ValueError(
            f"{framework} wants output_padding smaller than {than}, got {output_padding}; "
            f"nearest that works: {limit - 1}"
        )
    return output_padding


def output_padding_limit(framework: str, stride: int, dilation: int) -> int:
    """Return what the framework's output padding must stay below; 0 where there is none.

    >>> output_padding_limit("torch", 1, 2), output_padding_limit("onnx", 1, 2), output_padding_limit("jax", 1, 2)
    (2, 1, 0)
    """
    if framework == "torch":
        return max(stride, dilation)
    return stride if framework in ("onnx", "keras") else 0


def explicit_crop(
    framework: str,
    kernel_size: int,
    dilation: int = 1,
    *,
    padding: tuple[int, int] = (0, 0),
    output_padding: int = 0,
    stride: int | None = None,
) -> Crop:
    """Return what explicit padding cuts off.

    Args:
        framework: ``torch``, ``onnx`` and ``tensorflow`` name what is cut off the output; ``jax`` names the zeros put
            around the spread-out input, so its padding counts the other way.  ``keras`` knows conventions only.
        kernel_size: filter size, in taps.
        dilation: distance between the taps.
        padding: (before, after).
        output_padding: torch's and ONNX's.
        stride: where it is given, the output padding is held against it.

    Raises:
        ValueError: unknown framework, padding that it cannot have, or output padding that it does not take.

    >>> explicit_crop("torch", 3, padding=(1, 1), output_padding=1)
    Crop(before=1, after=0, flipped=False)
    >>> explicit_crop("jax", 3, padding=(1, 1))
    Crop(before=1, after=1, flipped=False)
    >>> explicit_crop("jax", 4, padding=(1, 1))
    Crop(before=2, after=2, flipped=False)
    """
    if framework == "keras":
        raise ValueError("keras names no numbers: set convention=keras_same or convention=keras_valid")
    if framework not in ("torch", "tensorflow", "jax", "onnx"):
        raise ValueError(f"framework must be 'torch', 'tensorflow', 'jax' or 'onnx', got {framework!r}")
    (before, after), (kernel_size, dilation) = map(int, padding), map(int, (kernel_size, dilation))
    if stride is not None or output_padding_limit(framework, 1, 1) == 0:
        output_padding = check_output_padding(framework, output_padding, stride or 1, dilation)
    if framework == "torch" and before != after:
        raise ValueError(f"torch pads both sides alike, got {before} before and {after} after")
    if framework == "jax":
        edge = dilation * (kernel_size - 1)
        return Crop(edge - before, edge - after)
    return Crop(before, after - int(output_padding))


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
    kernel_size, stride, dilation = per_axis((kernel_size, stride, dilation), 3, "kernel_size, stride and dilation", 1)
    return (dilation * (kernel_size - 1) + 1 - stride) / 2 - crop.before
