"""Open Images' average precision: boxes around groups, image-level labels, and a hierarchy of classes.

Source: Kuznetsova et al. 2020 (arXiv:1811.00982), section 4; the challenge's evaluator in TensorFlow's
``object_detection/utils/per_image_evaluation.py``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from a4eval_ap_metric.matching.outcomes import Outcomes
from a4eval_ap_metric.matching.pairs import box_iou_of_pairs, overlapping_pairs
from a4eval_ap_metric.matching.voc import voc_match

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData


def open_images_match(
    data: DetectionData,
    group_of: NDArray[np.bool_],
    verified: NDArray[np.int64] | None = None,
    *,
    threshold: float = 0.5,
    groups_count: bool = True,
) -> Outcomes:
    """Match detections to truths, VOC's way for single objects; what is left may lie in a group.

    Args:
        data: ground truth and detections.
        group_of: (g,) bool: the box is around five or more objects.
        verified: pairs ``class × n_units + unit`` whose image-level label was checked; detections of other classes in
            an image are left out, unless it has a truth of the class.  None: all count.
        threshold: for single objects the IoU, for groups the share of the detection inside.
        groups_count: a group that has a detection is a true positive with its best score, one that has none is missed
            (the challenge); else groups only absorb detections.

    Returns:
        What became of each detection; the best detection of a group stands for all of the group's.
    """
    if verified is not None:
        pair = data.detection_class.astype(np.int64) * data.n_units + data.detection_unit
        present = data.truth_class.astype(np.int64) * data.n_units + data.truth_unit
        kept = np.isin(pair, np.concatenate([present, verified]))
    else:
        kept = np.ones(len(data.detection_unit), bool)
    single = replace(
        data,
        truth_unit=data.truth_unit[~group_of],
        truth_class=data.truth_class[~group_of],
        truth_box=data.truth_box[~group_of],
        truth_area=data.truth_area[~group_of],
        truth_crowd=np.zeros(int(np.count_nonzero(~group_of)), bool),
        detection_unit=data.detection_unit[kept],
        detection_class=data.detection_class[kept],
        detection_box=data.detection_box[kept],
        detection_score=data.detection_score[kept],
    )
    found = voc_match(single, threshold=threshold, extra_pixel=False)
    left = np.flatnonzero(~found.hit)
    groups = np.flatnonzero(group_of)
    key = data.truth_class[groups].astype(np.int64) * data.n_units + data.truth_unit[groups]
    groups, key = groups[np.argsort(key, kind="stable")], np.sort(key)
    wanted = found.detection_class[left].astype(np.int64) * data.n_units + found.unit[left]
    first = np.searchsorted(key, wanted, "left")
    count = np.searchsorted(key, wanted, "right") - first
    inside = box_iou_of_pairs(
        single.detection_box[found.detection[left]], data.truth_box[groups], np.ones(len(groups), bool)
    )
    edges = overlapping_pairs(first, count, inside, threshold)
    best = np.lexsort((edges.truth, -edges.similarity, edges.detection))
    absorbed, which = np.unique(edges.detection[best], return_index=True)
    group = edges.truth[best][which]
    # the first detection of a group in the order of scores stands for it
    _, first_of_group = np.unique(group, return_index=True)
    row = left[absorbed]
    out = np.zeros(len(found.hit), bool)
    out[row] = True
    hit = found.hit.copy()
    if groups_count:
        out[row[first_of_group]] = False
        hit[row[first_of_group]] = True
    rows = np.flatnonzero(~out)
    truths = np.arange(len(data.truth_unit)) if groups_count else np.flatnonzero(~group_of)
    return Outcomes(
        detection=np.flatnonzero(kept)[found.detection[rows]],
        detection_class=found.detection_class[rows],
        unit=found.unit[rows],
        score=found.score[rows],
        hit=hit[rows],
        counted=np.ones(len(rows), bool),
        truth_class=data.truth_class[truths],
        truth_unit=data.truth_unit[truths],
    )
