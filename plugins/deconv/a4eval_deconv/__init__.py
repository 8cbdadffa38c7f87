"""Transposed convolution: layer, arithmetic, matrix and artefacts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a4eval_deconv.checkerboard import (
        checkerboard_score,
        frequency_response,
        impulse_response,
        output_score,
        overlap_count,
        phase_sums,
        response_score,
    )
    from a4eval_deconv.convolution import conv, conv_gradients
    from a4eval_deconv.frameworks import (
        CONVENTIONS,
        Crop,
        centre_shift,
        convention_crop,
        explicit_crop,
        output_shape_crop,
        shift,
    )
    from a4eval_deconv.geometry import conv_size, conv_transpose_size
    from a4eval_deconv.initialisation import icnr_weight, uniform_weight
    from a4eval_deconv.inverse import Configuration, configurations, nearest_outputs, sizes_that_come_back
    from a4eval_deconv.matrix import adjoint_error, conv_transpose_matrix
    from a4eval_deconv.receptive import Reception, receptive_field
    from a4eval_deconv.spectrum import largest_singular_value, lipschitz_constant, polyphase_singular_values
    from a4eval_deconv.translation import Translation, translate
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
    from a4eval_deconv.weights import load_weight, weight_from_list

_EXPORTS = {
    "CONVENTIONS": "frameworks",
    "Configuration": "inverse",
    "Crop": "frameworks",
    "Reception": "receptive",
    "Translation": "translation",
    "adjoint_error": "matrix",
    "bed_of_nails": "upsampling",
    "centre_shift": "frameworks",
    "checkerboard_score": "checkerboard",
    "configurations": "inverse",
    "conv": "convolution",
    "conv_gradients": "convolution",
    "conv_size": "geometry",
    "conv_transpose": "transpose",
    "conv_transpose_algorithm": "transpose",
    "conv_transpose_gradients": "transpose",
    "conv_transpose_matrix": "matrix",
    "conv_transpose_size": "geometry",
    "convention_crop": "frameworks",
    "explicit_crop": "frameworks",
    "frequency_response": "checkerboard",
    "icnr_weight": "initialisation",
    "impulse_response": "checkerboard",
    "largest_singular_value": "spectrum",
    "lipschitz_constant": "spectrum",
    "load_weight": "weights",
    "max_pool": "upsampling",
    "nearest_outputs": "inverse",
    "output_score": "checkerboard",
    "output_shape_crop": "frameworks",
    "overlap_count": "checkerboard",
    "phase_sums": "checkerboard",
    "pixel_shuffle": "upsampling",
    "pixel_unshuffle": "upsampling",
    "polyphase_singular_values": "spectrum",
    "receptive_field": "receptive",
    "resize": "upsampling",
    "resize_gradient": "upsampling",
    "response_score": "checkerboard",
    "shift": "frameworks",
    "sizes_that_come_back": "inverse",
    "translate": "translation",
    "uniform_weight": "initialisation",
    "unpool": "upsampling",
    "weight_from_list": "weights",
}

__all__ = [
    "CONVENTIONS",
    "Configuration",
    "Crop",
    "Reception",
    "Translation",
    "adjoint_error",
    "bed_of_nails",
    "centre_shift",
    "checkerboard_score",
    "configurations",
    "conv",
    "conv_gradients",
    "conv_size",
    "conv_transpose",
    "conv_transpose_algorithm",
    "conv_transpose_gradients",
    "conv_transpose_matrix",
    "conv_transpose_size",
    "convention_crop",
    "explicit_crop",
    "frequency_response",
    "icnr_weight",
    "impulse_response",
    "largest_singular_value",
    "lipschitz_constant",
    "load_weight",
    "max_pool",
    "nearest_outputs",
    "output_score",
    "output_shape_crop",
    "overlap_count",
    "phase_sums",
    "pixel_shuffle",
    "pixel_unshuffle",
    "polyphase_singular_values",
    "receptive_field",
    "resize",
    "resize_gradient",
    "response_score",
    "shift",
    "sizes_that_come_back",
    "translate",
    "uniform_weight",
    "unpool",
    "weight_from_list",
]


def __getattr__(name: str) -> Any:
    """Import a function on first use: listing the plugin must not import numpy."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)
