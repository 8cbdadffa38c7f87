"""Checkerboard artefacts: how much of a layer's answer to a constant repeats with the stride, and why.

A constant input gives an output that repeats every stride; its values are the sums of the filter over each phase.
What is not their mean is the checkerboard (Odena et al., Deconvolution and Checkerboard Artifacts, Distill 2016).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from a4eval_deconv.geometry import per_axis
from a4eval_deconv.operands import check_finite
from a4eval_deconv.operators.transpose import conv_transpose
from a4eval_deconv.products import inner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval import Layer
    from a4eval_deconv.geometry import PerAxis


@dataclass
class Study:
    """What was found about one layer."""

    label: str
    layer: Any
    channels: int
    params: dict[str, NDArray[Any]]
    scores: list[float] = field(default_factory=list)
    response: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    scale: tuple[int, ...] = ()
    constant: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    overlap: NDArray[np.float64] | None = None
    picture: NDArray[np.float64] | None = None
    picture_score: float = float("nan")


def overlap_count(
    size: Sequence[int], kernel_size: Sequence[int], *, stride: PerAxis = 1, dilation: PerAxis = 1
) -> NDArray[np.int64]:
    """Return how many taps reach each position of the full output.

    Args:
        size: spatial size of the input, one per axis.
        kernel_size: filter size, one per axis.
        stride: for all axes or one per axis.
        dilation: likewise.

    Raises:
        ValueError: an impossible configuration.

    >>> overlap_count((3,), (3,), stride=2)
    array([1, 1, 2, 1, 2, 1, 1])
    """
    ones = np.ones((1, 1, *size), np.int64)
    filters = np.ones((1, 1, *kernel_size), np.int64)
    count = conv_transpose(ones, filters, stride=stride, dilation=dilation, algorithm="column_to_image")
    return np.asarray(count[0, 0], np.int64)


def phase_sums(weight: NDArray[Any], stride: PerAxis, *, dilation: PerAxis = 1) -> NDArray[np.float64]:
    """Return the sum of the filter's taps over each phase: what a constant input becomes there.

    Args:
        weight: (in_channels, out_channels / groups, *kernel_size).
        stride: for all axes or one per axis.
        dilation: likewise.

    Returns:
        (*stride, in_channels, out_channels / groups) float64.

    Raises:
        ValueError: weight with NaN, or a stride that does not fit.

    >>> import numpy as np
    >>> phase_sums(np.ones((1, 1, 3)), 2).ravel()
    array([2., 1.])
    """
    weight = np.asarray(weight, np.float64)
    check_finite(weight, "the weight")
    dims = weight.ndim - 2
    steps, spacing = per_axis(stride, dims, "stride", 1), per_axis(dilation, dims, "dilation", 1)
    sums = np.zeros((*steps, *weight.shape[:2]))
    for tap in product(*(range(k) for k in weight.shape[2:])):
        sums[tuple(a * d % s for a, d, s in zip(tap, spacing, steps, strict=True))] += weight[inner(2, tap)]
    return sums


def checkerboard_score(weight: NDArray[Any], stride: PerAxis, *, dilation: PerAxis = 1) -> float:
    """Return which share of the energy of the answer to a random constant is checkerboard: 0 none, 1 all.

    1 − |mean over phases|² / mean over phases of |·|², energies summed over channels; NaN for a filter of zeros.

    Args:
        weight: (in_channels, out_channels / groups, *kernel_size).
        stride: for all axes or one per axis.
        dilation: likewise.

    Raises:
        ValueError: weight with NaN, or a stride that does not fit.

    >>> import numpy as np
    >>> round(checkerboard_score(np.ones((1, 1, 3, 3)), 2), 4), checkerboard_score(np.ones((1, 1, 4, 4)), 2)
    (0.19, 0.0)
    """
    return _score(phase_sums(weight, stride, dilation=dilation), weight.ndim - 2)


def impulse_response(
    layer: Layer, params: Mapping[str, NDArray[Any]], channels: int, size: Sequence[int]
) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """Return what an impulse in the middle of each input channel becomes, and the factor by which the layer enlarges.

    It asks nothing of the layer but ``forward``; what a zero input gives (a bias) is subtracted.

    Args:
        layer: any layer with spatial axes, channels first.
        params: its parameters.
        channels: of the input.
        size: spatial size of the input, one per axis.

    Returns:
        (channels, out_channels, *output size) float64, and the factor per axis.

    >>> from a4eval import build
    >>> import numpy as np
    >>> layer = build("layer", {"name": "resize_conv", "dimensions": 1, "in_channels": 1, "out_channels": 1})
    >>> response, scale = impulse_response(layer, {"weight": np.array([[[0.0, 1.0, 0.0]]])}, 1, (3,))
    >>> response.ravel(), scale
    (array([0., 0., 1., 1., 0., 0.]), (2,))
    """
    x = np.zeros((channels, channels, *size))
    silent = layer.forward(params, x[:1])[0]
    for channel in range(channels):
        x[(channel, channel, *(n // 2 for n in size))] = 1
    response = layer.forward(params, x)[0] - silent
    larger = layer.forward(params, np.zeros((1, channels, *(n + 1 for n in size))))[0]
    scale = tuple(b - a for a, b in zip(silent.shape[2:], larger.shape[2:], strict=True))
    return response, scale


def response_score(response: NDArray[np.float64], scale: Sequence[int]) -> float:
    """Return the checkerboard score of an impulse response, as :func:`impulse_response` gives it.

    Args:
        response: (in_channels, out_channels, *output size).
        scale: the factor per axis.

    >>> import numpy as np
    >>> round(response_score(np.array([[[0.0, 0.0, 1.0, 1.0, 1.0, 0.0]]]), (2,)), 3)
    0.1
    """
    return _score(phase_sums(response, tuple(scale)), len(scale))


def output_score(y: NDArray[Any], scale: Sequence[int], margin: int) -> float:
    """Return the checkerboard score of an actual output, from the means of its phases inside a margin.

    Args:
        y: (channels, *output size).
        scale: the factor per axis.
        margin: elements left out on every side: what the boundary touches.

    Raises:
        ValueError: the margin leaves less than one period.
    """
    lengths = [(n - 2 * margin) // s * s for n, s in zip(y.shape[1:], scale, strict=True)]
    if min(lengths) < 1:
        raise ValueError(f"a margin of {margin} leaves no whole period of an output of size {y.shape[1:]}")
    y = y[inner(1, (slice(margin, margin + length) for length in lengths))].astype(np.float64)
    means = [
        y[inner(1, (slice(r, None, s) for r, s in zip(phase, scale, strict=True)))].reshape(len(y), -1).mean(axis=1)
        for phase in product(*(range(s) for s in scale))
    ]
    return _score(np.stack(means).reshape(*scale, len(y), 1), len(scale))


def frequency_response(response: NDArray[Any], points: int = 64) -> NDArray[np.float64]:
    """Return the mean power of a filter or impulse response over frequency, zero frequency first.

    The checkerboard is the power at the multiples of 1/stride: score = 1 − P(0) / Σ P(k/stride).

    Args:
        response: (in_channels, out_channels, *size), a weight or an impulse response.
        points: frequencies per axis, 0 … 1 cycles per element; a multiple of the stride, and at least the size.

    Returns:
        (points, …) float64.

    Raises:
        ValueError: fewer points than entries.

    >>> import numpy as np
    >>> frequency_response(np.array([[[1.0, 1.0]]]), 4).round(12)
    array([4., 2., 0., 2.])
    """
    axes = tuple(range(2, response.ndim))
    if points < max(response.shape[2:]):
        raise ValueError(f"points must be at least the response's size, {max(response.shape[2:])}, got {points}")
    spectrum = np.fft.fftn(response, s=[points] * len(axes), axes=axes)
    power: NDArray[np.float64] = (np.abs(spectrum) ** 2).mean(axis=(0, 1))
    return power


def _score(sums: NDArray[np.float64], dims: int) -> float:
    phases = tuple(range(dims))
    total = float((sums**2).mean(axis=phases).sum())
    if not total:
        return float("nan")
    return max(0.0, 1.0 - float((sums.mean(axis=phases) ** 2).sum()) / total)
