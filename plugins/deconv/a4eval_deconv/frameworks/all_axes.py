"""One call for all axes: what a framework wants of them together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from a4eval_deconv.frameworks.conventions import Crop, convention_crop
from a4eval_deconv.frameworks.translation import Translation, keras_calls, translate
from a4eval_deconv.products import inner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Spatial(Protocol):
    """A configuration, one entry per axis."""

    @property
    def size(self) -> tuple[int, ...]:
        """Of the input."""

    @property
    def kernel_size(self) -> tuple[int, ...]:
        """Of the filter, in taps."""

    @property
    def stride(self) -> tuple[int, ...]:
        """Between the outputs of neighbouring inputs."""

    @property
    def dilation(self) -> tuple[int, ...]:
        """Between the taps."""


def _along_axis(case: Spatial, crop: Crop, framework: str, axis: int) -> Translation:
    size, kernel, stride = case.size[axis], case.kernel_size[axis], case.stride[axis]
    return translate(crop, framework, size=size, kernel_size=kernel, stride=stride, dilation=case.dilation[axis])


def translated(
    case: Spatial, crops: Sequence[Crop], framework: str, weight: NDArray[Any]
) -> tuple[list[Translation], NDArray[Any]]:
    """Return the calls of *framework* for the crops of all axes together, and the weight that they take.

    Keras and TensorFlow want one padding for all axes; TensorFlow a kernel that is spread out, where there is dilation.
    """
    translations = [_along_axis(case, crop, framework, axis) for axis, crop in enumerate(crops)]
    if framework == "keras":
        return _keras(case, crops, translations), weight
    if framework != "tensorflow":
        return translations, weight
    if any(d > 1 for d in case.dilation):
        reach = tuple(d * (k - 1) + 1 for k, d in zip(case.kernel_size, case.dilation, strict=True))
        spread = np.zeros((*weight.shape[:2], *reach), weight.dtype)
        spread[inner(2, (slice(None, None, d) for d in case.dilation))] = weight
        weight = spread
    paddings = [one.arguments["padding"] for one in translations]
    if all(padding == paddings[0] for padding in paddings) and isinstance(paddings[0], str):
        return translations, weight
    rewritten = []
    for one, size, kernel, stride in zip(translations, case.size, weight.shape[2:], case.stride, strict=True):
        if len(case.size) == 3 or one.crop.before < 0:  # three dimensions know SAME and VALID only
            valid = convention_crop("tensorflow_valid", kernel, stride)
            padding: Any = "VALID"
        else:
            valid, padding = one.crop, (one.crop.before, max(one.crop.after, 0))
        arguments = {"padding": padding, "output_shape": valid.output(size, kernel, stride)}
        remedy = one.remedy if padding != "VALID" else "three axes know SAME and VALID only: take VALID and cut"
        rewritten.append(Translation(framework, one.possible, arguments, valid, remedy))
    return rewritten, weight


def _keras(case: Spatial, crops: Sequence[Crop], translations: list[Translation]) -> list[Translation]:
    """Return calls of one padding, with an output padding on all axes or on none."""
    axes = zip(crops, case.kernel_size, case.stride, case.dilation, strict=True)
    calls = [keras_calls(*axis) for axis in axes]
    for padding in ("same", "valid"):
        for named in (False, True):
            fitting = [
                next(
                    (one for one in axis if one["padding"] == padding and (one["output_padding"] is not None) == named),
                    None,
                )
                for axis in calls
            ]
            if None not in fitting:
                return [
                    replace(one, arguments=call, crop=crop, possible=True, remedy="")
                    for one, call, crop in zip(translations, fitting, crops, strict=True)
                    if call is not None
                ]
    whole = {"padding": "valid", "output_padding": 0}
    remedy = "one call has one padding for all axes: take the full output and cut"
    return [
        replace(one, possible=False, arguments=whole, crop=Crop(0, 0), remedy=one.remedy or remedy)
        for one in translations
    ]
