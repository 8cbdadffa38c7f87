"""Masks as outlines: polygons around their pixels, drawn with few points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELLS = 48
"""Squares along the longer side of a mask's box, by which it is drawn."""
MOST_PIXELS = 50_000_000
"""Pixels of an image whose masks are unpacked."""


def outline(mask: Any) -> str:
    """Return the outline of a mask in pycocotools' compressed run lengths: polygons ``x,y x,y …;x,y …``, in pixels.

    Of no pixel, and of an image of more than :data:`MOST_PIXELS`, there is none: the text is empty.
    """
    height, width = mask["size"]
    if height * width > MOST_PIXELS:
        return ""
    runs = run_lengths(mask["counts"])
    decoded = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T
    rows, columns = np.flatnonzero(decoded.any(axis=1)), np.flatnonzero(decoded.any(axis=0))
    if not len(rows):
        return ""
    top, left = int(rows[0]), int(columns[0])
    inside = decoded[top : rows[-1] + 1, left : columns[-1] + 1]
    step = -(-max(inside.shape) // CELLS)
    middle = step // 2
    few = inside[middle::step, middle::step] if step > 1 else inside
    return ";".join(" ".join(f"{left + x * step},{top + y * step}" for x, y in ring) for ring in rings(few))


def run_lengths(letters: bytes) -> list[int]:
    """Return the run lengths that COCO's letters stand for.

    Source: ``rleFrString`` in cocoapi's ``maskApi.c``.

    >>> run_lengths(b"52")
    [5, 2]
    """
    runs: list[int] = []
    value = shift = 0
    for letter in letters:
        bits = letter - 48
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    return runs


def rings(cells: NDArray[np.bool_]) -> list[list[tuple[int, int]]]:
    """Return the boundaries of the filled cells of a grid as closed polygons through its corners (x, y).

    >>> rings(np.array([[True, True]]))
    [[(0, 0), (2, 0), (2, 1), (0, 1)]]
    """
    padded = np.pad(cells, 1)
    steps: dict[tuple[int, int], list[tuple[int, int]]] = {}
    # the filled cell lies on the right hand: so above it to the right, beside it down, below it to the left, and up
    sides = (((-1, 0), (0, 0), (1, 0)), ((0, 1), (1, 0), (1, 1)), ((1, 0), (1, 1), (0, 1)), ((0, -1), (0, 1), (0, 0)))
    for (down, across), begin, end in sides:
        beside = padded[1 + down : padded.shape[0] - 1 + down, 1 + across : padded.shape[1] - 1 + across]
        for y, x in np.argwhere(cells & ~beside).tolist():
            steps.setdefault((x + begin[0], y + begin[1]), []).append((x + end[0], y + end[1]))
    found = []
    while steps:
        first = min(steps)
        ring, here = [first], _next(steps, first, None)
        while here != first:
            ring.append(here)
            here = _next(steps, here, ring[-2])
        found.append(
            [one for place, one in enumerate(ring) if _turns(ring[place - 1], one, ring[(place + 1) % len(ring)])]
        )
    return found


def _next(
    steps: dict[tuple[int, int], list[tuple[int, int]]], here: tuple[int, int], before: tuple[int, int] | None
) -> tuple[int, int]:
    """Return where a boundary goes on; where two cross, it turns right, so that each goes round its own cells."""
    ways = steps[here]
    if before is not None and len(ways) > 1:
        across, down = here[0] - before[0], here[1] - before[1]
        right = (here[0] - down, here[1] + across)
        ways.sort(key=lambda one: one != right)
    there = ways.pop(0)
    if not ways:
        del steps[here]
    return there


def _turns(before: tuple[int, int], here: tuple[int, int], after: tuple[int, int]) -> bool:
    return (here[0] - before[0]) * (after[1] - here[1]) != (here[1] - before[1]) * (after[0] - here[0])
