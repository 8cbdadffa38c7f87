"""What each single error of a detector costs: how much higher the mean AP would be with that one mended.

AP is the area below the steps of the curve at one threshold, since its gain has a closed form; TIDE's kinds cost what
they cost all together, by COCO's AP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.identifiers import dense
from a4eval_ap_metric.matching.joined import in_order_of_images
from a4eval_ap_metric.measures.errors import PLACE, RIGHT
from a4eval_ap_metric.measures.verdicts import arrivals_of, arriving_rows, rows_of_classes, verdict_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from a4eval_ap_metric.matching.joined import MatchedPart
    from a4eval_ap_metric.measures.verdicts import Verdicts


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """What errors cost, in AP.

    Args:
        detection: of each part, by its first image: (n,) float64 of each detection, 0 for a right one.
        worth: (k,) float64, what each truth of a class costs if it is missed.
    """

    detection: list[NDArray[np.float64]]
    worth: NDArray[np.float64]


def error_costs(parts: Sequence[MatchedPart[Verdicts]], units: NDArray[Any], classes: NDArray[Any]) -> Costs:
    """Return what each error costs, which is what AP gains when it is mended.

    This is how:

    - *localisation*, for the best of those meant for a truth: it becomes right, with the score it has;
    - *classification*, for the best of those: it goes to the class of its truth, and is right there;
    - every other wrong detection: it is gone;
    - *missed*: the truth is found, before all others of its class.

    Args:
        parts: at least one; no image is in two of them.
        units: the ids of all images, ascending.
        classes: the ids of all classes, ascending.
    """
    parts = in_order_of_images(parts)
    truths = np.zeros(len(classes), np.intp)
    for part in parts:
        truths[dense(part.classes, classes)] += part.kept.truths
    share = np.zeros(len(classes))  # of the mean, that a truth has
    some = np.flatnonzero(truths)
    share[some] = 1 / truths[some] / max(len(some), 1)
    arrivals, arrived_from = arrivals_of(parts, units, classes)
    by_class = np.argsort(arrivals.right_class, kind="stable")
    bounds = np.searchsorted(arrivals.right_class[by_class], np.arange(len(classes) + 1))
    gain, arrival_class = np.zeros(len(by_class)), arrivals.detection_class
    costs, worth = [np.zeros(len(one.kept.score)) for one in parts], np.zeros(len(classes))
    for block, found, order in verdict_blocks(parts, units, classes):
        cost = np.zeros(len(order))
        for index in range(block.start, block.stop):
            rows = slice(*found.class_start[index - block.start :][:2].tolist())
            one = _OneClass(found, rows, index)
            coming = by_class[bounds[index] : bounds[index + 1]]
            cost[order[rows]] = one.cost * share[index]
            gain[coming] = one.gain(arrivals.score[coming], arrival_class[coming] > index) * share[index]
            worth[index] = (1.0 + one.moved_up[0]) * share[index]
        _spread(cost, ((mine, rows_of_classes(part, classes[block])) for mine, part in zip(costs, parts, strict=True)))
    came = np.zeros(len(gain))
    came[arrived_from] = gain
    _spread(came, ((mine, arriving_rows(part.kept)) for mine, part in zip(costs, parts, strict=True)))
    return Costs(costs, worth)


def _spread(values: NDArray[np.float64], places: Iterable[tuple[NDArray[np.float64], Any]]) -> None:
    """Add values, the parts one after another, to rows of each."""
    at = 0
    for mine, rows in places:
        n = len(mine[rows])
        mine[rows] += values[at : at + n]
        at += n


class _OneClass:
    """The curve of a class, and what changes of the sum of its precisions at hits.

    Args:
        found: the detections of some classes.
        rows: which are of this one.
        index: its place among all classes.
    """

    def __init__(self, found: Verdicts, rows: slice, index: int) -> None:
        kind = found.kind[rows]
        hit = kind == RIGHT
        self._score = found.score[rows]
        self._hits = np.append(0, np.cumsum(hit))
        hits, rank = self._hits[1:], np.arange(1, len(hit) + 1)
        share = hits / rank

        def behind(gain: NDArray[np.float64]) -> NDArray[np.float64]:
            """Return (n + 1,) sums of the gains of hits from a place on."""
            return np.append(np.cumsum(np.where(hit, gain, 0.0)[::-1])[::-1], 0.0)

        gone = behind(np.where(rank > 1, hits / np.maximum(rank - 1, 1) - share, 0.0))[1:]
        right = (hits + 1) / rank + behind(1 / rank)[1:]
        better = (kind == PLACE) & (found.right_class[rows] == index)
        self.moved_up = behind((hits + 1) / (rank + 1) - share)
        """(n + 1,) what there is to gain if one more hit comes in front of each place."""
        self.cost = np.select([hit, better], [0.0, right], gone)
        """(n,) of each detection as an error of this class."""

    def gain(self, score: NDArray[np.floating[Any]], behind_equals: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return what more hits gain, each alone.

        Args:
            score: of each.
            behind_equals: whether it comes behind or before detections of the same score.
        """
        left, right = (np.searchsorted(-self._score, -score, side) for side in ("left", "right"))
        before = np.where(behind_equals, right, left)
        found: NDArray[np.float64] = (self._hits[before] + 1) / (before + 1) + self.moved_up[before]
        return found
