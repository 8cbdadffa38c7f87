"""How to say one crop of the full output in each framework's own words, or that it cannot be said."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from a4eval_deconv.frameworks.conventions import Crop, convention_crop, output_padding_limit
from a4eval_deconv.frameworks.output_shapes import tensorflow_output_shape_crop
from a4eval_deconv.geometry import per_axis

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAMEWORKS = ("torch", "tensorflow", "keras", "jax", "onnx")


@dataclass(frozen=True, slots=True)
class Translation:
    """A configuration in the words of one framework.

    Args:
        framework: which.
        possible: does one call do it?
        arguments: of that call, along one axis; where it is not possible, of the call to begin with.
        crop: what that call cuts off the full output.
        remedy: where it is not possible: why, and what to do to the result.
    """

    framework: str
    possible: bool
    arguments: dict[str, Any] = field(hash=False)
    crop: Crop
    remedy: str = ""


def translate(
    crop: Crop, framework: str, *, size: int, kernel_size: int, stride: int, dilation: int = 1
) -> Translation:
    """Return how *framework* does what *crop* describes, along one axis.

    Args:
        crop: what is cut off the full output.
        framework: ``torch``, ``tensorflow``, ``keras``, ``jax`` or ``onnx``.
        size: input size, in elements.
        kernel_size: filter size, in taps.
        stride: distance between the outputs of neighbouring inputs.
        dilation: distance between the taps.

    Raises:
        ValueError: unknown framework.

    >>> translate(Crop(1, 0), "torch", size=3, kernel_size=3, stride=2).arguments
    {'padding': 1, 'output_padding': 1}
    >>> translate(Crop(0, 1), "torch", size=3, kernel_size=3, stride=2).remedy
    'torch cannot cut off less before (0) than after (1): use padding 0 and drop the last 1'
    """
    if framework not in FRAMEWORKS:
        raise ValueError(f"framework must be one of {', '.join(FRAMEWORKS)}, got {framework!r}")
    if framework == "jax":
        edge = dilation * (kernel_size - 1)
        # jax takes negative padding too, so everything can be said
        arguments = {"padding": (edge - crop.before, edge - crop.after), "transpose_kernel": not crop.flipped}
        return Translation(framework, possible=True, arguments=arguments, crop=crop)
    numbers = (size, kernel_size, stride, dilation)
    size, kernel_size, stride, dilation = per_axis(numbers, 4, "size, kernel_size, stride and dilation", 1)
    straight = Crop(crop.before, crop.after)
    if framework == "torch":
        found = _torch(straight, stride, dilation)
    elif framework == "onnx":
        found = _onnx(straight, stride, dilation)
    elif framework == "keras":
        found = _keras(straight, kernel_size, stride, dilation)
    else:
        found = _tensorflow(straight, size, kernel_size, stride, dilation)
    if crop.flipped:
        remedy = "turn the kernel round first" + (f"; {found.remedy}" if found.remedy else "")
        found = replace(found, remedy=remedy)
    return found


def keras_calls(crop: Crop, kernel_size: int, stride: int, dilation: int) -> list[dict[str, Any]]:
    """Return the arguments with which Keras cuts this off along one axis, the plainest first.

    >>> keras_calls(Crop(1, 1), kernel_size=3, stride=2, dilation=1)
    [{'padding': 'same', 'output_padding': 0}]
    """
    return [
        {"padding": padding, "output_padding": extra}
        for extra in (None, *range(stride))
        for padding in ("same", "valid")
        if convention_crop(f"keras_{padding}", kernel_size, stride, dilation, output_padding=extra) == crop
    ]


def _keras(crop: Crop, kernel_size: int, stride: int, dilation: int) -> Translation:
    for arguments in keras_calls(crop, kernel_size, stride, dilation):
        return Translation("keras", possible=True, arguments=arguments, crop=crop)
    return _then_cut("keras", crop, {"padding": "valid", "output_padding": 0})


def _onnx(crop: Crop, stride: int, dilation: int) -> Translation:
    extra = max(-crop.after, 0)
    if crop.before >= 0 and (extra == 0 or extra < output_padding_limit("onnx", stride, dilation)):
        arguments: dict[str, Any] = {"pads": (crop.before, max(crop.after, 0)), "output_padding": extra}
        return Translation("onnx", possible=True, arguments=arguments, crop=crop)
    return _then_cut("onnx", crop, {"pads": (0, 0)})


def _torch(crop: Crop, stride: int, dilation: int) -> Translation:
    extra = crop.before - crop.after
    if crop.before >= 0 and (extra == 0 or 0 < extra < output_padding_limit("torch", stride, dilation)):
        arguments = {"padding": crop.before, "output_padding": extra}
        return Translation("torch", possible=True, arguments=arguments, crop=crop)
    if 0 <= crop.before < crop.after:
        remedy = (
            f"torch cannot cut off less before ({crop.before}) than after ({crop.after}): "
            f"use padding {crop.before} and drop the last {-extra}"
        )
        start = Crop(crop.before, crop.before)
        return Translation("torch", possible=False, arguments={"padding": crop.before}, crop=start, remedy=remedy)
    return _then_cut("torch", crop, {"padding": 0})


def _tensorflow(crop: Crop, size: int, kernel_size: int, stride: int, dilation: int) -> Translation:
    output = crop.output(size, kernel_size, stride, dilation)
    if dilation > 1:
        inner = _tensorflow(crop, size, dilation * (kernel_size - 1) + 1, stride, 1)
        remedy = "on a CPU it takes no dilation, but in float32 with oneDNN: spread the kernel out with zeros first"
        return replace(inner, possible=False, remedy="; ".join(filter(None, [remedy, inner.remedy])))
    arguments: dict[str, Any]
    for padding in _named_paddings(crop, size, output, kernel_size, stride):
        arguments = {"padding": padding, "output_shape": output}
        return Translation("tensorflow", possible=True, arguments=arguments, crop=crop)
    # it checks that the convolution this is the gradient of leads back to the input's size
    after = max(crop.after, 0)
    if crop.before >= 0 and (output + crop.before + after - kernel_size) // stride + 1 == size:
        arguments = {"padding": (crop.before, after), "output_shape": output}
        return Translation("tensorflow", possible=True, arguments=arguments, crop=crop)
    full = Crop(0, 0).output(size, kernel_size, stride)
    return _then_cut("tensorflow", crop, {"padding": (0, 0), "output_shape": full})


def _named_paddings(
    crop: Crop, size: int, output: int, kernel_size: int, stride: int
) -> Iterator[Literal["SAME", "VALID"]]:
    """Yield TensorFlow's named paddings that cut this off for this output shape."""
    paddings: tuple[Literal["SAME", "VALID"], ...] = ("SAME", "VALID")
    for padding in paddings:
        with suppress(ValueError):  # it refuses this output shape
            if tensorflow_output_shape_crop(size, output, kernel_size, stride, padding=padding) == crop:
                yield padding


def _then_cut(framework: str, wanted: Crop, arguments: dict[str, Any]) -> Translation:
    """Say how to get there from the full output."""
    steps = [
        f"drop the first {wanted.before}" if wanted.before > 0 else "",
        f"put {-wanted.before} zeros before it, to which any bias is added" if wanted.before < 0 else "",
        f"drop the last {wanted.after}" if wanted.after > 0 else "",
        f"append {-wanted.after} zeros, to which any bias is added" if wanted.after < 0 else "",
    ]
    remedy = f"no call of {framework} does this: take the full output and {' and '.join(filter(None, steps))}"
    return Translation(framework, possible=False, arguments=arguments, crop=Crop(0, 0), remedy=remedy)
