"""PASCAL VOC's average precision of detections, as its development kit computes it.

Where COCO gives a detection the best truth that is still free, VOC looks at the best truth of all and calls the
detection a false positive if that one is taken.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from a4eval_ap_metric.detections.data import EVERY_AREA, CocoParameters
from a4eval_ap_metric.matching.coco import match
from a4eval_ap_metric.matching.outcomes import Outcomes, outcomes
from a4eval_ap_metric.matching.pairs import box_iou, overlapping_pairs
from a4eval_ap_metric.sorting import descending_order, small_integer_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.matching.pairs import PairSimilarity, Similarity


def pixel_iou_of_pairs(
    detection_box: NDArray[np.float64], truth_box: NDArray[np.float64], *, extra: float
) -> PairSimilarity:
    """Return the IoU of pairs of boxes whose far edges belong to them if *extra* is 1 (VOC's pixel convention).

    Args:
        detection_box: (d, 4) float64, xywh, pixels, the far corner being (x + w, y + h).
        truth_box: (g, 4) float64, likewise.
        extra: pixels added to every width and height.

    >>> one = pixel_iou_of_pairs(np.array([[0., 0, 9, 9]]), np.array([[0., 0, 9, 4]]), extra=1)
    >>> one(np.array([0]), np.array([0]))
    array([0.5])
    """
    dx, dy, dw, dh = detection_box.T
    gx, gy, gw, gh = truth_box.T

    def similarity(d: NDArray[np.intp], g: NDArray[np.intp]) -> NDArray[np.float64]:
        width = np.minimum(dx[d] + dw[d], gx[g] + gw[g]) - np.maximum(dx[d], gx[g]) + extra
        height = np.minimum(dy[d] + dh[d], gy[g] + gh[g]) - np.maximum(dy[d], gy[g]) + extra
        overlap = np.maximum(width, 0) * np.maximum(height, 0)
        union = (dw[d] + extra) * (dh[d] + extra) + (gw[g] + extra) * (gh[g] + extra) - overlap
        iou = np.zeros(len(overlap))
        np.divide(overlap, union, out=iou, where=union > 0)
        return iou

    return similarity


def voc_match(
    data: DetectionData,
    *,
    threshold: float = 0.5,
    extra_pixel: bool = True,
    difficult: NDArray[np.bool_] | None = None,
    pair_similarity: Similarity | None = None,
) -> Outcomes:
    """Match detections to truths.

    Args:
        data: ground truth and detections; crowds are taken as difficult.
        threshold: the overlap from which a detection is right.
        extra_pixel: widths and heights are those of inclusive pixel coordinates: one more.
        difficult: (g,) bool: neither found nor missed.
        pair_similarity: as for :func:`a4eval_ap_metric.match`; the IoU of boxes, as *extra_pixel* says, by default.

    Source: ``VOCevaldet.m`` of VOCdevkit; Everingham et al. 2010, section 4.2.
    """
    ignored = data.truth_crowd if difficult is None else difficult | data.truth_crowd
    n_groups = data.n_units * data.n_classes
    truth_group = data.truth_class.astype(np.int64) * data.n_units + data.truth_unit
    by_group = small_integer_order(truth_group, n_groups)
    truth_group, ignored = truth_group[by_group], ignored[by_group]
    by_unit = small_integer_order(data.detection_unit, data.n_units)
    order = by_unit[descending_order(data.detection_score[by_unit])]
    order = order[small_integer_order(data.detection_class[order], data.n_classes)]
    group = data.detection_class[order].astype(np.int64) * data.n_units + data.detection_unit[order]
    first = np.searchsorted(truth_group, group, "left")
    count = np.searchsorted(truth_group, group, "right") - first
    if pair_similarity is None:
        overlap = pixel_iou_of_pairs(data.detection_box[order], data.truth_box[by_group], extra=float(extra_pixel))
    else:
        overlap = pair_similarity(data, order, by_group)
    edges = overlapping_pairs(first, count, overlap, threshold)
    # the best truth of each detection, the first of equals; then its first taker by score
    best = np.lexsort((edges.truth, -edges.similarity, edges.detection))
    detection, which = np.unique(edges.detection[best], return_index=True)
    truth = edges.truth[best][which]
    _, first_taker = np.unique(truth, return_index=True)
    hit = np.zeros(len(order), bool)
    hit[detection[first_taker]] = True
    counted = np.ones(len(order), bool)
    counted[detection[ignored[truth]]] = False
    return Outcomes(
        detection=order,
        detection_class=data.detection_class[order],
        unit=data.detection_unit[order],
        score=data.detection_score[order],
        hit=hit & counted,
        counted=counted,
        truth_class=data.truth_class[by_group][~ignored],
        truth_unit=data.truth_unit[by_group][~ignored],
    )


def coco_match(
    data: DetectionData,
    *,
    threshold: float = 0.5,
    difficult: NDArray[np.bool_] | None = None,
    max_detections: int = 100,
    pair_similarity: Similarity = box_iou,
) -> Outcomes:
    """Match as COCO does, for VOC's curves: each detection gets the best truth that is still free.

    Args:
        data: ground truth and detections.
        threshold: the overlap from which a detection is right.
        difficult: (g,) bool: taken as crowds.
        max_detections: per image and class.
        pair_similarity: as for :func:`a4eval_ap_metric.match`.
    """
    if difficult is not None:
        data = replace(data, truth_crowd=data.truth_crowd | difficult)
    parameters = CocoParameters((threshold,), areas=(EVERY_AREA,), max_detections=(max_detections,))
    return outcomes(match(data, parameters, pair_similarity=pair_similarity))
