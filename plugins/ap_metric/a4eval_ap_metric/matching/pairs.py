"""Detection–truth pairs that overlap enough to match: a sparse list, built in chunks of bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.detections.data import DetectionData
from a4eval_ap_metric.sorting import ragged_ranges, taken

CHUNK = 1 << 15  # pairs at a time: their columns stay in the L2 cache

PairSimilarity: TypeAlias = Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.float64]]
"""From (n,) detection rows and (n,) truth rows to the (n,) similarities of these pairs."""


Similarity: TypeAlias = Callable[[DetectionData, NDArray[np.intp], NDArray[np.intp]], PairSimilarity]
"""From the data and the rows of (d,) detections and (g,) truths to a similarity of pairs of places in these rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """The pairs at or above the lowest threshold, by detection, then truth.

    Args:
        detection: (e,) row of the detection.
        truth: (e,) row of the truth.
        similarity: (e,) float64.
    """

    detection: NDArray[np.intp]
    truth: NDArray[np.intp]
    similarity: NDArray[np.float64]


def box_iou_of_pairs(
    detection_box: NDArray[np.float64], truth_box: NDArray[np.float64], crowd: NDArray[np.bool_]
) -> PairSimilarity:
    """Return the IoU of xywh boxes as a function of pairs, in pycocotools' order of arithmetic.

    The overlap with a crowd is the share of the *detection* inside it.

    Args:
        detection_box: (d, 4) float64, xywh, pixels.
        truth_box: (g, 4) float64, xywh, pixels.
        crowd: (g,) bool.

    Source: ``bbIou`` in cocoapi's ``maskApi.c``.

    >>> iou = box_iou_of_pairs(np.array([[0., 0, 2, 2]]), np.array([[1., 0, 2, 2]]), np.array([False]))
    >>> iou(np.array([0]), np.array([0]))
    array([0.33333333])
    """
    dx, dy, dw, dh = np.ascontiguousarray(detection_box.T)
    gx, gy, gw, gh = np.ascontiguousarray(truth_box.T)
    dx2, dy2, detection_area = dx + dw, dy + dh, dw * dh
    gx2, gy2, truth_area = gx + gw, gy + gh, gw * gh
    any_crowd = bool(crowd.any())
    # C's fmin and fmax, which pycocotools calls, pass over NaN; numpy's faster minimum and maximum do not
    finite = bool(np.isfinite(detection_box).all() and np.isfinite(truth_box).all())
    low, high = (np.minimum, np.maximum) if finite else (np.fmin, np.fmax)

    def similarity(detection: NDArray[np.intp], truth: NDArray[np.intp]) -> NDArray[np.float64]:
        width = low(taken(dx2, detection), taken(gx2, truth))
        width -= high(taken(dx, detection), taken(gx, truth))
        height = low(taken(dy2, detection), taken(gy2, truth))
        height -= high(taken(dy, detection), taken(gy, truth))
        overlapping = np.flatnonzero(~((width <= 0) | (height <= 0)))
        detection, truth = taken(detection, overlapping), taken(truth, overlapping)
        intersection = taken(width, overlapping)
        intersection *= taken(height, overlapping)
        own = taken(detection_area, detection)
        union = own + taken(truth_area, truth)
        union -= intersection
        if any_crowd:
            union = np.where(taken(crowd, truth), own, union)
        iou = np.zeros(len(width))
        with np.errstate(divide="ignore", invalid="ignore"):  # boxes without area
            iou[overlapping] = np.divide(intersection, union, out=intersection)
        return iou

    return similarity


def box_iou(data: DetectionData, detection: NDArray[np.intp], truth: NDArray[np.intp]) -> PairSimilarity:
    """Return the IoU of the boxes of *detection* and *truth* rows: the usual :data:`Similarity`."""
    crowd = data.truth_crowd.take(truth)
    return box_iou_of_pairs(data.detection_box.take(detection, axis=0), data.truth_box.take(truth, axis=0), crowd)


def pairs_by(
    similarity: Any, data: DetectionData, detection_row: NDArray[np.intp], truth_row: NDArray[np.intp]
) -> PairSimilarity:
    """Return a similarity component as a function of pairs; the overlap with a crowd is that of IoU.

    Args:
        similarity: has ``elementwise(predicted, truth, format="xywh")``.
        data: ground truth and detections.
        detection_row: (d,) rows.
        truth_row: (g,) rows.
    """
    overlap = box_iou(data, detection_row, truth_row)
    crowd = data.truth_crowd.take(truth_row)
    detection_box, truth_box = data.detection_box.take(detection_row, axis=0), data.truth_box.take(truth_row, axis=0)

    def of_pairs(detection: NDArray[np.intp], truth: NDArray[np.intp]) -> NDArray[np.float64]:
        first, second = detection_box.take(detection, axis=0), truth_box.take(truth, axis=0)
        value = np.array(similarity.elementwise(first, second, format="xywh"), np.float64)
        in_crowd = np.flatnonzero(crowd.take(truth))
        value[in_crowd] = overlap(detection.take(in_crowd), truth.take(in_crowd))
        return value

    return of_pairs


def overlapping_pairs(
    first_truth: NDArray[np.integer[Any]],
    truth_count: NDArray[np.integer[Any]],
    similarity: PairSimilarity,
    threshold: float,
    *,
    chunk: int = CHUNK,
) -> Edges:
    """Compare detection row i with truth rows ``first_truth[i] … + truth_count[i] − 1``; keep what reaches *threshold*.

    Args:
        first_truth: (d,) integers.
        truth_count: (d,) integers.
        similarity: of pairs.
        threshold: the lowest similarity to keep; a NaN similarity is kept as well, for the caller to judge.
        chunk: pairs at a time.
    """
    ends = np.cumsum(truth_count, dtype=np.int64)
    found: list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]] = []
    begin = 0
    while begin < len(ends):
        done = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + chunk, "right")))
        detection = np.repeat(np.arange(begin, end), truth_count[begin:end])
        truth = ragged_ranges(first_truth[begin:end], truth_count[begin:end])
        value = similarity(detection, truth)
        kept = np.flatnonzero(~(value < threshold))
        found.append((taken(detection, kept), taken(truth, kept), taken(value, kept)))
        begin = end
    if not found:
        return Edges(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0))
    detections, truths, values = zip(*found, strict=True)
    return Edges(np.concatenate(detections), np.concatenate(truths), np.concatenate(values))
