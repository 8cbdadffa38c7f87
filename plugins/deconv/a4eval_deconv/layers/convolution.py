"""Convolution and its transpose as layers."""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003  (a component's annotations are resolved at run time)
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from a4eval import param
from a4eval_deconv.algorithms.choice import ForwardName
from a4eval_deconv.geometry import conv_geometry, frozen, per_axis, transposed_geometry
from a4eval_deconv.initialisation import icnr_weight, uniform_weight
from a4eval_deconv.layers.fields import (
    Array,
    Numbers,
    Sides,
    check_channels,
    check_framework,
    named,
    shared,
    smallest_size,
    with_bias,
)
from a4eval_deconv.layers.layouts import Convertible
from a4eval_deconv.layers.torch_reference import torch_conv, torch_conv_transpose
from a4eval_deconv.operators.convolution import conv, conv_gradients
from a4eval_deconv.operators.transpose import conv_transpose, conv_transpose_gradients


@dataclass
class ConvTranspose(Convertible):
    """Transposed convolution; parameters ``weight`` (in_channels, out_channels / groups, *kernel_size) and ``bias``."""

    in_channels: int = shared("in_channels")
    out_channels: int = shared("out_channels")
    kernel_size: Numbers = shared("kernel_size")
    dimensions: int = shared("dimensions")
    stride: Numbers = shared("stride")
    padding: Sides = shared("padding")
    output_padding: Numbers = shared("output_padding")
    dilation: Numbers = shared("dilation")
    groups: int = shared("groups")
    bias: bool = shared("bias")
    initialisation: Literal["uniform", "icnr"] = param(
        "uniform", help="uniform, as torch does it, or icnr: no checkerboard"
    )
    algorithm: ForwardName = param("auto", help="auto picks by data volume")

    is_transposed: ClassVar[bool] = True
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
class Conv(Convertible):
    """Convolution; parameters ``weight`` (out_channels, in_channels / groups, *kernel_size) and ``bias``."""

    in_channels: int = shared("in_channels")
    out_channels: int = shared("out_channels")
    kernel_size: Numbers = shared("kernel_size")
    dimensions: int = shared("dimensions")
    stride: Numbers = shared("stride", help="distance between neighbouring windows")
    padding: Sides = shared("padding", help="zeros around the input: all sides, per axis, or [before, after]")
    dilation: Numbers = shared("dilation")
    groups: int = shared("groups")
    bias: bool = shared("bias")

    is_transposed: ClassVar[bool] = False
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
