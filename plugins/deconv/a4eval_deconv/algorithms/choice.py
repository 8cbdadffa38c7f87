"""Which algorithm to take: the one with the least estimated time.

The estimate is the work, counted, times what each kind of work costs: constants that were fitted to random
configurations in float32 on one core.  Only their ratios matter.
``benchmarks/deconv_choice.py`` measures how good the choice is, ``benchmarks/deconv_fit.py`` fits them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from a4eval_deconv.algorithms import work
from a4eval_deconv.algorithms.cached_matrix import LIMIT, matrix_elements
from a4eval_deconv.algorithms.unfold import workspace

if TYPE_CHECKING:
    from a4eval_deconv.geometry import Geometry

Algorithm: TypeAlias = Literal["auto", "subpixel", "column_to_image", "cached_matrix"]
"""The names ``algorithm=`` takes."""

# seconds of one of each kind of work, see :mod:`a4eval_deconv.algorithms.work`
SUBPIXEL = {
    "starts": 3.9e-05,
    "chunks": 5.5e-05,
    "phases": 3.4e-06,
    "matrices": 1.7e-08,
    "products": 1.3e-11,
    "windows": 3.7e-10,
    "window rows": 7.4e-09,
    "inputs": 0.0,
    "input rows": 0.0,
    "values": 3.6e-10,
    "outputs": 1.2e-09,
    "output rows": 7e-09,
    "weights": 3.5e-09,
    "weight rows": 1e-08,
}
COLUMN_TO_IMAGE = {
    "starts": 1.6e-05,
    "chunks": 1e-05,
    "taps": 4.1e-06,
    "phases": 3.9e-06,
    "matrices": 6.5e-07,
    "products": 1.7e-11,
    "added": 1e-09,
    "added rows": 1.5e-08,
    "copied": 1e-09,
    "copied rows": 6.2e-09,
    "summed": 1.1e-09,
    "summed rows": 9.1e-10,
}
GATHER = {
    "starts": 3e-05,
    "window planes": 0.0,
    "chunks": 5.5e-05,
    "matrices": 2.7e-06,
    "products": 2.9e-11,
    "windows": 8e-10,
    "strided windows": 3.9e-10,
    "window rows": 7.3e-09,
    "outputs": 5.6e-10,
    "output rows": 1.7e-09,
    "inputs": 8.4e-10,
    "weights": 6.5e-10,
}
SUBPIXEL_GRADIENTS = {
    "starts": 6.1e-05,
    "chunks": 0.00012,
    "phases": 2.1e-06,
    "matrices": 4.5e-06,
    "products": 2.9e-11,
    "windows": 1.5e-09,
    "window rows": 2.7e-08,
    "inputs": 0.0,
    "input rows": 0.0,
    "values": 1.7e-09,
    "outputs": 4.2e-10,
    "output rows": 8.2e-09,
    "weights": 9.4e-09,
    "taps": 8.5e-06,
    "weight rows": 1e-08,
    "sums": 4.5e-10,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The algorithm picked, and the estimated seconds of each that was considered."""

    algorithm: str
    seconds: dict[str, float]


@lru_cache(maxsize=1024)
def choose(geometry: Geometry, n: int, weight_shape: tuple[int, ...]) -> Choice:
    """Return the choice for *n* samples and a weight (g, c, o, *kernel)."""
    budget = budget_of(geometry, n, weight_shape)
    seconds = {
        "subpixel": _seconds(work.of_subpixel(geometry, n, weight_shape, budget), SUBPIXEL),
        "column_to_image": _seconds(work.of_column_to_image(geometry, n, weight_shape, budget), COLUMN_TO_IMAGE),
    }
    elements = matrix_elements(geometry, weight_shape)
    if elements <= LIMIT:
        seconds["cached_matrix"] = 1.2e-5 + 1.0e-10 * n * elements + 2.9e-9 * math.prod(weight_shape)
    return Choice(min(seconds, key=lambda name: seconds[name]), seconds)


@lru_cache(maxsize=1024)
def choose_gradients(geometry: Geometry, n: int, weight_shape: tuple[int, ...]) -> Literal["gather", "subpixel"]:
    """Return where the gradients are cheaper: ``gather`` works on the input's side, ``subpixel`` on the output's."""
    budget = budget_of(geometry, n, weight_shape)
    gather = _seconds(work.of_gather(geometry, n, weight_shape, budget), GATHER)
    subpixel = _seconds(work.of_subpixel_gradients(geometry, n, weight_shape, budget), SUBPIXEL_GRADIENTS)
    return "subpixel" if subpixel < gather else "gather"


def budget_of(geometry: Geometry, n: int, weight_shape: tuple[int, ...]) -> int:
    """Return the elements of workspace that are allowed."""
    g, c, o = weight_shape[:3]
    return workspace(n * g * o * math.prod(geometry.output), n * g * c * geometry.pixels)


def _seconds(counts: work.Work, cost: dict[str, float]) -> float:
    return sum(count * cost[name] for name, count in counts.items())
