"""Column to image: one matrix product gives what every input sends to every tap, then the taps are added up.

It needs no reordering of the weight and no copy of the input, so it wins where the maps are small and the
channels many, and where the taps do not overlap (kernel = stride).
The taps are added axis by axis: k + k additions of an output instead of k·k, the first ones along whole rows.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.algorithms.chunks import CHUNK
from a4eval_deconv.algorithms.contract import Algorithm, Work
from a4eval_deconv.algorithms.phases import covered, phases, taps
from a4eval_deconv.products import inner, matrix_product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_deconv.algorithms.phases import Phase
    from a4eval_deconv.geometry import Geometry

_ROWS = 128  # of a product: with fewer BLAS is slower


def column_to_image(geometry: Geometry, x: NDArray[Any], weight: NDArray[Any], out: NDArray[Any], budget: int) -> None:
    """Write the transposed convolution of *x* into *out*."""
    n, g, c = x.shape[:3]
    o = weight.shape[2]
    columns = x.reshape(n, g, c, geometry.pixels)
    samples, channels, together = chunk_size(geometry, n, (g, c, o), budget)
    if not channels:
        _tap_by_tap(geometry, columns, weight, out)
        return
    if not covered(geometry):
        out[...] = 0
    buffer = np.empty(samples * g * channels * geometry.taps * geometry.pixels, x.dtype)
    for first in range(0, n, samples):
        part = columns[first : first + samples]
        for start in range(0, o, channels):
            stop = min(o, start + channels)
            filters = weight[:, :, start:stop].reshape(g, c, (stop - start) * geometry.taps)
            shape = (*part.shape[:2], filters.shape[2], geometry.pixels)
            values = matrix_product(filters.transpose(0, 2, 1), part, out=buffer[: math.prod(shape)].reshape(shape))
            values = values.reshape(*part.shape[:2], stop - start, *geometry.kernel, *geometry.size)
            target = out[first : first + samples, :, start:stop]
            for begin in range(0, stop - start, together):
                few = slice(begin, begin + together)
                _add_up(phases(geometry), values[:, :, few], target[:, :, few])


def chunk_size(geometry: Geometry, n: int, channels: tuple[int, int, int], budget: int) -> tuple[int, int, int]:
    """Return how many samples and output channels are multiplied at a time, and how many channels are then added up.

    *channels* are (g, c, o).  The workspace of even one may not fit: then there are 0.
    """
    g, _, o = channels
    per_map = _per_map(geometry)
    if per_map * g > budget:
        return 1, 0, 0
    enough = per_map * g * -(-_ROWS // geometry.taps)
    largest = max(g, min(budget, max(CHUNK // 2, enough)) // per_map)
    samples, slices = max(1, min(n, largest // (g * o))), -(-o // max(1, min(o, largest // g)))
    return samples, -(-o // slices), max(1, CHUNK // (samples * g * per_map))


def _per_map(geometry: Geometry) -> int:
    """Return the elements of one sample, group and output channel: of the product, and of the sums axis after axis."""
    largest = [max((phase.size for phase in axis), default=0) for axis in phases(geometry)]
    return geometry.taps * geometry.pixels + sum(
        math.prod(geometry.kernel[axis + 1 :]) * math.prod(largest[: axis + 1]) * math.prod(geometry.size[axis + 1 :])
        for axis in range(len(largest))
    )


def _add_up(axes: tuple[tuple[Phase, ...], ...], values: NDArray[Any], out: NDArray[Any]) -> None:
    """Add up the taps of the first of *axes*, and of the others in turn.

    *values* are (n, g, o, *taps of these axes, *size), *out* is (n, g, o, *size).
    """
    behind = axes[1:]
    for phase in axes[0]:
        target = out[phase.output]
        if not behind and (phase.taps <= 2 or target.flags.c_contiguous):
            _sum(phase, values, target)
        elif phase.taps == 1:
            for place, terms in phase.parts:
                if terms:
                    _add_up(behind, values[terms[0]], target[place])
                else:
                    target[place] = 0
        else:
            shape = (*values.shape[:3], *values.shape[4:])
            axis = len(shape) - len(axes)
            sums = np.empty((*shape[:axis], phase.size, *shape[axis + 1 :]), values.dtype)
            _sum(phase, values, sums)
            if behind:
                _add_up(behind, sums, target)
            else:  # a dense buffer, to write every s-th element only once
                target[...] = sums


def _sum(phase: Phase, values: NDArray[Any], out: NDArray[Any]) -> None:
    """Write the sums of the taps of one axis."""
    for place, terms in phase.parts:
        if len(terms) == 2:
            np.add(values[terms[0]], values[terms[1]], out=out[place])
        else:
            out[place] = values[terms[0]] if terms else 0
    for place, term in phase.more:
        target = out[place]
        target += values[term]


def _tap_by_tap(geometry: Geometry, x: NDArray[Any], weight: NDArray[Any], out: NDArray[Any]) -> None:
    """Do the same with the columns of one sample, group, output channel and tap at a time: the least memory."""
    out[...] = 0
    places = [
        (inner(1, (one.index for one in tap)), tuple(one.source for one in tap), tuple(one.output for one in tap))
        for tap in product(*taps(geometry))
    ]
    for sample, group, channel in np.ndindex(out.shape[:3]):
        inputs, filters, target = x[sample, group], weight[group, :, channel], out[sample, group, channel]
        for index, source, output in places:
            part = target[output]
            part += matrix_product(filters[index], inputs).reshape(geometry.size)[source]


def work(geometry: Geometry, n: int, weight_shape: tuple[int, ...], budget: int) -> Work:
    """Count for *n* samples and a weight (g, c, o, *kernel), with so many elements of workspace."""
    g, c, o = weight_shape[:3]
    samples, channels, together = chunk_size(geometry, n, (g, c, o), budget)
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


COLUMN_TO_IMAGE = Algorithm(
    "column_to_image",
    column_to_image,
    work,
    {
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
    },
)
