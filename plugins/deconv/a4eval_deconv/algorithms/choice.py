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
    "starts": 4.9e-05,
    "chunks": 7.7e-05,
    "phases": 6.2e-06,
    "matrices": 0.0,
    "products": 3e-11,
    "columns": 5.1e-10,
    "windows": 9.4e-11,
    "window rows": 1e-08,
    "values": 4.1e-10,
    "outputs": 1.6e-09,
    "output rows": 7.2e-09,
    "weights": 2.2e-09,
    "weight rows": 1.2e-08,
}
COLUMN_TO_IMAGE = {
    "starts": 5e-05,
    "chunks": 4.7e-06,
    "matrices": 2.9e-07,
    "products": 3.3e-11,
    "inputs": 3.3e-10,
    "sums": 4.5e-06,
    "added": 1.4e-09,
    "added rows": 5.6e-08,
    "summed": 1.7e-09,
    "summed rows": 3e-08,
    "copied": 1e-09,
    "copied rows": 7.5e-09,
}
CACHED_MATRIX = {
    "starts": 2e-05,
    "matrices": 6.1e-07,
    "products": 1.2e-10,
    "weights": 2.2e-09,
}
GATHER = {
    "starts": 3.7e-05,
    "chunks": 5.1e-05,
    "matrices": 2.1e-06,
    "products": 4.3e-11,
    "windows": 5.9e-10,
    "strided windows": 4.2e-10,
    "windows in parts": 1.7e-10,
    "window rows": 6.8e-09,
    "window planes": 6.5e-09,
    "outputs": 5e-10,
    "output rows": 1.1e-09,
    "inputs": 1e-09,
    "weights": 4.4e-10,
}
SUBPIXEL_GRADIENTS = {
    "starts": 6.9e-05,
    "chunks": 0.00011,
    "phases": 2.4e-06,
    "matrices": 3.2e-06,
    "products": 4.3e-11,
    "columns": 1.6e-09,
    "windows": 0.0,
    "window rows": 2.7e-08,
    "values": 1.5e-09,
    "outputs": 4.7e-10,
    "output rows": 8.4e-09,
    "weights": 4.3e-09,
    "weight rows": 7e-09,
    "taps": 4e-06,
    "sums": 5.5e-10,
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
    if matrix_elements(geometry, weight_shape) <= LIMIT:
        counts = work.of_cached_matrix(geometry, n, weight_shape, budget)
        seconds["cached_matrix"] = _seconds(counts, CACHED_MATRIX)
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
