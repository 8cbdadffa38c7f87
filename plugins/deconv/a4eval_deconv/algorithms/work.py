"""How much work an algorithm has with a configuration: products, moved elements, inner loops and calls.

What it costs is a matter of the machine; :mod:`a4eval_deconv.algorithms.choice` says that.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from a4eval_deconv.algorithms import column_to_image, gather, subpixel
from a4eval_deconv.algorithms.cached_matrix import matrix_elements
from a4eval_deconv.algorithms.phases import covered, phases
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
    samples, channels, together = column_to_image.chunk_size(geometry, n, (g, c, o), budget)
    maps = n * g * o
    columns = maps * geometry.taps * geometry.pixels
    slices = -(-o // channels) if channels else o
    chunks = -(-n // samples) * slices * -(-channels // together) if channels else maps * geometry.taps
    count = {
        "starts": 1,
        "chunks": chunks,
        "matrices": n * g * slices if channels else chunks,
        "products": columns * c,
        "inputs": n * g * slices * c * geometry.pixels,
    }
    if channels:
        return count | _of_sums(geometry, chunks, maps)
    return count | _SUMS | {"sums": chunks, "summed": columns, "summed rows": columns / geometry.size[-1]}


_SUMS: Work = dict.fromkeys(("sums", "added", "added rows", "summed", "summed rows", "copied", "copied rows"), 0)


def _of_sums(geometry: Geometry, chunks: int, maps: int) -> Work:
    """Count how the taps are added up, axis after axis: calls, elements, and contiguous rows of them."""
    count = _SUMS | {"copied": 0 if covered(geometry) else maps * math.prod(geometry.output)}
    before = passes = 1  # positions and phases of the axes that are done
    for axis, ways in enumerate(phases(geometry)):
        last = axis == len(geometry.size) - 1
        behind = math.prod(geometry.size[axis + 1 :])
        rows = maps * before * math.prod(geometry.kernel[axis + 1 :])
        add = "summed" if last else "added"
        positions = 0
        for phase in ways:
            steps = [(length, add if terms == 2 else "copied") for length, terms in phase.steps]
            if last and phase.taps > 2 and geometry.stride[-1] > 1:  # summed in a buffer
                steps.append((phase.size, "copied"))
            elif not last and phase.taps == 1:  # what the tap reaches is passed on, the rest is zero
                outputs = maps * before * math.prod(geometry.output[axis + 1 :])
                count["sums"] += chunks * passes  # a call, too
                count["copied"] += sum(length * outputs for length, terms in phase.steps if not terms)
                positions += sum(length for length, terms in phase.steps if terms)
                continue
            positions += phase.size
            for length, kind in steps:
                count["sums"] += chunks * passes
                count[kind] += rows * length * behind
                count[f"{kind} rows"] += rows
        before *= positions
        passes *= len(ways)
    return count


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
