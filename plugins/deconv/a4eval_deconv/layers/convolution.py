"""Convolution and its transpose as layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping  # noqa: TC003  (a component's annotations are resolved at run time)
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from a4eval import param
from a4eval_deconv.geometry import conv_geometry, frozen, per_axis, transposed_geometry
from a4eval_deconv.initialisation import icnr_weight, uniform_weight
from a4eval_deconv.layers.torch_reference import torch_conv, torch_conv_transpose
from a4eval_deconv.operands import check_groups
from a4eval_deconv.operators.convolution import conv, conv_gradients
from a4eval_deconv.operators.transpose import conv_transpose, conv_transpose_gradients

Array: TypeAlias = NDArray[Any]
Numbers: TypeAlias = int | list[int]
Sides: TypeAlias = int | list[int | list[int]]


@dataclass
class ConvTranspose:
    """Transposed convolution; parameters ``weight`` (in_channels, out_channels / groups, *kernel_size) and ``bias``."""

    in_channels: int = param(2, help="channels of the input")
    out_channels: int = param(2, help="channels of the output")
    kernel_size: Numbers = param(3, help="filter size, for all axes or one per axis", unit="taps")
    dimensions: int = param(2, help="how many spatial axes: 1, 2 or 3")
    stride: Numbers = param(1, help="distance between the outputs of neighbouring inputs", unit="elements")
    padding: Sides = param(0, help="cut off the full output: all sides, per axis, or [before, after]", unit="elements")
    output_padding: Numbers = param(0, help="kept at the end of what the padding cuts off", unit="elements")
    dilation: Numbers = param(1, help="distance between the taps", unit="elements")
    groups: int = param(1, help="independent groups of channels")
    bias: bool = param(True, help="add a bias per output channel")
    initialisation: Literal["uniform", "icnr"] = param(
        "uniform", help="uniform, as torch does it, or icnr: no checkerboard"
    )
    algorithm: Literal["auto", "subpixel", "column_to_image", "cached_matrix"] = param(
        "auto", help="auto picks by data volume"
    )

    linear: ClassVar[bool] = True
    complex_step: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._kernel = check_channels(
            self.in_channels, self.out_channels, self.groups, self.kernel_size, self.dimensions
        )
        self._strides = per_axis(self.stride, self.dimensions, "stride", 1)
        self._example = smallest_size(self.dimensions, self._geometry)
        if self.initialisation == "icnr":
            self.init(np.random.default_rng(0))

    def _geometry(self, size: tuple[int, ...]) -> object:
        return transposed_geometry(size, self._kernel, self.stride, self.padding, self.output_padding, self.dilation)

    @property
    def multiply_adds_per_output(self) -> float:
        """How many products are summed for one element of the output, on average."""
        return self.in_channels / self.groups * math.prod(self._kernel) / math.prod(self._strides)

    def example(self, rng: np.random.Generator) -> Array:
        """Return a small valid input, (2, in_channels, *size)."""
        return rng.standard_normal((2, self.in_channels, *self._example))

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Return fresh parameters, float64."""
        weight = uniform_weight(rng, (self.in_channels, self.out_channels // self.groups, *self._kernel))
        if self.initialisation == "icnr":
            weight = icnr_weight(weight, self._strides)
        return with_bias(weight, self.out_channels, rng, wanted=self.bias)

    def forward(self, params: Mapping[str, Array], x: Array) -> tuple[Array, Any]:
        """Return ``(y, tape)``."""
        y = conv_transpose(x, params["weight"], params.get("bias"), algorithm=self.algorithm, **self._options())
        return y, x

    def backward(self, params: Mapping[str, Array], tape: Any, dy: Array) -> tuple[dict[str, Array], Array]:
        """Return ``(dparams, dx)``."""
        dx, dweight, dbias = conv_transpose_gradients(dy, tape, params["weight"], **self._options())
        return named(dweight, dbias, params), dx

    def reference(
        self, framework: str, params: Mapping[str, Array], x: Array, dy: Array
    ) -> tuple[Array, dict[str, Array], Array]:
        """Return (y, dparams, dx) as another framework computes them; ``torch`` is the one it knows.

        Raises:
            ValueError: another framework.
            MissingExtraError: torch is not installed.
        """
        check_framework(framework)
        return torch_conv_transpose(params, x, dy, self._options())

    def _options(self) -> dict[str, Any]:
        return {
            "stride": frozen(self.stride),
            "padding": frozen(self.padding),
            "output_padding": frozen(self.output_padding),
            "dilation": frozen(self.dilation),
            "groups": self.groups,
        }


@dataclass
class Conv:
    """Convolution; parameters ``weight`` (out_channels, in_channels / groups, *kernel_size) and ``bias``."""

    in_channels: int = param(2, help="channels of the input")
    out_channels: int = param(2, help="channels of the output")
    kernel_size: Numbers = param(3, help="filter size, for all axes or one per axis", unit="taps")
    dimensions: int = param(2, help="how many spatial axes: 1, 2 or 3")
    stride: Numbers = param(1, help="distance between neighbouring windows", unit="elements")
    padding: Sides = param(0, help="zeros around the input: all sides, per axis, or [before, after]", unit="elements")
    dilation: Numbers = param(1, help="distance between the taps", unit="elements")
    groups: int = param(1, help="independent groups of channels")
    bias: bool = param(True, help="add a bias per output channel")

    linear: ClassVar[bool] = True
    complex_step: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._kernel = check_channels(
            self.in_channels, self.out_channels, self.groups, self.kernel_size, self.dimensions
        )
        self._example = smallest_size(self.dimensions, self._geometry)

    def _geometry(self, size: tuple[int, ...]) -> object:
        return conv_geometry(size, self._kernel, frozen(self.stride), frozen(self.padding), frozen(self.dilation))

    @property
    def multiply_adds_per_output(self) -> float:
        """How many products are summed for one element of the output, on average."""
        return self.in_channels / self.groups * math.prod(self._kernel)

    def example(self, rng: np.random.Generator) -> Array:
        """Return a small valid input, (2, in_channels, *size)."""
        return rng.standard_normal((2, self.in_channels, *self._example))

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Return fresh parameters, float64."""
        weight = uniform_weight(rng, (self.out_channels, self.in_channels // self.groups, *self._kernel))
        return with_bias(weight, self.out_channels, rng, wanted=self.bias)

    def forward(self, params: Mapping[str, Array], x: Array) -> tuple[Array, Any]:
        """Return ``(y, tape)``."""
        return conv(x, params["weight"], params.get("bias"), **self._options()), x

    def backward(self, params: Mapping[str, Array], tape: Any, dy: Array) -> tuple[dict[str, Array], Array]:
        """Return ``(dparams, dx)``."""
        dx, dweight, dbias = conv_gradients(dy, tape, params["weight"], **self._options())
        return named(dweight, dbias, params), dx

    def reference(
        self, framework: str, params: Mapping[str, Array], x: Array, dy: Array
    ) -> tuple[Array, dict[str, Array], Array]:
        """Return (y, dparams, dx) as another framework computes them; ``torch`` is the one it knows.

        Raises:
            ValueError: another framework.
            MissingExtraError: torch is not installed.
        """
        check_framework(framework)
        return torch_conv(params, x, dy, self._options())

    def _options(self) -> dict[str, Any]:
        return {
            "stride": frozen(self.stride),
            "padding": frozen(self.padding),
            "dilation": frozen(self.dilation),
            "groups": self.groups,
        }


def check_channels(
    in_channels: int, out_channels: int, groups: int, kernel_size: Numbers, dimensions: int
) -> tuple[int, ...]:
    """Check what all convolution layers have in common, and return the kernel size per axis.

    Raises:
        ValueError: something does not fit.
    """
    if dimensions not in (1, 2, 3):
        raise ValueError(f"dimensions must be 1, 2 or 3, got {dimensions}")
    per_axis((in_channels, out_channels), 2, "in_channels and out_channels", 1)
    check_groups(in_channels, in_channels, groups, "the layer")
    if out_channels % groups:
        possible = [count for count in range(1, out_channels + 1) if out_channels % count == 0]
        raise ValueError(f"groups must divide the {out_channels} output channels, got {groups}; possible: {possible}")
    return per_axis(kernel_size, dimensions, "kernel_size", 1)


def check_framework(framework: str) -> None:
    """Check the name of a reference framework.

    Raises:
        ValueError: it is not ``torch``.
    """
    if framework != "torch":
        raise ValueError(f"the reference must be 'torch', got {framework!r}")


def smallest_size(dimensions: int, geometry: Callable[[tuple[int, ...]], object]) -> tuple[int, ...]:
    """Return the smallest input size from 3 up that the configuration accepts.

    Raises:
        ValueError: there is none up to 64; the text is that of the configuration's own check.
    """
    for size in range(3, 65):
        try:
            geometry((size,) * dimensions)
        except ValueError as error:
            last = error
        else:
            return (size,) * dimensions
    raise last


def with_bias(weight: Array, channels: int, rng: np.random.Generator, *, wanted: bool) -> dict[str, Array]:
    """Return the parameters, with a bias from the same range as torch's where one is wanted."""
    if not wanted:
        return {"weight": weight}
    return {"weight": weight, "bias": uniform_weight(rng, (channels, *weight.shape[1:])).reshape(channels, -1)[:, 0]}


def named(dweight: Array, dbias: Array, params: Mapping[str, Array]) -> dict[str, Array]:
    """Return the gradients under the names of *params*."""
    return {"weight": dweight, "bias": dbias} if "bias" in params else {"weight": dweight}
