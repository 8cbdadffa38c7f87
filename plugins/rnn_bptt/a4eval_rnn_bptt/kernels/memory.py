"""How arrays lie in memory, and what of them is too small to carry on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval_rnn_bptt.arrays import Array

_SMALL_STEP = 1024
"""Entries of one model at one step; with fewer, numpy's cost per run of memory shows."""


_LINE_BYTES = 64


def sequence_buffer(lead: Sequence[int], steps: int, batch: int, width: int, dtype: Any) -> Array:
    """Allocate (…, T, B, H).

    Many small models have time first in memory, so that what a step touches lies together; larger ones have the
    model first, so that the products over all steps need no copy.
    """
    if lead and batch * width < _SMALL_STEP:
        axes = len(lead)
        return aligned_empty((steps, *lead, batch, width), dtype).transpose(*range(1, axes + 1), 0, axes + 1, axes + 2)
    return aligned_empty((*lead, steps, batch, width), dtype)


def aligned_empty(shape: tuple[int, ...], dtype: Any) -> Array:
    """Allocate an array that begins at a cache line, so that no vector of a row that fills lines lies across two."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + _LINE_BYTES, np.uint8)
    start = -memory.__array_interface__["data"][0] % _LINE_BYTES
    aligned: Array = memory[start : start + size].view(dtype).reshape(shape)
    return aligned


def time_first(buffer: Array) -> Array:
    """View a buffer (…, T, B, H) as (T, …, B, H): one index per step whether or not models are stacked."""
    return to_front(buffer, buffer.ndim - 3)


def negligible(errors: Array, dtype: Any) -> float:
    """Return below what a gradient on its way through time is taken as zero, given the errors it comes from.

    It is where subnormal numbers, which take the processor a hundred times longer, come near; 3·10⁻²⁸ in float32.
    Errors that are themselves that small are not cut.
    """
    info = np.finfo(dtype)
    largest = max(float(errors.max()), -float(errors.min()))
    tiny, eps = float(info.tiny), float(info.eps)
    return min(tiny / eps / math.sqrt(eps), eps * eps * largest)


def drop_below(floor: float, array: Array) -> None:
    """Put zero where *array* is below *floor*, so that a vanished gradient does not linger as subnormal numbers."""
    array[np.abs(array) < floor] = 0


def to_front(array: Array, axis: int) -> Array:
    """View *array* with one axis, from 0, moved to the front: ``np.moveaxis`` in a tenth of its time."""
    return array.transpose(axis, *range(axis), *range(axis + 1, array.ndim)) if axis else array


def rows(buffer: Array) -> Array:
    """Turn (…, T, B, H) into (…, T·B, H), ready for one matrix product over all steps; a view for one model."""
    *lead, steps, batch, width = buffer.shape
    return buffer.reshape(*lead, steps * batch, width)
