"""What a call that names the size it wants cuts off: ONNX's and TensorFlow's ``output_shape``, torch's ``output_size``.

Neighbouring sizes need not be neighbouring crops: TensorFlow's SAME with kernel 3 and stride 2 cuts 1 before for 31 of
16, and 0 for 32, which moves the whole picture by one.
"""

from __future__ import annotations

from typing import Literal

from a4eval_deconv.frameworks.conventions import Crop, check_output_padding
from a4eval_deconv.geometry import per_axis


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
        ValueError: sizes below 1, or what onnxruntime refuses: output padding or zeros of a stride and more.

    >>> output_shape_crop(3, 6, 3, 2), output_shape_crop(3, 6, 3, 2, upper=True)
    (Crop(before=1, after=0, flipped=False), Crop(before=0, after=1, flipped=False))
    """
    size, output, kernel_size, stride, dilation, full = _numbers(size, output, kernel_size, stride, dilation)
    output_padding = check_output_padding("onnx", output_padding, stride, dilation)
    if output >= full + stride:
        raise ValueError(
            f"onnx adds less than the stride {stride} to the full output {full}, got output_shape {output}; "
            f"nearest that works: {full + stride - 1}"
        )
    total = max(full + output_padding - output, 0)
    before = total // 2 if upper else total - total // 2
    return Crop(before, full - output - before)


def tensorflow_output_shape_crop(
    size: int,
    output: int,
    kernel_size: int,
    stride: int = 1,
    *,
    padding: Literal["SAME", "VALID"] = "SAME",
) -> Crop:
    """Return what TensorFlow cuts off for this ``output_shape``.

    ``tf.nn.conv2d_transpose`` is the gradient of the convolution that maps *output* to *size*; with ``SAME`` that
    convolution pads ⌊total/2⌋ before, total = (size − 1)·stride + kernel_size − output.

    Args:
        size: input size, in elements.
        output: the ``output_shape`` along this axis.
        kernel_size: filter size, in taps.
        stride: distance between the outputs of neighbouring inputs.
        padding: ``SAME`` or ``VALID``.

    Raises:
        ValueError: sizes below 1, or an output that the convolution does not map to *size*; the text has those it does.

    >>> tensorflow_output_shape_crop(16, 31, 3, 2), tensorflow_output_shape_crop(16, 32, 3, 2)
    (Crop(before=1, after=1, flipped=False), Crop(before=0, after=1, flipped=False))
    """
    size, output, kernel_size, stride, _, full = _numbers(size, output, kernel_size, stride, 1)
    first = (size - 1) * stride + 1 if padding == "SAME" else full
    if padding not in ("SAME", "VALID"):
        raise ValueError(f"padding must be 'SAME' or 'VALID', got {padding!r}")
    if not first <= output < first + stride:
        raise ValueError(
            f"tensorflow wants an output_shape that a convolution with {padding} maps to {size}: "
            f"got {output}, expected {first} … {first + stride - 1}"
        )
    total = full - output
    before = max(total, 0) // 2 if padding == "SAME" else 0
    return Crop(before, total - before)


def torch_output_size_crop(
    size: int, output: int, kernel_size: int, stride: int = 1, dilation: int = 1, *, padding: int = 0
) -> Crop:
    """Return what torch's module cuts off for this ``output_size``: it becomes an output padding below the stride.

    Args:
        size: input size, in elements.
        output: the ``output_size`` along this axis.
        kernel_size: filter size, in taps.
        stride: distance between the outputs of neighbouring inputs.
        dilation: distance between the taps.
        padding: the module's, on both sides.

    Raises:
        ValueError: sizes below 1, or an output that no output padding reaches; the text has those it does.

    >>> torch_output_size_crop(16, 31, 3, 2, padding=1), torch_output_size_crop(16, 32, 3, 2, padding=1)
    (Crop(before=1, after=1, flipped=False), Crop(before=1, after=0, flipped=False))
    """
    size, output, kernel_size, stride, dilation, full = _numbers(size, output, kernel_size, stride, dilation)
    (padding,) = per_axis(padding, 1, "padding", 0)
    least = full - 2 * padding
    if not least <= output < least + stride:
        raise ValueError(
            f"torch's output_size chooses among the sizes that output_padding reaches: "
            f"got {output}, expected {least} … {least + stride - 1}"
        )
    return Crop(padding, full - output - padding)


def _numbers(size: int, output: int, kernel_size: int, stride: int, dilation: int) -> tuple[int, ...]:
    """Return the numbers, checked, and the full output's size."""
    numbers = per_axis((size, output, kernel_size, stride, dilation), 5, "sizes, stride and dilation", 1)
    size, output, kernel_size, stride, dilation = numbers
    return (*numbers, (size - 1) * stride + dilation * (kernel_size - 1) + 1)
