"""Transposed convolution: layer, arithmetic, matrix and artefacts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a4eval_deconv.convolution import conv, conv_gradients
    from a4eval_deconv.geometry import conv_size, conv_transpose_size
    from a4eval_deconv.initialisation import icnr_weight, uniform_weight
    from a4eval_deconv.matrix import adjoint_error, conv_transpose_matrix
    from a4eval_deconv.transpose import conv_transpose, conv_transpose_algorithm, conv_transpose_gradients
    from a4eval_deconv.upsampling import (
        bed_of_nails,
        max_pool,
        pixel_shuffle,
        pixel_unshuffle,
        resize,
        resize_gradient,
        unpool,
    )

_EXPORTS = {
    "adjoint_error": "matrix",
    "bed_of_nails": "upsampling",
    "conv": "convolution",
    "conv_gradients": "convolution",
    "conv_size": "geometry",
    "conv_transpose": "transpose",
    "conv_transpose_algorithm": "transpose",
    "conv_transpose_gradients": "transpose",
    "conv_transpose_matrix": "matrix",
    "conv_transpose_size": "geometry",
    "icnr_weight": "initialisation",
    "max_pool": "upsampling",
    "pixel_shuffle": "upsampling",
    "pixel_unshuffle": "upsampling",
    "resize": "upsampling",
    "resize_gradient": "upsampling",
    "uniform_weight": "initialisation",
    "unpool": "upsampling",
}

__all__ = [
    "adjoint_error",
    "bed_of_nails",
    "conv",
    "conv_gradients",
    "conv_size",
    "conv_transpose",
    "conv_transpose_algorithm",
    "conv_transpose_gradients",
    "conv_transpose_matrix",
    "conv_transpose_size",
    "icnr_weight",
    "max_pool",
    "pixel_shuffle",
    "pixel_unshuffle",
    "resize",
    "resize_gradient",
    "uniform_weight",
    "unpool",
]


def __getattr__(name: str) -> Any:
    """Import a function on first use: listing the plugin must not import numpy."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)
