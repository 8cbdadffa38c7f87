"""Which taps of the filter meet in which outputs.

Output position f of the full output belongs to phase f mod stride.
Tap a only ever writes to phase a·dilation mod stride, there shifted by ⌊a·dilation/stride⌋ whole positions.
Sorted by phase, a strided scatter becomes a few dense shifted additions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from a4eval_deconv.geometry import Geometry


@dataclass(frozen=True, slots=True)
class Tap:
    """One tap: the part of the input it reads and the part of its phase it adds that to."""

    index: tuple[int, ...]
    source: tuple[slice, ...]
    target: tuple[slice, ...]


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase: a strided part of the output, and the taps that reach it."""

    output: tuple[slice, ...]
    size: tuple[int, ...]
    taps: tuple[Tap, ...]


@lru_cache(maxsize=256)
def phases(geometry: Geometry) -> tuple[Phase, ...]:
    """Return the non-empty phases of the output; together they cover it once."""
    axes = []
    for i, k, s, d, before, output in zip(
        geometry.size,
        geometry.kernel,
        geometry.stride,
        geometry.dilation,
        geometry.before,
        geometry.output,
        strict=True,
    ):
        axis = []
        for phase in range(s):
            start = (phase - before) % s
            count = len(range(start, output, s))
            if not count:
                continue
            first = (start + before - phase) // s
            taps = []
            for a in range(k):
                shift, home = divmod(a * d, s)
                low, high = max(0, first - shift), min(i, first + count - shift)
                if home == phase and low < high:
                    taps.append((a, slice(low, high), slice(low + shift - first, high + shift - first)))
            axis.append((slice(start, None, s), count, taps))
        axes.append(axis)
    found = []
    for combination in product(*axes):
        taps_here = tuple(
            Tap(tuple(a for a, _, _ in one), tuple(source for _, source, _ in one), tuple(to for _, _, to in one))
            for one in product(*(taps for _, _, taps in combination))
        )
        found.append(Phase(tuple(part for part, _, _ in combination), tuple(n for _, n, _ in combination), taps_here))
    return tuple(found)
