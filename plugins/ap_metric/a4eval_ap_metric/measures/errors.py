"""What is wrong with each detection and each truth that was not found: the six kinds of errors of TIDE.

Source: Bolya et al. 2020, *TIDE: A General Toolbox for Identifying Object Detection Errors* (arXiv:2008.08115).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.detections.data import EVERY_AREA, CocoParameters
from a4eval_ap_metric.matching.coco import match
from a4eval_ap_metric.matching.outcomes import Outcomes, outcomes
from a4eval_ap_metric.matching.pairs import box_iou_of_pairs, overlapping_pairs

if TYPE_CHECKING:
    from a4eval_ap_metric.detections.data import DetectionData

KINDS = ("classification", "localisation", "both", "duplicate", "background", "missed")
CLASS, PLACE, BOTH, TWICE, NOTHING, RIGHT = range(6)


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """The errors of a detector.

    Args:
        found: what became of each detection.
        kind: (n,) uint8 of each detection in the order of ``found``: a place in :data:`KINDS`, or ``RIGHT``.
        target: (n,) the input row of the truth that a detection of the wrong class or place was meant for, or −1.
        winner: (n,) bool: of those that were meant for a truth that no other has, the best by score.
        used: (g,) bool by input row: a truth that was found.
        missed: (g,) bool by input row: a truth that counts, was not found, and that no winner was meant for.
    """

    found: Outcomes
    kind: NDArray[np.uint8]
    target: NDArray[np.intp]
    winner: NDArray[np.bool_]
    used: NDArray[np.bool_]
    missed: NDArray[np.bool_]


def errors_of(data: DetectionData, *, foreground: float, background: float, max_detections: int) -> Errors:
    """Say what is wrong with each detection, and which truths were missed.

    Args:
        data: ground truth and detections.
        foreground: the IoU from which a detection is right.
        background: the IoU up to which a detection is on nothing.
        max_detections: the best so many of each class of an image count.
    """
    parameters = CocoParameters((foreground,), areas=(EVERY_AREA,), max_detections=(max_detections,))
    matches = match(data, parameters)
    found = outcomes(matches)
    used = np.zeros(len(data.truth_unit), bool)
    used[matches.truth_row[matches.truth]] = True
    kind, target = _kinds(data, found, used, foreground, background)
    # of the detections that could have had a free truth, the best by score has it
    could = np.flatnonzero(target >= 0)
    counts = np.zeros(len(used), bool)
    counts[matches.truth_row] = ~matches.truth_ignored[0]
    free = counts & ~used
    could = could[free[target[could]]]
    by_score = could[np.lexsort((could, -found.score[could]))]
    reached, first = np.unique(target[by_score], return_index=True)
    winner = np.zeros(len(kind), bool)
    winner[by_score[first]] = True
    free[reached] = False
    return Errors(found, kind, target, winner, used, free)


def _kinds(
    data: DetectionData,
    found: Outcomes,
    used: NDArray[np.bool_],
    foreground: float,
    background: float,
) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Return the kind of each detection, and the truth it was meant for (−1: none)."""
    truth_row = np.flatnonzero(~data.truth_crowd)
    truth_row = truth_row[np.argsort(data.truth_unit[truth_row], kind="stable")]
    by_image, used = data.with_truths(truth_row), used[truth_row]
    truth_row = np.append(truth_row, -1)  # for none, which is the last place
    kind, target = np.full(len(found.hit), RIGHT, np.uint8), np.full(len(found.hit), -1, np.intp)
    wrong = np.flatnonzero(~found.hit)
    for begin in range(0, len(wrong), _BLOCK):
        some = wrong[begin : begin + _BLOCK]
        kind[some], place = _kinds_of(by_image, found.detection[some], used, foreground, background)
        target[some] = truth_row[place]
    return kind, target


_BLOCK = 1 << 16  # detections looked at together: bounds the memory


def _kinds_of(
    data: DetectionData,
    row: NDArray[np.intp],
    used: NDArray[np.bool_],
    foreground: float,
    background: float,
) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Return the kinds and truths of wrong detections, by row; the truths stand by image."""
    unit = data.detection_unit[row]
    first = np.searchsorted(data.truth_unit, unit, "left")
    count = np.searchsorted(data.truth_unit, unit, "right") - first
    iou = box_iou_of_pairs(data.detection_box[row], data.truth_box, np.zeros(len(used), bool))
    edges = overlapping_pairs(first, count, iou, background)
    truth = edges.truth
    same = data.truth_class[truth] == data.detection_class[row[edges.detection]]
    n = len(row)
    own, own_truth = _best(edges.detection[same], truth[same], edges.similarity[same], n)
    other, other_truth = _best(edges.detection[~same], truth[~same], edges.similarity[~same], n)
    taken = same & used[truth]
    twice, _ = _best(edges.detection[taken], truth[taken], edges.similarity[taken], n)
    place = (own >= background) & (own <= foreground)
    wrong_class = ~place & (other >= foreground)
    again = ~place & ~wrong_class & (twice >= foreground)
    nothing = np.maximum(own, other) <= background
    kind = np.select([place, wrong_class, again, nothing], [PLACE, CLASS, TWICE, NOTHING], BOTH).astype(np.uint8)
    return kind, np.select([place, wrong_class], [own_truth, other_truth], -1)


def _best(
    detection: NDArray[np.intp], truth: NDArray[np.intp], similarity: NDArray[np.float64], n: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the highest similarity of each of *n* detections, 0 without any, and the first truth that has it."""
    value, which = np.zeros(n), np.full(n, -1)
    order = np.lexsort((truth, -similarity, detection))
    of, place = np.unique(detection[order], return_index=True)
    value[of], which[of] = similarity[order][place], truth[order][place]
    return value, which
