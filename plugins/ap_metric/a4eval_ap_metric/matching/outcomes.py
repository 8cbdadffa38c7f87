"""What became of each detection at one threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from a4eval_ap_metric.matching.coco import Matches


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Detections in the order (class, score descending, image, input), those that count for nothing left out.

    Args:
        position: (n,) place in the order of the matches.
        of_class: (n,) class.
        score: (n,) float64.
        hit: (n,) bool: a true positive; else a false positive.
        n_truth: (k,) truths that count.
    """

    position: NDArray[np.intp]
    of_class: NDArray[np.intp]
    score: NDArray[np.float64]
    hit: NDArray[np.bool_]
    n_truth: NDArray[np.intp]


def outcomes(matches: Matches, threshold: int = 0, area: int = 0) -> Outcomes:
    """Return what became of each detection.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
        threshold: index of the threshold.
        area: index of the area range.
    """
    chosen = (matches.threshold == threshold) & ((matches.in_area & (1 << area)) != 0)
    ignored = matches.truth_ignored[area]
    counts = ~ignored[matches.truth[chosen]]
    considered, _ = considered_when_unmatched(matches, area)
    considered[matches.position[chosen]] = counts
    hit = np.zeros(len(considered), bool)
    hit[matches.position[chosen]] = counts
    position = np.flatnonzero(considered)
    of_class = np.repeat(np.arange(matches.n_classes), np.diff(matches.class_start))
    return Outcomes(
        position=position,
        of_class=of_class[position],
        score=matches.detection_score[position],
        hit=hit[position],
        n_truth=np.bincount(matches.truth_class[~ignored], minlength=matches.n_classes),
    )


def considered_when_unmatched(
    matches: Matches, area: int, kept: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Return which positions count as false positives when unmatched, and how many of them lie before each."""
    low, high = matches.parameters.areas[area]
    size = matches.detection_area
    considered = ~((size < low) | (size > high))
    if matches.unjudged is not None:
        considered &= ~matches.unjudged
    if kept is not None:
        considered &= kept
    before = np.zeros(len(size) + 1, np.intp)
    np.cumsum(considered.view(np.int8), dtype=np.intp, out=before[1:])
    return considered, before


@dataclass(frozen=True, slots=True, eq=False)
class VocMatches:
    """What became of each detection, in the order (class, score descending, image, input).

    Args:
        detection: (n,) input row.
        detection_class: (n,) class.
        unit: (n,) image.
        score: (n,) float64.
        hit: (n,) bool: a true positive.
        counted: (n,) bool: False where the best truth is difficult, which counts for nothing.
        truth_class: (g,) class of each truth that counts.
        truth_unit: (g,) image of each truth that counts.
    """

    detection: NDArray[np.intp]
    detection_class: NDArray[np.integer[Any]]
    unit: NDArray[np.integer[Any]]
    score: NDArray[np.float64]
    hit: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    truth_class: NDArray[np.integer[Any]]
    truth_unit: NDArray[np.integer[Any]]
