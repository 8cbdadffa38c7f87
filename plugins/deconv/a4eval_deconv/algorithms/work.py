"""How much work an algorithm has with a configuration: products, moved elements, inner loops and calls.

What it costs is a matter of the machine; :mod:`a4eval_deconv.algorithms.choice` says that.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from a4eval_deconv.algorithms import column_to_image, gather, subpixel
from a4eval_deconv.algorithms.cached_matrix import matrix_elements
from a4eval_deconv.algorithms.unfold import flat_length

if TYPE_CHECKING:
    from a4eval_deconv.geometry import Geometry

Work = dict[str, float]
"""Counts by the name of what is counted."""


def of_subpixel(geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> Work:
    """Count for *n* samples and a weight (g, c, o, *kernel), with so many elements of workspace."""
    g, c, o = weight_shape[:3]
    plan = subpixel.plan_of(geometry)
    samples, rows = subpixel.chunk_size(plan, n, (g, c, o), budget)
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


def of_column_to_image(geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> Work:
    """Count for *n* samples and a weight (g, c, o, *kernel), with so many elements of workspace."""
    g, c, o = weight_shape[:3]
    samples, channels = column_to_image.chunk_size(geometry, n, (g, c, o), budget)
    maps = n * g * o
    # per axis: inputs that a tap sends to where they are not cropped, in all and by taps alone in their phase
    written = single = reached = reached_alone = taps = 1
    for axis in zip(
        geometry.size,
        geometry.kernel,
        geometry.dilation,
        geometry.stride,
        geometry.before,
        geometry.output,
        strict=True,
    ):
        size, k, d, s, before, output = axis
        homes = Counter(a * d % s for a in range(k))
        reach = [
            max(0, min(size - 1, (output - 1 + before - a * d) // s) - max(0, -(-(before - a * d) // s)) + 1)
            for a in range(k)
        ]
        written *= len(homes)
        single *= sum(count == 1 for count in homes.values())
        reached *= sum(reach)
        reached_alone *= sum(count for a, count in enumerate(reach) if homes[a * d % s] == 1)
        taps *= sum(count > 0 for count in reach)
        row = sum(reach) / max(1, sum(count > 0 for count in reach))  # of the last axis, in the end
    if not channels:
        single = reached_alone = 0
    phases = math.prod(geometry.stride)
    outputs = maps * math.prod(geometry.output)
    copied = maps * reached_alone + outputs * (phases - written) / phases
    added = maps * (reached - reached_alone)
    summed = outputs * (written - single) / phases
    slices = -(-o // channels) if channels else o
    chunks = -(-n // samples) * slices if channels else maps
    return {
        "starts": 1,
        "chunks": chunks,
        "taps": chunks * taps,
        "phases": chunks * phases,
        "matrices": n * g * slices if channels else maps * geometry.taps,
        "products": maps * c * geometry.taps * geometry.pixels,
        "inputs": n * g * slices * c * geometry.pixels,
        "added": added,
        "added rows": added / max(1, row),
        "copied": copied,
        "copied rows": copied / max(1, row) if geometry.stride[-1] > 1 else 0,
        "summed": summed,
        "summed rows": summed * geometry.stride[-1] / geometry.output[-1],
    }


def of_cached_matrix(geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> Work:
    """Count for *n* samples and a weight (g, c, o, *kernel); no workspace is needed."""
    del budget
    return {
        "starts": 1,
        "matrices": n * weight_shape[0],
        "products": n * matrix_elements(geometry, weight_shape),
        "weights": math.prod(weight_shape),
    }


def of_gather(geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> Work:
    """Count for both gradients on the input's side."""
    g, c, o = weight_shape[:3]
    samples, rows = gather.chunk_size(geometry, n, g * o, budget)
    parts = -(-geometry.size[0] // rows)
    windows = n * g * o * geometry.taps * geometry.pixels
    steps = zip((rows, *geometry.size[1:]), geometry.stride, geometry.kernel, geometry.dilation, strict=True)
    reach = [(i - 1) * s + (k - 1) * d + 1 for i, s, k, d in steps]
    return {
        "starts": 1,
        "chunks": -(-n // samples) * parts,
        "matrices": n * g * parts,
        "products": windows * c,
        "windows": windows,
        "strided windows": windows if geometry.stride[-1] > 1 else 0,
        "windows in parts": windows if parts > 1 else 0,
        "window rows": windows / geometry.size[-1],
        "window planes": windows / math.prod(geometry.size[-2:]),
        "outputs": n * parts * g * o * math.prod(reach),
        "output rows": n * parts * g * o * math.prod(reach[:-1]),
        "inputs": n * g * c * geometry.pixels,
        "weights": n * parts * g * c * o * geometry.taps,
    }


def of_subpixel_gradients(geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> Work:
    """Count for both gradients in the sub-pixel form."""
    forward = of_subpixel(geometry, n, weight_shape, budget // 2)
    taps = math.prod(subpixel.plan_of(geometry).taps)
    return forward | {
        "taps": forward["chunks"] * taps,
        "sums": forward["weights"] * forward["matrices"] / weight_shape[0],
    }
