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

from a4eval_deconv.algorithms.unfold import CHUNK, flat_length, fold_back, unfold, worth_flat
from a4eval_deconv.algorithms.weight_sum import WeightSum
from a4eval_deconv.operands import inner, matrix_product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from a4eval_deconv.geometry import Geometry


def subpixel(geometry: Geometry, x: NDArray[Any], weight: NDArray[Any], out: NDArray[Any], budget: int) -> None:
    """Write the transposed convolution of *x* into *out*."""
    plan = plan_of(geometry)
    filters = _phase_filters(geometry, plan, weight)
    o = weight.shape[2]
    padded = columns = values = None
    for samples, row, size in _chunks(plan, x.shape, o, budget):
        part = x[samples]
        padded = _padded(plan, part, row, size, padded)
        flat = plan.flat(size)
        if columns is not None and columns.shape[0] != part.shape[0]:
            columns = values = None  # the last samples may be fewer
        columns = unfold(padded, plan.taps, plan.spacing, size, flat=flat, out=columns)
        if plan.phases == 1 and not flat and size == geometry.output:
            matrix_product(filters, columns, out=out[samples].reshape(*part.shape[:2], o, -1))
        else:
            values = matrix_product(filters, columns, out=values)
            maps = _split(fold_back(values, size, padded.shape[3:], flat=flat), o, geometry.stride)
            for source, target in _places(geometry, row, size):
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


def _chunks(plan: Plan, shape: tuple[int, ...], o: int, budget: int) -> Iterator[tuple[slice, int, tuple[int, ...]]]:
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
    limit = max(1, min(budget, CHUNK))
    rows = min(plan.size[0], max(1, limit // per_row))
    if rows < plan.size[0] and per_row * plan.size[0] <= min(budget, 4 * CHUNK):
        rows = plan.size[0]  # a whole sample is better than parts, unless it is far too large
    return max(1, min(n, limit // (per_row * plan.size[0]))), rows


def _phase_filters(geometry: Geometry, plan: Plan, weight: NDArray[Any]) -> NDArray[Any]:
    """Return the filters as (g, o·Π stride, c·Π taps), taps by rising input position."""
    g, c, o = weight.shape[:3]
    full = np.zeros((g, c, o, *_spread_size(geometry, plan)), weight.dtype)
    full[_tap_places(geometry)] = weight
    split, order = _as_phases(full, geometry, plan)
    return split.transpose(order).reshape(g, o * plan.phases, c * math.prod(plan.taps))


def _spread_size(geometry: Geometry, plan: Plan) -> tuple[int, ...]:
    return tuple(t * s for t, s in zip(plan.taps, geometry.stride, strict=True))


def _tap_places(geometry: Geometry) -> tuple[int | slice, ...]:
    """Return where the taps lie in the spread-out kernel."""
    axes = zip(geometry.kernel, geometry.dilation, geometry.stride, strict=True)
    return inner(3, (slice(0, (k - 1) * (d if s > 1 else 1) + 1, d if s > 1 else 1) for k, d, s in axes))


def _as_phases(full: NDArray[Any], geometry: Geometry, plan: Plan) -> tuple[NDArray[Any], tuple[int, ...]]:
    """Return a view (g, c, o, tap, phase, tap, phase, …), taps reversed, and its order (g, o, *phases, c, *taps)."""
    dims = len(plan.taps)
    split = full.reshape(*full.shape[:3], *(n for pair in zip(plan.taps, geometry.stride, strict=True) for n in pair))
    split = split[inner(3, (slice(None, None, step) for _ in plan.taps for step in (-1, 1)))]
    order = (0, 2, *(4 + 2 * axis for axis in range(dims)), 1, *(3 + 2 * axis for axis in range(dims)))
    return split, order


def _padded(plan: Plan, x: NDArray[Any], row: int, size: tuple[int, ...], buffer: NDArray[Any] | None) -> NDArray[Any]:
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


def overlap(
    low: tuple[int, ...], shape: tuple[int, ...], available: tuple[int, ...]
) -> tuple[tuple[int | slice, ...], tuple[int | slice, ...]]:
    """Return the part of the input inside positions low … low + shape − 1, and its place there."""
    source, target = [], []
    for start, length, n in zip(low, shape, available, strict=True):
        begin, end = max(0, start), max(0, start, min(n, start + length))
        source.append(slice(begin, end))
        target.append(slice(begin - start, end - start))
    return inner(3, source), inner(3, target)


def _split(maps: NDArray[Any], o: int, stride: tuple[int, ...]) -> NDArray[Any]:
    """Split the channel axis of strided maps (n, g, o·Π stride, *size) without a copy."""
    shape = (*maps.shape[:2], o, *stride, *maps.shape[3:])
    channel = maps.strides[2]
    steps = [channel * math.prod(stride[axis:]) for axis in range(len(stride) + 1)]
    return as_strided(maps, shape, (*maps.strides[:2], *steps, *maps.strides[3:]))


@lru_cache(maxsize=1024)
def _places(
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
    filters = _phase_filters(geometry, plan, weight)
    g, c, o = weight.shape[:3]
    dfilters = np.empty_like(filters)
    total = WeightSum(dfilters, x.shape[0] * math.prod(plan.size))
    dx[...] = 0
    for samples, row, size in _chunks(plan, x.shape, o, budget // 2):
        part, dpart = x[samples], dx[samples]
        padded = _padded(plan, part, row, size, None)
        flat = worth_flat(size, padded.shape[3:])
        columns = unfold(padded, plan.taps, plan.spacing, size, flat=flat)
        dvalues = np.zeros((*part.shape[:2], o * plan.phases, columns.shape[-1]), dy.dtype)
        maps = _split(fold_back(dvalues, size, padded.shape[3:], flat=flat), o, geometry.stride)
        for source, target in _places(geometry, row, size):
            maps[source] = dy[samples][target]
        total.add(dvalues, columns)
        dcolumns = matrix_product(filters.transpose(0, 2, 1), dvalues)
        low = tuple(f - r for f, r in zip((plan.first[0] + row, *plan.first[1:]), plan.reach, strict=True))
        source, target = overlap(low, padded.shape[3:], x.shape[3:])
        dcolumns = dcolumns.reshape(*part.shape[:2], c, *plan.taps, columns.shape[-1])
        dpart[source] += _fold(dcolumns, plan, padded.shape, size, flat=flat)[target]
    total.finish()
    full = np.empty((g, c, o, *_spread_size(geometry, plan)), dweight.dtype)
    split, order = _as_phases(full, geometry, plan)
    split.transpose(order)[...] = dfilters.reshape([split.shape[axis] for axis in order])
    dweight[...] = full[_tap_places(geometry)]


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
