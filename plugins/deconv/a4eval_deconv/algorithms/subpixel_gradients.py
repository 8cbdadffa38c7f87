"""Both gradients in the sub-pixel form, on the output's side: the adjoint of each step, in turn backwards."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.algorithms.contract import Algorithm, Work
from a4eval_deconv.algorithms.subpixel import (
    SUBPIXEL,
    as_phases,
    padded_input,
    parts,
    phase_filters,
    phase_places,
    plan_of,
    split_phases,
    spread_size,
    tap_places,
)
from a4eval_deconv.algorithms.unfold import flat_length, fold_back, overlap, unfold, worth_flat
from a4eval_deconv.algorithms.weight_sum import WeightSum
from a4eval_deconv.products import inner, matrix_product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_deconv.algorithms.subpixel import Plan
    from a4eval_deconv.geometry import Geometry


def subpixel_gradients(
    geometry: Geometry,
    dy: NDArray[Any],
    x: NDArray[Any],
    weight: NDArray[Any],
    dx: NDArray[Any],
    dweight: NDArray[Any],
    budget: int,
) -> None:
    """Write the gradients into *dx* and *dweight*: the adjoint of :func:`subpixel`, step by step backwards."""
    plan = plan_of(geometry)
    filters = phase_filters(geometry, plan, weight)
    g, c, o = weight.shape[:3]
    dfilters = np.empty_like(filters)
    total = WeightSum(dfilters, x.shape[0] * math.prod(plan.size))
    dx[...] = 0
    for samples, row, size in parts(plan, x.shape, o, budget // 2):
        part, dpart = x[samples], dx[samples]
        padded = padded_input(plan, part, row, size, None)
        flat = worth_flat(size, padded.shape[3:])
        columns = unfold(padded, plan.taps, plan.spacing, size, flat=flat)
        dvalues = np.zeros((*part.shape[:2], o * plan.phases, columns.shape[-1]), dy.dtype)
        maps = split_phases(fold_back(dvalues, size, padded.shape[3:], flat=flat), o, geometry.stride)
        for source, target in phase_places(geometry, row, size):
            maps[source] = dy[samples][target]
        total.add(dvalues, columns)
        dcolumns = matrix_product(filters.transpose(0, 2, 1), dvalues)
        low = tuple(f - r for f, r in zip((plan.first[0] + row, *plan.first[1:]), plan.reach, strict=True))
        source, target = overlap(low, padded.shape[3:], x.shape[3:])
        dcolumns = dcolumns.reshape(*part.shape[:2], c, *plan.taps, columns.shape[-1])
        dpart[source] += _fold(dcolumns, plan, padded.shape, size, flat=flat)[target]
    total.finish()
    full = np.empty((g, c, o, *spread_size(geometry, plan)), dweight.dtype)
    split, order = as_phases(full, geometry, plan)
    split.transpose(order)[...] = dfilters.reshape([split.shape[axis] for axis in order])
    dweight[...] = full[tap_places(geometry)]


def _fold(
    columns: NDArray[Any], plan: Plan, padded: tuple[int, ...], size: tuple[int, ...], *, flat: bool
) -> NDArray[Any]:
    """Add the windows up where they came from: the adjoint of :func:`unfold`."""
    total = np.zeros(padded, columns.dtype)
    runs = total.reshape(*padded[:3], -1)
    for tap, place in _fold_places(plan, padded[3:], size, flat=flat):
        if flat:
            runs[place] += columns[tap]
        else:
            total[place] += columns[tap].reshape(*padded[:3], *size)
    return total


@lru_cache(maxsize=256)
def _fold_places(
    plan: Plan, padded: tuple[int, ...], size: tuple[int, ...], *, flat: bool
) -> tuple[tuple[tuple[int | slice, ...], tuple[int | slice, ...]], ...]:
    """Return the index of each tap among the windows, and its place in the map, or in the flat map."""
    steps = [math.prod(padded[axis + 1 :]) for axis in range(len(size))]
    found = []
    for tap in product(*(range(t) for t in plan.taps)):
        shift = [t * e for t, e in zip(tap, plan.spacing, strict=True)]
        begin = sum(by * step for by, step in zip(shift, steps, strict=True))
        run = (slice(begin, begin + flat_length(size, padded)),)
        window = (slice(by, by + n) for by, n in zip(shift, size, strict=True))
        found.append((inner(3, tap), inner(3, run if flat else window)))
    return tuple(found)


def work(geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> Work:
    """Count for both gradients in the sub-pixel form."""
    forward = SUBPIXEL.work(geometry, n, weight_shape, budget // 2)
    taps = math.prod(plan_of(geometry).taps)
    return forward | {
        "taps": forward["chunks"] * taps,
        "sums": forward["weights"] * forward["matrices"] / weight_shape[0],
    }


SUBPIXEL_GRADIENTS = Algorithm(
    "subpixel",
    subpixel_gradients,
    work,
    {
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
    },
)
