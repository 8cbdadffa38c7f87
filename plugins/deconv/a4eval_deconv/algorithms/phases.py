"""Which taps of the filter meet in which outputs, axis by axis.

Output position f of the full output belongs to phase f mod stride.
Tap a only ever writes to phase a·dilation mod stride, there shifted by ⌊a·dilation/stride⌋ whole positions.
Sorted by phase, a strided scatter becomes a few dense shifted additions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from a4eval_deconv.products import inner

if TYPE_CHECKING:
    from a4eval_deconv.geometry import Geometry


@dataclass(frozen=True, slots=True)
class Tap:
    """One tap of an axis: the inputs it reads, and the outputs (every stride-th) it adds them to."""

    index: int
    source: slice
    output: slice


Index: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of an axis: where it lies in the output (…, this axis, *axes behind), its positions and its taps.

    A term is the index of a tap in the values (n, g, o, taps of this axis, …, this axis, *axes behind).
    ``parts`` cover the phase once, each a place in it and the terms, of two taps at most, that reach all of it;
    ``more`` are the places and terms of the other taps.
    """

    output: Index
    size: int
    taps: int
    parts: tuple[tuple[Index, tuple[Index, ...]], ...]
    more: tuple[tuple[Index, Index], ...]

    @property
    def steps(self) -> list[tuple[int, int]]:
        """The positions that each step of the sum writes, and how many terms it reads: 0, 1 or 2."""
        parts = [(place[1].stop - place[1].start, len(terms)) for place, terms in self.parts]
        return parts + [(place[1].stop - place[1].start, 2) for place, _ in self.more]


@lru_cache(maxsize=256)
def taps(geometry: Geometry) -> tuple[tuple[Tap, ...], ...]:
    """Return for each axis the taps that reach the output."""
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
        for a in range(k):
            first = a * d - before  # where it sends the first input
            low, high = max(0, -(first // s)), min(i, (output - 1 - first) // s + 1)
            if low < high:
                axis.append(Tap(a, slice(low, high), slice(first + low * s, first + (high - 1) * s + 1, s)))
        axes.append(tuple(axis))
    return tuple(axes)


@lru_cache(maxsize=256)
def phases(geometry: Geometry) -> tuple[tuple[Phase, ...], ...]:
    """Return for each axis the phases that a tap reaches."""
    axes = enumerate(zip(taps(geometry), geometry.stride, geometry.output, strict=True), 1)
    found = []
    for axis, (reaching, s, output) in axes:
        behind = (slice(None),) * (len(geometry.size) - axis)
        starts = sorted({tap.output.start % s for tap in reaching})
        found.append(tuple(_phase(reaching, range(start, output, s), behind) for start in starts))
    return tuple(found)


def covered(geometry: Geometry) -> bool:
    """Say whether all phases of the output are reached: where the stride is larger than the kernel some are zero."""
    counts = zip(phases(geometry), geometry.stride, geometry.output, strict=True)
    return all(len(ways) == min(s, output) for ways, s, output in counts)


def _phase(reaching: tuple[Tap, ...], positions: range, behind: Index) -> Phase:
    """Return the phase of an axis at these positions of the output; *behind* selects the axes behind it."""
    start, s = positions.start, positions.step
    runs = [
        (slice(tap.output.start // s, -(-tap.output.stop // s)), tap)
        for tap in reaching
        if tap.output.start % s == start
    ]
    runs.sort(key=lambda run: run[0].start - run[0].stop)  # the widest first: they leave the fewest positions
    cuts = sorted({0, len(positions), *(cut for run, _ in runs[:2] for cut in (run.start, run.stop))})

    def place(run: slice) -> Index:
        return (..., run, *behind)

    def term(tap: Tap, run: slice, part: slice) -> Index:
        first = tap.source.start - run.start
        return (*inner(3, (tap.index,)), *place(slice(first + part.start, first + part.stop)))

    parts = (slice(begin, end) for begin, end in pairwise(cuts))
    return Phase(
        place(slice(start, None, s)),
        len(positions),
        len(runs),
        tuple(
            (place(part), tuple(term(tap, run, part) for run, tap in runs[:2] if run.start <= part.start < run.stop))
            for part in parts
        ),
        tuple((place(run), term(tap, run, run)) for run, tap in runs[2:]),
    )
