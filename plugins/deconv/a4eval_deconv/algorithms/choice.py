"""Which algorithm to take: the one with the least estimated time.

The estimate is the work, counted, times what each kind of work costs: constants that were fitted to random
configurations in float32 on one core.  Only their ratios matter.
``benchmarks/deconv_choice.py`` measures how good the choice is, ``benchmarks/deconv_fit.py`` fits them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from a4eval_deconv.algorithms.cached_matrix import CACHED_MATRIX
from a4eval_deconv.algorithms.column_to_image import COLUMN_TO_IMAGE
from a4eval_deconv.algorithms.gather import GATHER
from a4eval_deconv.algorithms.subpixel import SUBPIXEL
from a4eval_deconv.algorithms.subpixel_gradients import SUBPIXEL_GRADIENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval_deconv.algorithms.contract import Algorithm
    from a4eval_deconv.geometry import Geometry

ForwardName: TypeAlias = Literal["auto", "subpixel", "column_to_image", "cached_matrix"]
"""The names ``algorithm=`` takes."""

GradientsName: TypeAlias = Literal["auto", "gather", "subpixel"]
"""Likewise for the gradients: ``gather`` works on the input's side, ``subpixel`` on the output's."""

FORWARD = {one.name: one for one in (SUBPIXEL, COLUMN_TO_IMAGE, CACHED_MATRIX)}
GRADIENTS = {one.name: one for one in (GATHER, SUBPIXEL_GRADIENTS)}


@dataclass(frozen=True, slots=True)
class Choice:
    """The algorithm picked, and the estimated seconds of each that was considered."""

    algorithm: str
    seconds: dict[str, float]


@lru_cache(maxsize=1024)
def choose(geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> Choice:
    """Return the choice for *n* samples, a weight (g, c, o, *kernel) and so many elements of workspace."""
    return _least(FORWARD, geometry, n, weight_shape, budget)


@lru_cache(maxsize=1024)
def choose_gradients(geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> Choice:
    """Return the choice for the gradients."""
    return _least(GRADIENTS, geometry, n, weight_shape, budget)


def named(table: Mapping[str, Algorithm], name: str) -> Algorithm:
    """Return the algorithm of this name.

    Raises:
        ValueError: there is none.
    """
    if name not in table:
        raise ValueError(f"algorithm must be 'auto', {', '.join(map(repr, table))}, got {name!r}")
    return table[name]


def _least(
    table: Mapping[str, Algorithm], geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int
) -> Choice:
    considered = {name: one for name, one in table.items() if one.worth(geometry, weight_shape)}
    seconds = {name: one.seconds(geometry, n, weight_shape, budget) for name, one in considered.items()}
    return Choice(min(seconds, key=lambda name: seconds[name]), seconds)
