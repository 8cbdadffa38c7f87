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
    windows = maps * c * taps * window
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
        "windows": windows,
        "window rows": windows / row,
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
    # phases that any tap writes, and those that one tap writes alone
    written = single = 1
    for k, d, s in zip(geometry.kernel, geometry.dilation, geometry.stride, strict=True):
        taps_of_phase = Counter(a * d % s for a in range(k)).values()
        written *= len(taps_of_phase)
        single *= sum(taps == 1 for taps in taps_of_phase)
    if not channels:
        single = 0
    phases = math.prod(geometry.stride)
    outputs = maps * math.prod(geometry.output)
    copied = outputs * (phases - written + single) / phases
    added = maps * (geometry.taps - single) * geometry.pixels
    summed = outputs * (written - single) / phases
    chunks = -(-n // samples) * -(-o // channels) if channels else maps
    strided = geometry.stride[-1] > 1
    return {
        "starts": 1,
        "chunks": chunks,
        "taps": chunks * geometry.taps,
        "phases": chunks * phases,
        "matrices": n * g * -(-o // channels) if channels else maps * geometry.taps,
        "products": maps * c * geometry.taps * geometry.pixels,
        "added": added,
        "added rows": added / geometry.size[-1],
        "copied": copied,
        "copied rows": copied / geometry.size[-1] if strided else 0,
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
