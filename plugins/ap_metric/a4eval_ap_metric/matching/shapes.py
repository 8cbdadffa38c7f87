"""Overlap of masks and of keypoints, as similarities of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval import DataError, require
from a4eval_ap_metric.detections.data import MASKS
from a4eval_ap_metric.detections.sigmas import SIGMAS
from a4eval_ap_metric.matching.pairs import box_iou

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.matching.pairs import PairSimilarity, Similarity


def mask_iou(data: DetectionData, detection: NDArray[np.intp], truth: NDArray[np.intp]) -> PairSimilarity:
    """Return the IoU of the masks of *detection* and *truth* rows, by pycocotools.

    Args:
        data: with ``truth_mask`` and ``detection_mask`` among its shapes: run-length encodings.
        detection: (d,) rows.
        truth: (g,) rows.

    Raises:
        DataError: the data has no masks.
        MissingExtraError: pycocotools is not installed.
    """
    encoded = require("pycocotools.mask", MASKS)
    masks, truth_masks = (_shape(data, f"{side}_mask") for side in ("detection", "truth"))
    crowd = data.truth_crowd

    def similarity(first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        # pairs come detection by detection, each with the truths of its image and class: one table for all of these
        begins = np.flatnonzero(np.diff(first, prepend=-1))
        widths = np.diff(begins, append=len(first))
        tables = np.flatnonzero(np.diff(second[begins], prepend=-1))
        value = np.empty(len(first))
        for begin, end, n in zip(
            begins[tables], np.append(begins[tables[1:]], len(first)), widths[tables], strict=True
        ):
            rows, columns = detection[first[begin:end:n]], truth[second[begin : begin + n]]
            table = encoded.iou(masks[rows].tolist(), truth_masks[columns].tolist(), crowd[columns].tolist())
            value[begin:end] = np.asarray(table).ravel()
        return value

    return similarity


def keypoint_similarity(
    data: DetectionData,
    detection: NDArray[np.intp],
    truth: NDArray[np.intp],
    *,
    sigmas: NDArray[np.float64] = SIGMAS["coco"],
) -> PairSimilarity:
    """Return the object keypoint similarity (OKS) of *detection* and *truth* rows.

    Args:
        data: with ``truth_keypoints`` and ``detection_keypoints`` (n, k, 3) x, y, visibility among its shapes.
        detection: (d,) rows.
        truth: (g,) rows.
        sigmas: (k,) float64, how far annotators differ in each keypoint; COCO's 17 by default.

    Raises:
        DataError: the data has no keypoints, or not as many as there are sigmas.

    Source: ``COCOeval.computeOks`` in cocoapi; a truth without visible keypoints is met inside twice its box.
    """
    points, true_points = (_shape(data, f"{side}_keypoints") for side in ("detection", "truth"))
    for side, one in (("ground truth", true_points), ("detections", points)):
        if len(one) and one.shape[1] != len(sigmas):
            raise DataError(
                f"keypoints: the {side}: got {one.shape[1]} of each object, expected {len(sigmas)}, as many as sigmas: "
                f"set sigmas of the metric to {', '.join(SIGMAS)} or a list of {one.shape[1]} numbers"
            )
    points = points[detection].reshape(len(detection), len(sigmas), 3)
    true_points = true_points[truth].reshape(len(truth), len(sigmas), 3)
    area = data.truth_area[truth] + np.spacing(1)
    box = data.truth_box[truth]
    low, high = box[:, :2] - box[:, 2:], box[:, :2] + 2 * box[:, 2:]
    visible = true_points[:, :, 2].astype(np.float64) > 0
    variance = (2 * sigmas) ** 2

    def similarity(first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        place, target = points[first, :, :2], true_points[second, :, :2]
        seen = visible[second]
        some: NDArray[np.bool_] = np.logical_or.reduce(seen, axis=1)
        outside = np.maximum(low[second][:, None] - place, 0) + np.maximum(place - high[second][:, None], 0)
        gap = np.where(some[:, None, None], place - target, outside)
        error = (gap**2).sum(axis=2) / variance / area[second][:, None] / 2
        used = seen | ~some[:, None]
        value: NDArray[np.float64] = np.where(used, np.exp(-error), 0).sum(axis=1) / used.sum(axis=1)
        return value

    return similarity


SIMILARITIES: Mapping[str, Similarity] = {"box": box_iou, "mask": mask_iou, "keypoints": keypoint_similarity}


def _shape(data: DetectionData, name: str) -> NDArray[np.object_]:
    if name not in data.shapes:
        raise DataError(f"the data has no column {name!r}: set the geometry of the reader as that of the metric")
    found: NDArray[np.object_] = data.shapes[name]
    return found
