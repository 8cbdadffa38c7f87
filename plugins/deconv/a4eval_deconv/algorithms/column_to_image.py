"""Column to image: one matrix product gives what every input sends to every tap, then the taps are added up.

It needs no reordering of the weight and no copy of the input, so it wins where the maps are small and the
channels many, and where the taps do not overlap (kernel = stride).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.algorithms.phases import phases
from a4eval_deconv.algorithms.unfold import CHUNK
from a4eval_deconv.arrays import inner, matrix_product

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
    samples, channels = chunk_size(geometry, n, (g, c, o), budget)
    if not channels:
        _tap_by_tap(geometry, columns, weight, out)
        return
    together = max(1, CHUNK // (samples * g * _per_map(geometry)))  # channels whose outputs stay in the cache
    for first in range(0, n, samples):
        part = columns[first : first + samples]
        for start in range(0, o, channels):
            stop = min(o, start + channels)
            filters = weight[:, :, start:stop].reshape(g, c, (stop - start) * geometry.taps)
            product = matrix_product(filters.transpose(0, 2, 1), part)
            product = product.reshape(*part.shape[:2], stop - start, *geometry.kernel, *geometry.size)
            target = out[first : first + samples, :, start:stop]
            for begin in range(0, stop - start, together):
                few = slice(begin, begin + together)
                for phase in phases(geometry):
                    _add_taps(phase, product[:, :, few], target[:, :, few])
            del product  # before the next one is allocated


def chunk_size(geometry: Geometry, n: int, channels: tuple[int, int, int], budget: int) -> tuple[int, int]:
    """Return how many samples and output channels are worked on at a time; 0 channels if not even one fits.

    *channels* are (g, c, o).
    """
    g, _, o = channels
    per_map = _per_map(geometry)
    if per_map * g > budget:
        return 1, 0
    enough = per_map * g * -(-_ROWS // geometry.taps)
    largest = max(g, min(budget, max(CHUNK, enough)) // per_map)
    return max(1, min(n, largest // (g * o))), max(1, min(o, largest // g))


def _per_map(geometry: Geometry) -> int:
    """Return the columns of one sample, group and output channel, and the buffer that a phase is added up in."""
    return geometry.taps * geometry.pixels + math.prod(geometry.output)


def _add_taps(phase: Phase, product: NDArray[Any], out: NDArray[Any]) -> None:
    """Add up the taps of one phase; *product* is (n, g, o, *kernel, *size)."""
    everywhere = (slice(None),) * 3
    target = out[everywhere + phase.output]
    if not phase.taps:
        target[...] = 0
        return
    if len(phase.taps) == 1:
        tap = phase.taps[0]
        target[everywhere + tap.target] = product[everywhere + tap.index + tap.source]
        for axis, (reached, size) in enumerate(zip(tap.target, phase.size, strict=True)):
            if reached.start > 0:
                target[inner(3 + axis, (slice(0, reached.start),))] = 0
            if reached.stop < size:
                target[inner(3 + axis, (slice(reached.stop, None),))] = 0
        return
    # adding into a dense buffer and copying once is faster than adding into every s-th element, tap by tap
    total = target if target.flags.c_contiguous else np.empty(target.shape, target.dtype)
    total[...] = 0
    for tap in phase.taps:
        part = total[everywhere + tap.target]
        part += product[everywhere + tap.index + tap.source]
    if total is not target:
        target[...] = total


def _tap_by_tap(geometry: Geometry, x: NDArray[Any], weight: NDArray[Any], out: NDArray[Any]) -> None:
    """Do the same with the columns of one sample, group, output channel and tap at a time: the least memory."""
    for sample in range(x.shape[0]):
        for group in range(x.shape[1]):
            for channel in range(weight.shape[2]):
                target = out[sample, group, channel]
                target[...] = 0
                for phase in phases(geometry):
                    part = target[phase.output]
                    for tap in phase.taps:
                        filters = weight[group, :, channel][inner(1, tap.index)]
                        part[tap.target] += matrix_product(filters, x[sample, group]).reshape(geometry.size)[tap.source]
