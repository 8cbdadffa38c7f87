"""Sub-pixel: one convolution to many channels, which are then interleaved.

A transposed convolution of stride s is an ordinary convolution to s times as many channels an axis
(Shi et al., arXiv 1609.07009).
One matrix product gives all phases.
It wastes nothing where the stride divides the kernel, and it is the direct convolution at stride 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from a4eval_deconv.algorithms.chunks import samples_and_rows
from a4eval_deconv.algorithms.contract import Algorithm, Work
from a4eval_deconv.algorithms.unfold import flat_length, fold_back, overlap, unfold, worth_flat
from a4eval_deconv.products import inner, matrix_product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from a4eval_deconv.geometry import Geometry


def subpixel(geometry: Geometry, x: NDArray[Any], weight: NDArray[Any], out: NDArray[Any], budget: int) -> None:
    """Write the transposed convolution of *x* into *out*."""
    plan = plan_of(geometry)
    filters = phase_filters(geometry, plan, weight)
    o = weight.shape[2]
    padded = columns = values = None
    for samples, row, size in parts(plan, x.shape, o, budget):
        part = x[samples]
        padded = padded_input(plan, part, row, size, padded)
        flat = plan.flat(size)
        if columns is not None and columns.shape[0] != part.shape[0]:
            columns = values = None  # the last samples may be fewer
        columns = unfold(padded, plan.taps, plan.spacing, size, flat=flat, out=columns)
        if plan.phases == 1 and not flat and size == geometry.output:
            matrix_product(filters, columns, out=out[samples].reshape(*part.shape[:2], o, -1))
        else:
            values = matrix_product(filters, columns, out=values)
            maps = split_phases(fold_back(values, size, padded.shape[3:], flat=flat), o, geometry.stride)
            for source, target in phase_places(geometry, row, size):
                out[samples][target] = maps[source]
        if size[0] != plan.size[0]:  # parts of a sample differ in their zeros, and the last in its size
            padded = columns = values = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What depends on the geometry alone; one entry per axis."""

    first: tuple[int, ...]
    """Position, in whole strides of the full output, of the first phase that is not cropped."""
    size: tuple[int, ...]
    """How many such positions there are."""
    taps: tuple[int, ...]
    spacing: tuple[int, ...]
    reach: tuple[int, ...]
    phases: int

    def flat(self, size: tuple[int, ...]) -> bool:
        """Decide on the layout of the windows: without interleaving the exact one is the output already."""
        if self.phases == 1 and size[-1] >= 16:
            return False
        return worth_flat(size, tuple(n + r for n, r in zip(size, self.reach, strict=True)))


@lru_cache(maxsize=256)
def plan_of(geometry: Geometry) -> Plan:
    """Return the plan of a geometry."""
    stride = geometry.stride
    first = tuple(before // s for before, s in zip(geometry.before, stride, strict=True))
    last = tuple((b + w - 1) // s for b, w, s in zip(geometry.before, geometry.output, stride, strict=True))
    # where an axis has stride and dilation, the taps are spread out with zeros
    length = [
        (k - 1) * (d if s > 1 else 1) + 1 for k, d, s in zip(geometry.kernel, geometry.dilation, stride, strict=True)
    ]
    taps = tuple(-(-n // s) for n, s in zip(length, stride, strict=True))
    spacing = tuple(d if s == 1 else 1 for d, s in zip(geometry.dilation, stride, strict=True))
    reach = tuple((t - 1) * e for t, e in zip(taps, spacing, strict=True))
    size = tuple(stop - start + 1 for start, stop in zip(first, last, strict=True))
    return Plan(first, size, taps, spacing, reach, math.prod(stride))


def parts(plan: Plan, shape: tuple[int, ...], o: int, budget: int) -> Iterator[tuple[slice, int, tuple[int, ...]]]:
    """Yield (samples, first row, size) of parts whose workspace stays within the budget and the caches."""
    n, g, c = shape[:3]
    samples, rows = chunk_size(plan, n, (g, c, o), budget)
    for start in range(0, n, samples):
        for row in range(0, plan.size[0], rows):
            yield slice(start, start + samples), row, (min(rows, plan.size[0] - row), *plan.size[1:])


def chunk_size(plan: Plan, n: int, channels: tuple[int, int, int], budget: int) -> tuple[int, int]:
    """Return how many samples and how many rows are worked on at a time; *channels* are (g, c, o)."""
    g, c, o = channels
    per_row = g * (c * (math.prod(plan.taps) + 1) + o * plan.phases) * math.prod(plan.size[1:])
    return samples_and_rows(n, plan.size[0], per_row, budget)


def phase_filters(geometry: Geometry, plan: Plan, weight: NDArray[Any]) -> NDArray[Any]:
    """Return the filters as (g, o·Π stride, c·Π taps), taps by rising input position."""
    g, c, o = weight.shape[:3]
    full = np.zeros((g, c, o, *spread_size(geometry, plan)), weight.dtype)
    full[tap_places(geometry)] = weight
    split, order = as_phases(full, geometry, plan)
    return split.transpose(order).reshape(g, o * plan.phases, c * math.prod(plan.taps))


def spread_size(geometry: Geometry, plan: Plan) -> tuple[int, ...]:
    """Return the size of the kernel with its taps spread out, filled up to whole strides."""
    return tuple(t * s for t, s in zip(plan.taps, geometry.stride, strict=True))


def tap_places(geometry: Geometry) -> tuple[int | slice, ...]:
    """Return where the taps lie in the spread-out kernel."""
    axes = zip(geometry.kernel, geometry.dilation, geometry.stride, strict=True)
    return inner(3, (slice(0, (k - 1) * (d if s > 1 else 1) + 1, d if s > 1 else 1) for k, d, s in axes))


def as_phases(full: NDArray[Any], geometry: Geometry, plan: Plan) -> tuple[NDArray[Any], tuple[int, ...]]:
    """Return a view (g, c, o, tap, phase, tap, phase, …), taps reversed, and its order (g, o, *phases, c, *taps)."""
    dims = len(plan.taps)
    split = full.reshape(*full.shape[:3], *(n for pair in zip(plan.taps, geometry.stride, strict=True) for n in pair))
    split = split[inner(3, (slice(None, None, step) for _ in plan.taps for step in (-1, 1)))]
    order = (0, 2, *(4 + 2 * axis for axis in range(dims)), 1, *(3 + 2 * axis for axis in range(dims)))
    return split, order


def padded_input(
    plan: Plan, x: NDArray[Any], row: int, size: tuple[int, ...], buffer: NDArray[Any] | None
) -> NDArray[Any]:
    """Return the input positions that a part of the output needs, zero where there is no input.

    A *buffer* from another sample of the same part has its zeros already.
    """
    shape = tuple(n + r for n, r in zip(size, plan.reach, strict=True))
    low = tuple(f - r for f, r in zip((plan.first[0] + row, *plan.first[1:]), plan.reach, strict=True))
    if not any(low) and shape == x.shape[3:]:
        return x
    if buffer is not None and buffer.shape[0] == x.shape[0]:
        padded = buffer
    else:
        padded = np.zeros((*x.shape[:3], *shape), x.dtype)
    source, target = overlap(low, shape, x.shape[3:])
    padded[target] = x[source]
    return padded


def split_phases(maps: NDArray[Any], o: int, stride: tuple[int, ...]) -> NDArray[Any]:
    """Split the channel axis of strided maps (n, g, o·Π stride, *size) without a copy."""
    shape = (*maps.shape[:2], o, *stride, *maps.shape[3:])
    channel = maps.strides[2]
    steps = [channel * math.prod(stride[axis:]) for axis in range(len(stride) + 1)]
    return as_strided(maps, shape, (*maps.strides[:2], *steps, *maps.strides[3:]))


@lru_cache(maxsize=1024)
def phase_places(
    geometry: Geometry, row: int, size: tuple[int, ...]
) -> tuple[tuple[tuple[int | slice, ...], tuple[int | slice, ...]], ...]:
    """Return for each phase its part of the maps (n, g, o, *stride, *size) and the place of that in the output."""
    plan = plan_of(geometry)
    axes = []
    for s, start, length, before, output in zip(
        geometry.stride, (plan.first[0] + row, *plan.first[1:]), size, geometry.before, geometry.output, strict=True
    ):
        axis = []
        for phase in range(s):
            position = start * s + phase - before  # where this phase's first value belongs
            skipped = -(position // s) if position < 0 else 0
            position += skipped * s
            count = min(length - skipped, len(range(position, output, s)))
            if count > 0:
                target = slice(position, position + (count - 1) * s + 1, s)
                axis.append((phase, slice(skipped, skipped + count), target))
        axes.append(axis)
    return tuple(
        (
            inner(3, [*(phase for phase, _, _ in phases), *(source for _, source, _ in phases)]),
            inner(3, (target for _, _, target in phases)),
        )
        for phases in product(*axes)
    )


def work(geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> Work:
    """Count for *n* samples and a weight (g, c, o, *kernel), with so many elements of workspace."""
    g, c, o = weight_shape[:3]
    plan = plan_of(geometry)
    samples, rows = chunk_size(plan, n, (g, c, o), budget)
    size = (rows, *plan.size[1:])
    padded = tuple(length + reach for length, reach in zip(size, plan.reach, strict=True))
    flat = plan.flat(size)
    window = flat_length(size, padded) if flat else math.prod(size)
    row = window if flat else size[-1]
    parts = -(-plan.size[0] // rows)
    maps = n * g * parts
    taps = math.prod(plan.taps)
    columns = maps * c * taps * window
    copied = columns if taps > 1 or window < math.prod(padded) else 0  # the input itself needs no copy
    values = maps * o * plan.phases * window
    outputs = n * g * o * math.prod(geometry.output) if plan.phases > 1 or flat else 0
    chunks = -(-n // samples) * parts
    weights = g * c * o * taps * plan.phases
    run = next((length for length in reversed((c, *plan.taps)) if length > 1), 1)  # rearranged at a time
    return {
        "starts": 1,
        "chunks": chunks,
        "phases": chunks * plan.phases,
        "matrices": maps,
        "products": values * c * taps,
        "columns": columns,
        "windows": copied,
        "window rows": copied / row,
        "values": values,
        "outputs": outputs,
        "output rows": outputs * geometry.stride[-1] / geometry.output[-1],
        "weights": weights,
        "weight rows": weights / run,
    }


SUBPIXEL = Algorithm(
    "subpixel",
    subpixel,
    work,
    {
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
    },
)
