"""Sub-pixel: one convolution to many channels, which are then interleaved.

A transposed convolution of stride s is an ordinary convolution to s times as many channels an axis
(Shi et al., arXiv 1609.07009).
One matrix product gives all phases.  It wastes nothing where the stride divides the kernel, and it is the direct
convolution at stride 1.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_deconv.algorithms.unfold import fold_back, unfold, worth_flat
from a4eval_deconv.arrays import inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_deconv.geometry import Geometry


def subpixel(geometry: Geometry, x: NDArray[Any], weight: NDArray[Any], out: NDArray[Any], budget: int) -> None:
    """Write the transposed convolution of *x* into *out*."""
    n, g, c = x.shape[:3]
    o, stride = weight.shape[2], geometry.stride
    filters, taps, spacing = _phase_filters(geometry, weight)
    first = tuple(before // s for before, s in zip(geometry.before, stride, strict=True))
    last = tuple((b + w - 1) // s for b, w, s in zip(geometry.before, geometry.output, stride, strict=True))
    size = tuple(stop - start + 1 for start, stop in zip(first, last, strict=True))
    reach = tuple((t - 1) * e for t, e in zip(taps, spacing, strict=True))
    per_row = (c * math.prod(taps) + o * math.prod(stride)) * math.prod(size[1:])
    rows = max(1, min(size[0], budget // max(1, per_row * g)))
    samples = max(1, min(n, budget // max(1, per_row * g * size[0])))
    for start in range(0, n, samples):
        part = x[start : start + samples]
        for row in range(0, size[0], rows):
            height = min(rows, size[0] - row)
            window = (height, *size[1:])
            padded = _padded(part, (first[0] + row, *first[1:]), reach, window)
            flat = worth_flat(window, padded.shape[3:])
            columns = unfold(padded, taps, spacing, window, flat=flat)
            values = np.matmul(filters, columns)
            maps = fold_back(values, window, padded.shape[3:], flat=flat)
            maps = maps.reshape(*part.shape[:2], o, *stride, *window) if not flat else _split(maps, o, stride)
            _interleave(geometry, maps, (first[0] + row, *first[1:]), out[start : start + samples])


def _phase_filters(geometry: Geometry, weight: NDArray[Any]) -> tuple[NDArray[Any], tuple[int, ...], tuple[int, ...]]:
    """Return the filters as (g, o·Π stride, c·Π taps), taps by rising input position, and taps and spacing."""
    g, c, o = weight.shape[:3]
    # where an axis has stride and dilation, the taps are spread out first: zeros, but right
    spread = tuple(d if s > 1 else 1 for d, s in zip(geometry.dilation, geometry.stride, strict=True))
    spacing = tuple(d if s == 1 else 1 for d, s in zip(geometry.dilation, geometry.stride, strict=True))
    length = tuple((k - 1) * e + 1 for k, e in zip(geometry.kernel, spread, strict=True))
    taps = tuple(-(-n // s) for n, s in zip(length, geometry.stride, strict=True))
    full = np.zeros((g, c, o, *(t * s for t, s in zip(taps, geometry.stride, strict=True))), weight.dtype)
    full[inner(3, (slice(0, n, e) for n, e in zip(length, spread, strict=True)))] = weight
    axes = [size for pair in zip(taps, geometry.stride, strict=True) for size in pair]
    split = full.reshape(g, c, o, *axes)
    split = split[inner(3, (slice(None, None, step) for _ in taps for step in (-1, 1)))]
    dims = len(taps)
    order = (0, 2, *(4 + 2 * axis for axis in range(dims)), 1, *(3 + 2 * axis for axis in range(dims)))
    rows, columns = o * math.prod(geometry.stride), c * math.prod(taps)
    return split.transpose(order).reshape(g, rows, columns), taps, spacing


def _padded(x: NDArray[Any], first: tuple[int, ...], reach: tuple[int, ...], size: tuple[int, ...]) -> NDArray[Any]:
    """Return the input positions first − reach … first + size − 1, zero where there is no input."""
    shape = tuple(n + r for n, r in zip(size, reach, strict=True))
    low = tuple(f - r for f, r in zip(first, reach, strict=True))
    if not any(low) and shape == x.shape[3:] and x.flags.c_contiguous:
        return x
    padded = np.zeros((*x.shape[:3], *shape), x.dtype)
    source, target = [slice(None)] * 3, [slice(None)] * 3
    for start, length, available in zip(low, shape, x.shape[3:], strict=True):
        begin, end = max(0, start), min(available, start + length)
        source.append(slice(begin, max(begin, end)))
        target.append(slice(begin - start, max(begin, end) - start))
    padded[tuple(target)] = x[tuple(source)]
    return padded


def _split(maps: NDArray[Any], o: int, stride: tuple[int, ...]) -> NDArray[Any]:
    """Split the channel axis of strided maps (n, g, o·Π stride, *size) without a copy."""
    shape = (*maps.shape[:2], o, *stride, *maps.shape[3:])
    channel = maps.strides[2]
    steps = [channel * math.prod(stride[axis:]) for axis in range(len(stride) + 1)]
    return np.lib.stride_tricks.as_strided(maps, shape, (*maps.strides[:2], *steps, *maps.strides[3:]))


def _interleave(geometry: Geometry, maps: NDArray[Any], first: tuple[int, ...], out: NDArray[Any]) -> None:
    """Write the phases, (n, g, o, *stride, *size), to *out*; ``first`` is the position of maps[…, 0]."""
    for phase in product(*(range(s) for s in geometry.stride)):
        source: list[slice] = []
        target: list[slice] = []
        for r, s, start, size, before, output in zip(
            phase,
            geometry.stride,
            first,
            maps.shape[3 + len(phase) :],
            geometry.before,
            geometry.output,
            strict=True,
        ):
            position = start * s + r - before  # where this phase's first value belongs
            skipped = -(position // s) if position < 0 else 0
            position += skipped * s
            count = min(size - skipped, len(range(position, output, s)))
            source.append(slice(skipped, skipped + count))
            target.append(slice(position, position + (count - 1) * s + 1 if count > 0 else position, s))
        out[(slice(None),) * 3 + tuple(target)] = maps[(slice(None),) * 3 + phase + tuple(source)]
