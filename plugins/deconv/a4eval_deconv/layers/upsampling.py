"""The alternatives to transposed convolution as layers: each enlarges by ``scale`` and convolves."""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003  (a component's annotations are resolved at run time)
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from a4eval import param
from a4eval_deconv.geometry import per_axis
from a4eval_deconv.initialisation import uniform_weight
from a4eval_deconv.layers.fields import SMALLEST, Array, Numbers, check_channels, named, same_padding, shared, with_bias
from a4eval_deconv.operators.convolution import conv, conv_gradients
from a4eval_deconv.operators.upsampling import bed_of_nails, pixel_shuffle, pixel_unshuffle, resize, resize_gradient
from a4eval_deconv.products import inner


@dataclass
class ResizeConv:
    """Resize, then convolve; parameters ``weight`` (out_channels, in_channels, *kernel_size) and ``bias``.

    The convolution is padded so that the size stays, (kernel − 1)/2 before and the rest after.
    """

    in_channels: int = shared("in_channels")
    out_channels: int = shared("out_channels")
    kernel_size: Numbers = shared("kernel_size")
    scale: int = shared("scale")
    method: Literal["nearest", "linear"] = param("nearest", help="how to resize")
    dimensions: int = shared("dimensions")
    bias: bool = shared("bias")

    linear: ClassVar[bool] = True
    complex_step: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._kernel = check_channels(self.in_channels, self.out_channels, 1, self.kernel_size, self.dimensions)
        per_axis(self.scale, 1, "scale", 1)

    @property
    def multiply_adds_per_output(self) -> float:
        """How many products are summed for one element of the output, on average."""
        return self.in_channels * math.prod(self._kernel)

    def example(self, rng: np.random.Generator) -> Array:
        """Return a small valid input, (2, in_channels, *size)."""
        return rng.standard_normal((2, self.in_channels, *(SMALLEST,) * self.dimensions))

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Return fresh parameters, float64."""
        weight = uniform_weight(rng, (self.out_channels, self.in_channels, *self._kernel))
        return with_bias(weight, self.out_channels, rng, wanted=self.bias)

    def forward(self, params: Mapping[str, Array], x: Array) -> tuple[Array, Any]:
        """Return ``(y, tape)``."""
        large = resize(x, self.scale, method=self.method)
        return conv(large, params["weight"], params.get("bias"), padding=same_padding(self._kernel)), large

    def backward(self, params: Mapping[str, Array], tape: Any, dy: Array) -> tuple[dict[str, Array], Array]:
        """Return ``(dparams, dx)``."""
        dlarge, dweight, dbias = conv_gradients(dy, tape, params["weight"], padding=same_padding(self._kernel))
        return named(dweight, dbias, params), resize_gradient(dlarge, self.scale, method=self.method)


@dataclass
class PixelShuffle:
    """Convolve to scaleᵈ times the channels, then shuffle them into pixels (Shi et al., arXiv 1609.05158).

    Parameters ``weight`` (out_channels · scaleᵈ, in_channels, *kernel_size) and ``bias``.
    """

    in_channels: int = shared("in_channels")
    out_channels: int = shared("out_channels")
    kernel_size: Numbers = shared("kernel_size")
    scale: int = shared("scale")
    dimensions: int = shared("dimensions")
    bias: bool = shared("bias", help="add a bias per convolved channel")
    initialisation: Literal["uniform", "icnr"] = param("icnr", help="icnr starts without a checkerboard; or uniform")

    linear: ClassVar[bool] = True
    complex_step: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._kernel = check_channels(self.in_channels, self.out_channels, 1, self.kernel_size, self.dimensions)
        per_axis(self.scale, 1, "scale", 1)

    @property
    def multiply_adds_per_output(self) -> float:
        """How many products are summed for one element of the output, on average."""
        return self.in_channels * math.prod(self._kernel)

    def example(self, rng: np.random.Generator) -> Array:
        """Return a small valid input, (2, in_channels, *size)."""
        return rng.standard_normal((2, self.in_channels, *(SMALLEST,) * self.dimensions))

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Return fresh parameters, float64; with ``icnr`` the scaleᵈ filters of an output channel are equal."""
        copies = self.scale**self.dimensions
        drawn = self.out_channels if self.initialisation == "icnr" else self.out_channels * copies
        params = with_bias(uniform_weight(rng, (drawn, self.in_channels, *self._kernel)), drawn, rng, wanted=self.bias)
        if self.initialisation == "icnr":
            params = {name: np.repeat(array, copies, axis=0) for name, array in params.items()}
        return params

    def forward(self, params: Mapping[str, Array], x: Array) -> tuple[Array, Any]:
        """Return ``(y, tape)``."""
        wide = conv(x, params["weight"], params.get("bias"), padding=same_padding(self._kernel))
        return pixel_shuffle(wide, self.scale), x

    def backward(self, params: Mapping[str, Array], tape: Any, dy: Array) -> tuple[dict[str, Array], Array]:
        """Return ``(dparams, dx)``."""
        dwide = pixel_unshuffle(dy, self.scale)
        dx, dweight, dbias = conv_gradients(dwide, tape, params["weight"], padding=same_padding(self._kernel))
        return named(dweight, dbias, params), dx


@dataclass
class UnpoolConv:
    """Spread the values apart with zeros between (unpooling without indices), then convolve.

    Parameters ``weight`` (out_channels, in_channels, *kernel_size) and ``bias``.
    """

    in_channels: int = shared("in_channels")
    out_channels: int = shared("out_channels")
    kernel_size: Numbers = shared("kernel_size")
    scale: int = shared("scale")
    dimensions: int = shared("dimensions")
    bias: bool = shared("bias")

    linear: ClassVar[bool] = True
    complex_step: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._kernel = check_channels(self.in_channels, self.out_channels, 1, self.kernel_size, self.dimensions)
        per_axis(self.scale, 1, "scale", 1)

    @property
    def multiply_adds_per_output(self) -> float:
        """How many products are summed for one element of the output, on average."""
        return self.in_channels * math.prod(self._kernel)

    def example(self, rng: np.random.Generator) -> Array:
        """Return a small valid input, (2, in_channels, *size)."""
        return rng.standard_normal((2, self.in_channels, *(SMALLEST,) * self.dimensions))

    def init(self, rng: np.random.Generator) -> dict[str, Array]:
        """Return fresh parameters, float64."""
        weight = uniform_weight(rng, (self.out_channels, self.in_channels, *self._kernel))
        return with_bias(weight, self.out_channels, rng, wanted=self.bias)

    def forward(self, params: Mapping[str, Array], x: Array) -> tuple[Array, Any]:
        """Return ``(y, tape)``."""
        large = bed_of_nails(x, self.scale)
        return conv(large, params["weight"], params.get("bias"), padding=same_padding(self._kernel)), large

    def backward(self, params: Mapping[str, Array], tape: Any, dy: Array) -> tuple[dict[str, Array], Array]:
        """Return ``(dparams, dx)``."""
        dlarge, dweight, dbias = conv_gradients(dy, tape, params["weight"], padding=same_padding(self._kernel))
        corners = inner(2, (slice(None, None, self.scale),) * self.dimensions)
        return named(dweight, dbias, params), np.ascontiguousarray(dlarge[corners])
