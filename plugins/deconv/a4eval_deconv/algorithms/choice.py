"""Which algorithm to take: the one with the least estimated time.

The estimate counts multiply-adds, moved elements, starts of inner loops and calls.
Its constants were fitted to 395 random configurations in float32 on one core; only their ratios matter.
``benchmarks/deconv_choice.py`` measures how good the choice is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from a4eval_deconv.algorithms.cached_matrix import LIMIT, matrix_elements
from a4eval_deconv.algorithms.unfold import CHUNK

if TYPE_CHECKING:
    from a4eval_deconv.geometry import Geometry

Algorithm: TypeAlias = Literal["auto", "subpixel", "column_to_image", "cached_matrix"]
"""The names ``algorithm=`` takes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The algorithm picked, and the estimated seconds of each that was considered."""

    algorithm: str
    seconds: dict[str, float]


def choose(geometry: Geometry, n: int, weight_shape: tuple[int, ...]) -> Choice:
    """Return the choice for *n* samples and a weight (g, c, o, *kernel)."""
    v = _volumes(geometry, n, weight_shape)
    seconds = {
        "subpixel": 8.2e-5
        + 2.5e-11 * v.fine_products
        + 5.2e-10 * v.fine_columns
        + 7.4e-9 * v.fine_columns / v.fine_row
        + 2.4e-10 * v.fine_outputs
        + (8.2e-9 * v.fine_outputs / v.fine_row if v.phases > 1 else 0)
        + 3.0e-9 * v.weights
        + 5.4e-6 * v.chunks * v.phases,
        "column_to_image": 3.5e-6
        + 1.7e-7 * v.samples
        + 2.7e-11 * v.products
        + 6.7e-10 * v.columns
        + 8.8e-9 * v.columns / geometry.size[-1]
        + 2.0e-10 * v.inputs
        + 2.8e-9 * v.outputs / v.fine_row
        + 5.8e-6 * max(1, (v.columns + v.outputs) / CHUNK) * (geometry.taps + v.phases),
    }
    elements = matrix_elements(geometry, weight_shape)
    if elements <= LIMIT:
        seconds["cached_matrix"] = 1.2e-5 + 1.0e-10 * n * elements + 2.9e-9 * math.prod(weight_shape)
    return Choice(min(seconds, key=lambda name: seconds[name]), seconds)


def choose_gradients(geometry: Geometry, n: int, weight_shape: tuple[int, ...]) -> Literal["gather", "subpixel"]:
    """Return where the gradients are cheaper: ``gather`` works on the input's side, ``subpixel`` on the output's."""
    v = _volumes(geometry, n, weight_shape)
    gather = (
        8.0e-5
        + 1.3e-6 * v.samples
        + 5.4e-11 * v.products
        + 8.0e-10 * v.columns
        + 6.1e-9 * v.columns / geometry.size[-1]
        + 6.5e-10 * v.inputs
        + 1.9e-10 * v.outputs
        + 5.3e-10 * math.prod(weight_shape)
    )
    subpixel = (
        2.3e-4
        + 4.7e-11 * v.fine_products
        + 2.3e-9 * v.fine_columns
        + 2.5e-8 * v.fine_columns / v.fine_row
        + 1.3e-9 * v.fine_outputs
        + 2.2e-9 * v.fine_outputs / v.fine_row
        + 1.1e-8 * v.weights
        + 1.3e-5 * v.chunks * (v.phases + v.phase_taps)
    )
    return "subpixel" if subpixel < gather else "gather"


@dataclass(frozen=True, slots=True)
class _Volumes:
    """How much of what the two ways move and multiply; *fine* is the sub-pixel form's, filled up to whole phases."""

    phases: int
    phase_taps: int
    samples: int
    products: int
    columns: int
    inputs: int
    outputs: int
    fine_products: int
    fine_columns: int
    fine_outputs: int
    fine_row: int
    weights: int
    chunks: float


def _volumes(geometry: Geometry, n: int, weight_shape: tuple[int, ...]) -> _Volumes:
    g, c, o = weight_shape[:3]
    axes = list(zip(geometry.kernel, geometry.dilation, geometry.stride, geometry.output, strict=True))
    phases = math.prod(geometry.stride)
    phase_taps = math.prod(-(-((k - 1) * (d if s > 1 else 1) + 1) // s) for k, d, s, _ in axes)
    fine = math.prod(-(-output // s) for _, _, s, output in axes)
    samples = n * g
    per_sample = g * (c * (phase_taps + 1) + o * phases) * fine
    return _Volumes(
        phases=phases,
        phase_taps=phase_taps,
        samples=samples,
        products=samples * c * o * geometry.taps * geometry.pixels,
        columns=samples * o * geometry.taps * geometry.pixels,
        inputs=samples * c * geometry.pixels,
        outputs=samples * o * math.prod(geometry.output),
        fine_products=samples * c * o * phase_taps * phases * fine,
        fine_columns=samples * c * phase_taps * fine,
        fine_outputs=samples * o * phases * fine,
        fine_row=-(-geometry.output[-1] // geometry.stride[-1]),
        weights=g * c * o * phase_taps * phases,
        chunks=max(1.0, min(float(n), n * per_sample / CHUNK)),
    )
