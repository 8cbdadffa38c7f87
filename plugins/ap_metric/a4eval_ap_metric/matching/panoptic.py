"""Segments of two panoptic maps of an image, matched: what panoptic quality counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

VOID = 0
"""The id of pixels that belong to no segment."""


@dataclass(slots=True)
class Counts:
    """What became of the segments of one class in one image.

    Args:
        overlap: the sum of the IoU of the segments that were found.
        found: how many were.
        wrong: segments that are not there.
        missed: segments that were not found.
    """

    overlap: float = 0.0
    found: int = 0
    wrong: int = 0
    missed: int = 0


def panoptic_counts(
    truth: NDArray[np.integer[Any]],
    found: NDArray[np.integer[Any]],
    truth_segments: Mapping[int, tuple[Any, bool]],
    found_segments: Mapping[int, Any],
) -> dict[Any, Counts]:
    """Return what became of the segments, by class.

    Args:
        truth: (h, w) id of the segment of each pixel, 0 for none.
        found: (h, w) likewise.
        truth_segments: class of each id, and whether it is a crowd.
        found_segments: class of each id.

    A segment is found by one of its class with an IoU above one half; pixels of no segment of the truth count for
    neither, and what lies mostly on them, or on a crowd of its class, is not wrong.

    Source: Kirillov et al. 2019 (arXiv:1801.00868), and panopticapi.

    >>> truth = np.array([[1, 1, 1, 0]])
    >>> panoptic_counts(truth, np.array([[5, 5, 0, 0]]), {1: ("cat", False)}, {5: "cat"})["cat"].overlap
    0.6666666666666666
    """
    common = _common(truth, found)
    area, found_area = (_areas(common, side) for side in (0, 1))
    counts: dict[Any, Counts] = {}
    matched: set[int] = set()
    seen: set[int] = set()
    for (one, other), n in common.items():
        if one not in truth_segments or other not in found_segments:
            continue
        name, crowd = truth_segments[one]
        union = area[one] + found_area[other] - n - common.get((VOID, other), 0)
        if not crowd and name == found_segments[other] and n / union > 0.5:
            mine = counts.setdefault(name, Counts())
            mine.overlap += n / union
            mine.found += 1
            seen.add(one)
            matched.add(other)
    crowds: dict[Any, list[int]] = {}
    for one, (name, crowd) in truth_segments.items():
        if crowd:
            crowds.setdefault(name, []).append(one)
        elif one not in seen:
            counts.setdefault(name, Counts()).missed += 1
    for other, name in found_segments.items():
        if other not in matched:
            excused = sum(common.get((one, other), 0) for one in (VOID, *crowds.get(name, ())))
            if excused <= 0.5 * found_area.get(other, 0):
                counts.setdefault(name, Counts()).wrong += 1
    return counts


def _common(truth: NDArray[np.integer[Any]], found: NDArray[np.integer[Any]]) -> dict[tuple[int, int], int]:
    """Return how many pixels each pair of segments has in common."""
    ids, place = np.unique(np.stack([truth.ravel(), found.ravel()]), axis=1, return_inverse=True)
    pairs = [(one, other) for one, other in ids.T.tolist()]
    return dict(zip(pairs, np.bincount(place.ravel()).tolist(), strict=True))


def _areas(common: Mapping[tuple[int, int], int], side: int) -> dict[int, int]:
    """Return the pixels of each segment of one side."""
    areas: dict[int, int] = {}
    for pair, n in common.items():
        areas[pair[side]] = areas.get(pair[side], 0) + n
    return areas
