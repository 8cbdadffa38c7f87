"""Transposed convolution in jax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import require

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    Gradients: TypeAlias = Callable[[NDArray[Any]], tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]

_SPATIAL = {1: "W", 2: "HW", 3: "DHW"}


def run(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any],
    stride: Sequence[int],
    dilation: Sequence[int],
    arguments: Sequence[dict[str, Any]],
) -> tuple[NDArray[Any], Gradients]:
    """Run it; ``arguments`` holds ``padding`` (a pair, or ``SAME`` or ``VALID``) and ``transpose_kernel``."""
    jax = require("jax", "a4eval-deconv[jax]")
    axes = _SPATIAL[len(stride)]
    padding: Any = [one["padding"] for one in arguments]
    padding = padding[0] if isinstance(padding[0], str) else padding
    turned = bool(arguments[0]["transpose_kernel"])
    # with transpose_kernel jax takes the kernel as that of the convolution this is the gradient of
    numbers = ("NC" + axes, ("OI" if turned else "IO") + axes, "NC" + axes)

    def compute(inputs: Any, filters: Any, offset: Any) -> Any:
        y = jax.lax.conv_transpose(
            inputs,
            filters,
            tuple(stride),
            padding,
            rhs_dilation=tuple(dilation),
            dimension_numbers=numbers,
            transpose_kernel=turned,
            precision=jax.lax.Precision.HIGHEST,
        )
        return y + offset.reshape(-1, *(1,) * len(stride))

    def gradients(dy: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        with jax.enable_x64(x.dtype == np.float64):
            _, back = jax.vjp(compute, x, weight, bias)
            dx, dweight, dbias = back(dy)
            return np.asarray(dx), np.asarray(dweight), np.asarray(dbias)

    with jax.enable_x64(x.dtype == np.float64):
        return np.asarray(compute(x, weight, bias)), gradients
