"""Which algorithm to take: the one with the least estimated time, counted in multiply-adds and moved elements."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from a4eval_deconv.algorithms.cached_matrix import LIMIT, matrix_elements

if TYPE_CHECKING:
    from a4eval_deconv.geometry import Geometry

Algorithm: TypeAlias = Literal["auto", "subpixel", "column_to_image", "cached_matrix"]
"""The names ``algorithm=`` takes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The algorithm picked, and the estimated seconds of each that was considered."""

    algorithm: str
    seconds: dict[str, float]


# seconds per multiply-add, per element moved and per call, in float32 on one core; only their ratios matter
_MULTIPLY, _MOVE, _CALL = 1.1e-11, 5e-10, 2e-6


def choose_gradients(geometry: Geometry, n: int, weight_shape: tuple[int, ...]) -> Literal["gather", "subpixel"]:
    """Return ``gather`` or ``subpixel``, whichever moves less for the gradients.

    Both multiply alike; gathering moves out_channels · taps · pixels, sub-pixel in_channels · taps per phase · output
    pixels per phase, twice, and the weight.
    """
    g, c, o = weight_shape[:3]
    cost = _costs(geometry)
    gather = n * g * o * (geometry.taps * geometry.pixels + math.prod(geometry.output))
    wide = c * cost.per_phase * cost.low
    other = n * g * (2.5 * wide + 2 * o * math.prod(geometry.output)) + 3 * g * c * o * cost.per_phase * cost.phases
    extra = n * g * c * o * (cost.per_phase * cost.phases * cost.low - geometry.taps * geometry.pixels)
    return "subpixel" if other * _MOVE + 2 * extra * _MULTIPLY < gather * _MOVE else "gather"


@dataclass(frozen=True, slots=True)
class _Costs:
    phases: int
    per_phase: int
    low: int


def _costs(geometry: Geometry) -> _Costs:
    """Return the number of phases, taps per phase and output positions per phase of the sub-pixel form."""
    axes = zip(geometry.kernel, geometry.dilation, geometry.stride, strict=True)
    spread = [(k - 1) * (d if s > 1 else 1) + 1 for k, d, s in axes]
    per_phase = math.prod(-(-length // s) for length, s in zip(spread, geometry.stride, strict=True))
    low = math.prod(-(-w // s) for w, s in zip(geometry.output, geometry.stride, strict=True))
    return _Costs(math.prod(geometry.stride), per_phase, low)


def choose(geometry: Geometry, n: int, weight_shape: tuple[int, ...]) -> Choice:
    """Return the choice for *n* samples and a weight (g, c, o, *kernel)."""
    g, c, o = weight_shape[:3]
    taps, pixels, outputs = geometry.taps, geometry.pixels, math.prod(geometry.output)
    cost = _costs(geometry)
    phases, per_phase, low, samples = cost.phases, cost.per_phase, cost.low, n * g
    weights = g * c * o * per_phase * phases
    seconds = {
        "subpixel": _MULTIPLY * samples * c * o * per_phase * phases * low
        + _MOVE * (samples * (c * per_phase * low + 2 * o * outputs) + 3 * weights)
        + _CALL * (10 + phases),
        "column_to_image": _MULTIPLY * samples * c * o * taps * pixels
        + _MOVE * samples * o * (2.5 * taps * pixels + 2 * outputs)
        + _CALL * (5 + taps + phases),
    }
    elements = matrix_elements(geometry, weight_shape)
    if elements <= LIMIT:
        seconds["cached_matrix"] = _MULTIPLY * 10 * n * elements + _CALL * 3
    return Choice(min(seconds, key=lambda name: seconds[name]), seconds)
