"""Six kinds of errors of a detector and the AP each costs (TIDE).

Source: Bolya et al. 2020, *TIDE: A General Toolbox for Identifying Object Detection Errors* (arXiv:2008.08115).
AP is COCO's 101-point one at the foreground threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from a4eval_ap_metric.matching.federated import best_of_images
from a4eval_ap_metric.matching.joined import MatchedPart
from a4eval_ap_metric.measures.class_average_precision import class_average_precision
from a4eval_ap_metric.measures.coco import mean_where_defined
from a4eval_ap_metric.measures.errors import CLASS, KINDS, PLACE, RIGHT, errors_of
from a4eval_ap_metric.measures.verdicts import Verdicts, arrivals_of, verdict_blocks, verdicts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData

Limit: TypeAlias = Literal["class", "image"]


@dataclass(frozen=True, slots=True)
class Tide:
    """The errors.

    Args:
        average_precision: as it is.
        count: how many errors of each of :data:`KINDS`.
        cost: how much higher AP would be with the errors of that kind alone put right; as published, never below 0.
        false_positive_cost: with all false positives gone.
        false_negative_cost: with all truths that were not found gone.
    """

    average_precision: float
    count: dict[str, int]
    cost: dict[str, float]
    false_positive_cost: float
    false_negative_cost: float


def tide_errors(
    data: DetectionData,
    *,
    foreground: float = 0.5,
    background: float = 0.1,
    max_detections: int = 100,
    limit: Limit = "class",
    absent_classes: bool = False,
) -> Tide:
    """Sort the errors of a detector by kind.

    Args:
        data: ground truth and detections.
        foreground: the IoU from which a detection is right.
        background: the IoU up to which a detection is on nothing.
        max_detections: the best so many count.
        limit: of each ``class`` of an image, as in COCO; or of each ``image`` whatever their classes, as in tidecv.
        absent_classes: classes that have detections and no truth enter the mean with an AP of 0, as in tidecv; else
            they take no part, as in COCO.
    """
    found = tide_verdicts(data, foreground, background, max_detections, limit)
    units, classes = np.arange(data.n_units), np.arange(data.n_classes)
    return tide_of_parts([MatchedPart(units, classes, {}, found)], units, classes, absent_classes=absent_classes)


def tide_verdicts(
    data: DetectionData, foreground: float, background: float, max_detections: int, limit: Limit
) -> Verdicts:
    """Return what is wrong with each detection of some whole images; arguments as for :func:`tide_errors`."""
    if limit == "image":
        data = data.with_detections(best_of_images(data, max_detections))
    found = errors_of(data, foreground=foreground, background=background, max_detections=max_detections)
    return verdicts_of(data, found)


def tide_of_parts(
    parts: Sequence[MatchedPart[Verdicts]], units: NDArray[Any], classes: NDArray[Any], *, absent_classes: bool
) -> Tide:
    """Return the errors of parts of a data set, and what those of each kind cost all together.

    Args:
        parts: at least one; no image is in two of them.
        units: the ids of all images, ascending.
        classes: the ids of all classes, ascending.
        absent_classes: as for :func:`tide_errors`.
    """
    kinds = np.array([np.bincount(one.kept.kind, minlength=RIGHT + 1)[:RIGHT] for one in parts]).sum(axis=0)
    missed = sum(int(one.kept.missed.sum()) for one in parts)
    count = dict(zip(KINDS, [*kinds.tolist(), missed], strict=True))
    arrivals, _ = arrivals_of(parts, units, classes)
    blocks = [
        _class_precisions(found, arrivals, block, absent_classes=absent_classes)
        for block, found, _ in verdict_blocks(parts, units, classes)
    ]
    base, *mended, without_false, all_found = (mean_where_defined(row) for row in np.concatenate(blocks, axis=1))
    cost = {name: max(value - base, 0.0) for name, value in zip(KINDS, mended, strict=True)}
    return Tide(base, count, cost, without_false - base, all_found - base)


def _class_precisions(
    found: Verdicts, arrivals: Verdicts, block: slice, *, absent_classes: bool
) -> NDArray[np.float64]:
    """Return (9, k) the AP of some classes: as it is, each of the kinds mended, no false positives, all truths found.

    Args:
        found: of these classes.
        arrivals: from all classes.
        block: which classes they are.
        absent_classes: as for :func:`tide_errors`.
    """
    of_class, right, truths = found.detection_class, found.right, found.truths

    def precisions(of_class: NDArray[Any], hit: NDArray[np.bool_], left: NDArray[Any]) -> NDArray[np.float64]:
        """Return that of detections in their order where only *left* of the truths are to be found."""
        values = class_average_precision(of_class, hit, left, "101_point")
        # a class whose truths were all put aside has nothing to find: 0 if it has detections
        detected = np.bincount(of_class, minlength=len(truths)) > 0
        values[(left == 0) & detected & ((truths > 0) | absent_classes)] = 0.0
        return values

    rows = [precisions(of_class, right, truths)]
    for index in range(len(KINDS) - 1):
        mine = found.kind == index
        if index == CLASS:
            rows.append(precisions(*_with_arrivals(found, ~mine, arrivals, block), truths))
            continue
        fixed = mine & (found.right_class < block.stop) if index == PLACE else np.zeros_like(mine)
        kept = ~mine | fixed
        rows.append(precisions(of_class[kept], (right | fixed)[kept], truths))
    rows.append(precisions(of_class, right, truths - found.missed))
    # behind all the others, false positives cost nothing
    rows.append(precisions(of_class, right[np.lexsort((~right, of_class))], truths))
    hits = np.bincount(of_class[right], minlength=len(truths))
    rows.append(precisions(of_class, right, np.where(truths > 0, hits, 0)))
    return np.array(rows)


def _with_arrivals(
    found: Verdicts, kept: NDArray[np.bool_], arrivals: Verdicts, block: slice
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return class and hit of some detections and of those that come to their classes, in the order of both."""
    coming = np.flatnonzero((arrivals.right_class >= block.start) & (arrivals.right_class < block.stop))
    of_class = found.detection_class[kept].astype(np.intp)
    right_class = arrivals.right_class[coming].astype(np.intp) - block.start
    score = np.concatenate([found.score[kept], arrivals.score[coming]])
    hit = np.concatenate([found.right[kept], np.ones(len(coming), bool)])
    # equal scores keep the order of the classes they were found in
    origin = np.concatenate([of_class + block.start, arrivals.detection_class[coming]])
    of_class = np.concatenate([of_class, right_class])
    order = np.lexsort((origin, -score, of_class))
    return of_class[order], hit[order]
