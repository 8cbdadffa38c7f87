"""What each single error of a detector costs: how much higher the mean AP would be with that one mended.

AP is the area below the steps of the curve at one threshold, since its gain has a closed form; TIDE's kinds cost what
they cost all together, by COCO's AP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.measures.errors import CLASS, PLACE, RIGHT

if TYPE_CHECKING:
    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.measures.errors import Errors


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """What errors cost, in AP.

    Args:
        detection: (n,) float64 of each detection in the order of the errors, 0 for a right one.
        truth: (g,) float64 of each truth by input row, 0 for one that was not missed.
        worth: (g,) float64, what each truth costs if it is missed, whether it was or not.
    """

    detection: NDArray[np.float64]
    truth: NDArray[np.float64]
    worth: NDArray[np.float64]


def error_costs(data: DetectionData, errors: Errors) -> Costs:
    """Return what each error costs, which is what AP gains when it is mended.

    This is how:

    - *localisation*, for the best of those meant for a truth: it becomes right, with the score it has;
    - *classification*, for the best of those: it goes to the class of its truth, and is right there;
    - every other wrong detection: it is gone;
    - *missed*: the truth is found, before all others of its class.

    Args:
        data: ground truth and detections.
        errors: from :func:`a4eval_ap_metric.measures.errors.errors_of` of the same data.
    """
    found, kind = errors.found, errors.kind
    truths = found.n_truth(data.n_classes)
    start = np.searchsorted(found.detection_class, np.arange(data.n_classes + 1))
    of_class = found.detection_class.astype(np.intp)
    rank = np.arange(1, len(of_class) + 1) - start[of_class]
    all_hits = np.append(0, np.cumsum(found.hit))
    hits = all_hits[1:] - all_hits[start[of_class]]
    share = np.where(found.hit, hits / rank, 0.0)

    def behind(gain: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n + 1,) sums of the gains of hits from a place on; places run over all classes."""
        return np.append(np.cumsum(np.where(found.hit, gain, 0.0)[::-1])[::-1], 0.0)

    def after(sums: NDArray[np.float64], place: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.float64]:
        return sums[place] - sums[ends]

    place = np.arange(len(of_class))
    ends = start[of_class + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        gone = after(behind(np.where(rank > 1, hits / np.maximum(rank - 1, 1), 0.0) - share), place + 1, ends)
        right = (hits + 1) / rank + after(behind(1 / rank), place + 1, ends)
        moved_up = behind((hits + 1) / (rank + 1) - share)
        classes = np.flatnonzero(truths)
        weight = np.zeros(data.n_classes)
        weight[classes] = 1 / truths[classes] / max(len(classes), 1)
    cost = np.where(kind == RIGHT, 0.0, gone)
    better = (kind == PLACE) & errors.winner
    cost[better] = right[better]
    cost *= weight[of_class]
    for row in np.flatnonzero((kind == CLASS) & errors.winner):
        other = int(data.truth_class[errors.target[row]])
        first, last = start[other], start[other + 1]
        side: Any = "right" if of_class[row] > other else "left"  # equal scores keep the order of the classes
        before = int(np.searchsorted(-found.score[first:last], -found.score[row], side))
        hits_before = all_hits[first + before] - all_hits[first]
        gain = (hits_before + 1) / (before + 1) + moved_up[first + before] - moved_up[last]
        cost[row] += gain * weight[other]
    mine = data.truth_class.astype(np.intp)
    worth = (1.0 + moved_up[start[mine]] - moved_up[start[mine + 1]]) * weight[mine]
    return Costs(cost, np.where(errors.missed, worth, 0.0), worth)
