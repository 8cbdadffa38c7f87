"""Transposed convolution: layer, arithmetic, matrix and artefacts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a4eval_deconv.analysis.checkerboard import (
        checkerboard_score,
        frequency_response,
        impulse_response,
        output_score,
        overlap_count,
        phase_sums,
        response_score,
    )
    from a4eval_deconv.analysis.inverse import Configuration, configurations, nearest_outputs, sizes_that_come_back
    from a4eval_deconv.analysis.matrix import adjoint_error, conv_transpose_matrix
    from a4eval_deconv.analysis.receptive import Reception, receptive_field
    from a4eval_deconv.analysis.spectrum import largest_singular_value, lipschitz_constant, polyphase_singular_values
    from a4eval_deconv.frameworks.conventions import (
        CONVENTIONS,
        Crop,
        centre_shift,
        convention_crop,
        explicit_crop,
        output_shape_crop,
        shift,
    )
    from a4eval_deconv.frameworks.translation import Translation, translate
    from a4eval_deconv.geometry import conv_size, conv_transpose_size
    from a4eval_deconv.initialisation import icnr_weight, uniform_weight
    from a4eval_deconv.operators.convolution import conv, conv_gradients
    from a4eval_deconv.operators.transpose import conv_transpose, conv_transpose_algorithm, conv_transpose_gradients
    from a4eval_deconv.operators.upsampling import (
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
    "CONVENTIONS": "frameworks.conventions",
    "Configuration": "analysis.inverse",
    "Crop": "frameworks.conventions",
    "Reception": "analysis.receptive",
    "Translation": "frameworks.translation",
    "adjoint_error": "analysis.matrix",
    "bed_of_nails": "operators.upsampling",
    "centre_shift": "frameworks.conventions",
    "checkerboard_score": "analysis.checkerboard",
    "configurations": "analysis.inverse",
    "conv": "operators.convolution",
    "conv_gradients": "operators.convolution",
    "conv_size": "geometry",
    "conv_transpose": "operators.transpose",
    "conv_transpose_algorithm": "operators.transpose",
    "conv_transpose_gradients": "operators.transpose",
    "conv_transpose_matrix": "analysis.matrix",
    "conv_transpose_size": "geometry",
    "convention_crop": "frameworks.conventions",
    "explicit_crop": "frameworks.conventions",
    "frequency_response": "analysis.checkerboard",
    "icnr_weight": "initialisation",
    "impulse_response": "analysis.checkerboard",
    "largest_singular_value": "analysis.spectrum",
    "lipschitz_constant": "analysis.spectrum",
    "load_weight": "weights",
    "max_pool": "operators.upsampling",
    "nearest_outputs": "analysis.inverse",
    "output_score": "analysis.checkerboard",
    "output_shape_crop": "frameworks.conventions",
    "overlap_count": "analysis.checkerboard",
    "phase_sums": "analysis.checkerboard",
    "pixel_shuffle": "operators.upsampling",
    "pixel_unshuffle": "operators.upsampling",
    "polyphase_singular_values": "analysis.spectrum",
    "receptive_field": "analysis.receptive",
    "resize": "operators.upsampling",
    "resize_gradient": "operators.upsampling",
    "response_score": "analysis.checkerboard",
    "shift": "frameworks.conventions",
    "sizes_that_come_back": "analysis.inverse",
    "translate": "frameworks.translation",
    "uniform_weight": "initialisation",
    "unpool": "operators.upsampling",
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
