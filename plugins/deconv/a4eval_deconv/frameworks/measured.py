"""What a framework's named convention cuts off, found out by running it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.frameworks.conventions import CONVENTIONS, Crop, convention_crop
from a4eval_deconv.frameworks.peers import run
from a4eval_deconv.frameworks.translation import translate
from a4eval_deconv.operators.transpose import conv_transpose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_NAMED_ARGUMENTS: dict[str, dict[str, Any]] = {
    "tensorflow_same": {"padding": "SAME"},
    "tensorflow_valid": {"padding": "VALID"},
    "keras_same": {"padding": "same", "output_padding": None},
    "keras_valid": {"padding": "valid", "output_padding": None},
    "jax_same": {"padding": "SAME", "transpose_kernel": True},
    "jax_valid": {"padding": "VALID", "transpose_kernel": True},
    "jax_same_default": {"padding": "SAME", "transpose_kernel": False},
    "onnx_same_upper": {"auto_pad": "SAME_UPPER"},
    "onnx_same_lower": {"auto_pad": "SAME_LOWER"},
    "onnx_valid": {"auto_pad": "VALID"},
}


def measured_crop(
    convention: str,
    size: int,
    kernel_size: int,
    stride: int,
    dilation: int = 1,
    *,
    output_padding: int | None = None,
) -> Crop | None:
    """Run a named convention in its framework, along one axis, and find out what it cuts off the full output.

    Args:
        convention: a key of ``CONVENTIONS``.
        size: input size, in elements.
        kernel_size: filter size, in taps.
        stride: distance between the outputs of neighbouring inputs.
        dilation: distance between the taps.
        output_padding: Keras's and ONNX's, beside the convention; None for none.

    Returns:
        The crop, or None if the framework's output is no crop of the full output, or nothing but zeros.

    Raises:
        MissingExtraError: the framework is not installed.
    """
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((1, 1, size)), rng.standard_normal((1, 1, kernel_size))
    framework = CONVENTIONS[convention].framework
    predicted = convention_crop(convention, kernel_size, stride, dilation, output_padding=output_padding)
    if framework == "torch":
        arguments = translate(
            predicted, "torch", size=size, kernel_size=kernel_size, stride=stride, dilation=dilation
        ).arguments
    else:
        arguments = dict(_NAMED_ARGUMENTS[convention])
    if framework == "tensorflow":
        arguments["output_shape"] = predicted.output(size, kernel_size, stride, dilation)
    if output_padding is not None:
        arguments["output_padding"] = output_padding
    y, _ = run(framework, (x, weight, np.zeros(1)), (stride,), (dilation,), [arguments])
    fulls = {flipped: _full(x, weight[..., ::-1] if flipped else weight, stride, dilation) for flipped in (False, True)}
    return crop_of(y[0, 0], fulls)


def _full(x: NDArray[Any], weight: NDArray[Any], stride: int, dilation: int) -> NDArray[Any]:
    full: NDArray[Any] = conv_transpose(x, weight, stride=stride, dilation=dilation)[0, 0]
    return full


def crop_of(y: NDArray[Any], fulls: Mapping[bool, NDArray[Any]]) -> Crop | None:
    """Return the one crop of the full output that *y* is, along one axis; None where none, or more than one, is.

    An output of zeros is what lies beyond any full output: it says nothing about what was cut off.

    Args:
        y: (length,), an output.
        fulls: the full output by whether the kernel was turned round.

    >>> import numpy as np
    >>> crop_of(np.array([2.0, 3.0, 0.0]), {False: np.array([1.0, 2.0, 3.0])})
    Crop(before=1, after=-1, flipped=False)
    >>> crop_of(np.zeros(3), {False: np.array([1.0, 2.0, 3.0])}) is None
    True
    """
    found: list[Crop] = []
    if not np.isfinite(y).all() or not y.any():
        return None
    for flipped, full in fulls.items():
        tolerance = 1e-4 * np.abs(full).max()
        for before in range(1 - y.size, full.size):  # at least one element in common
            after = full.size - before - y.size
            expected = np.pad(full, (max(-before, 0), max(-after, 0)))[max(before, 0) :][: y.size]
            if np.abs(expected - y).max() <= tolerance:
                found.append(Crop(before, after, flipped))
    straight = [crop for crop in found if not crop.flipped]  # a symmetric kernel is the same turned round
    candidates = straight or found
    return candidates[0] if len(candidates) == 1 else None
