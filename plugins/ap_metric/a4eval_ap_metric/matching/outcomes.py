"""What became of each detection at one threshold, whoever matched it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.sorting import index_type

if TYPE_CHECKING:
    from a4eval_ap_metric.matching.coco import Matches


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Detections in the order (class, score descending, image, input), and the truths that count.

    Args:
        detection: (n,) input row.
        detection_class: (n,) class.
        unit: (n,) image.
        score: (n,) float64.
        hit: (n,) bool: a true positive.
        counted: (n,) bool: False where the detection is neither right nor wrong.
        truth_class: (g,) class of each truth that counts.
        truth_unit: (g,) image of each truth that counts.
        overlap: (n,) float64, how much a hit overlaps its truth, 0 for others; None where nobody asks.
    """

    detection: NDArray[np.intp]
    detection_class: NDArray[np.integer[Any]]
    unit: NDArray[np.integer[Any]]
    score: NDArray[np.float64]
    hit: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    truth_class: NDArray[np.integer[Any]]
    truth_unit: NDArray[np.integer[Any]]
    overlap: NDArray[np.float64] | None = None

    def n_truth(self, n_classes: int) -> NDArray[np.intp]:
        """Return (k,) how many truths of each class count."""
        return np.bincount(self.truth_class, minlength=n_classes)


VocMatches = Outcomes  # the name it has in the package


def outcomes(matches: Matches, threshold: int = 0, area: int = 0) -> Outcomes:
    """Return what became of each detection that COCO's matching considers.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
        threshold: index of the threshold.
        area: index of the area range.
    """
    chosen = (matches.threshold == threshold) & ((matches.in_area & (1 << area)) != 0)
    truth_counts = ~matches.truth_ignored[area]
    right = truth_counts[matches.truth[chosen]]
    considered, _ = considered_when_unmatched(matches, area)
    considered[matches.position[chosen]] = right
    hit = np.zeros(len(considered), bool)
    hit[matches.position[chosen]] = right
    position = np.flatnonzero(considered)
    of_class = np.repeat(np.arange(matches.n_classes), np.diff(matches.class_start))
    return Outcomes(
        detection=matches.detection[position].astype(np.intp, copy=False),
        detection_class=of_class[position],
        unit=matches.detection_unit[position],
        score=matches.detection_score[position].astype(np.float64, copy=False),
        hit=hit[position],
        counted=np.ones(len(position), bool),
        truth_class=matches.truth_class[truth_counts],
        truth_unit=matches.truth_unit[truth_counts],
    )


def considered_when_unmatched(
    matches: Matches, area: int, kept: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.signedinteger[Any]]]:
    """Return which positions count as false positives when unmatched, and how many of them lie before each."""
    considered = (matches.counts_alone & (1 << area)) != 0
    if kept is not None:
        considered &= kept
    before = np.zeros(len(considered) + 1, index_type(len(considered)))
    np.cumsum(considered.view(np.int8), dtype=before.dtype, out=before[1:])
    return considered, before
