"""Recurrent layers, backpropagation through time and where the gradient goes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a4eval_rnn_bptt.analysis.attribution import WeightAttribution, attribute, total_reading_error, whole_gradient
    from a4eval_rnn_bptt.analysis.clipping import clip_by_norm, clip_by_value, joint_norm
    from a4eval_rnn_bptt.analysis.finite_difference import central_difference_error
    from a4eval_rnn_bptt.analysis.flow import decay, half_life, log_slope, verdict
    from a4eval_rnn_bptt.analysis.precision import float32_error, last_step_gradient
    from a4eval_rnn_bptt.analysis.spectrum import jacobians, log_singular_values, lyapunov_exponents, spectra
    from a4eval_rnn_bptt.analysis.trajectory import follow
    from a4eval_rnn_bptt.contract import Cell, StepGradients
    from a4eval_rnn_bptt.frameworks.layouts import from_keras, from_torch, to_keras, to_torch
    from a4eval_rnn_bptt.initialisation import chrono_bias, initialise
    from a4eval_rnn_bptt.kernels.gru import gru_backward, gru_forward
    from a4eval_rnn_bptt.kernels.lstm import lstm_backward, lstm_forward
    from a4eval_rnn_bptt.kernels.rnn import rnn_backward, rnn_forward
    from a4eval_rnn_bptt.layers.recurrent import Recurrent
    from a4eval_rnn_bptt.unroll import unroll, unroll_backward

_EXPORTS = {
    "Cell": "contract",
    "Recurrent": "layers.recurrent",
    "StepGradients": "contract",
    "WeightAttribution": "analysis.attribution",
    "attribute": "analysis.attribution",
    "central_difference_error": "analysis.finite_difference",
    "chrono_bias": "initialisation",
    "clip_by_norm": "analysis.clipping",
    "clip_by_value": "analysis.clipping",
    "decay": "analysis.flow",
    "float32_error": "analysis.precision",
    "follow": "analysis.trajectory",
    "from_keras": "frameworks.layouts",
    "from_torch": "frameworks.layouts",
    "gru_backward": "kernels.gru",
    "gru_forward": "kernels.gru",
    "half_life": "analysis.flow",
    "initialise": "initialisation",
    "jacobians": "analysis.spectrum",
    "joint_norm": "analysis.clipping",
    "last_step_gradient": "analysis.precision",
    "log_singular_values": "analysis.spectrum",
    "log_slope": "analysis.flow",
    "lstm_backward": "kernels.lstm",
    "lstm_forward": "kernels.lstm",
    "lyapunov_exponents": "analysis.spectrum",
    "rnn_backward": "kernels.rnn",
    "rnn_forward": "kernels.rnn",
    "spectra": "analysis.spectrum",
    "to_keras": "frameworks.layouts",
    "to_torch": "frameworks.layouts",
    "total_reading_error": "analysis.attribution",
    "unroll": "unroll",
    "unroll_backward": "unroll",
    "verdict": "analysis.flow",
    "whole_gradient": "analysis.attribution",
}

__all__ = [
    "Cell",
    "Recurrent",
    "StepGradients",
    "WeightAttribution",
    "attribute",
    "central_difference_error",
    "chrono_bias",
    "clip_by_norm",
    "clip_by_value",
    "decay",
    "float32_error",
    "follow",
    "from_keras",
    "from_torch",
    "gru_backward",
    "gru_forward",
    "half_life",
    "initialise",
    "jacobians",
    "joint_norm",
    "last_step_gradient",
    "log_singular_values",
    "log_slope",
    "lstm_backward",
    "lstm_forward",
    "lyapunov_exponents",
    "rnn_backward",
    "rnn_forward",
    "spectra",
    "to_keras",
    "to_torch",
    "total_reading_error",
    "unroll",
    "unroll_backward",
    "verdict",
    "whole_gradient",
]


def __getattr__(name: str) -> Any:
    """Import a function on first use: listing the plugin must not import numpy."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)
