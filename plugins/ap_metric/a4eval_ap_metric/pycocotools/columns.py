"""Annotations as pycocotools keeps them, dictionaries by image and class, as the arrays that are matched."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.detections.data import CocoParameters, DetectionData
from a4eval_ap_metric.matching.coco import Matches, match
from a4eval_ap_metric.matching.shapes import SIMILARITIES, keypoint_similarity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.matching.pairs import Similarity

Rows = list[dict[str, Any]]
_Places = tuple[list[int], list[int]]
_GEOMETRY = {"bbox": "box", "segm": "mask", "keypoints": "keypoints"}
_NO_BOX = (0.0, 0.0, 0.0, 0.0)


def parameters_of(params: Any) -> CocoParameters:
    """Return pycocotools' ``Params`` as ours, thresholds in ascending order.

    Raises:
        ValueError: recall levels are not ascending, or something is out of its range.
    """
    return CocoParameters(
        thresholds=tuple(sorted(float(one) for one in params.iouThrs)),
        recalls=tuple(float(one) for one in params.recThrs),
        areas=tuple((float(low), float(high)) for low, high in params.areaRng),
        max_detections=tuple(int(one) for one in params.maxDets),
        single_recalls=params.iouType == "keypoints",
    )


def similarity_of(params: Any) -> Similarity:
    """Return what a match is judged by."""
    if params.iouType == "keypoints":
        return partial(keypoint_similarity, sigmas=np.asarray(params.kpt_oks_sigmas, np.float64))
    return SIMILARITIES[_GEOMETRY[params.iouType]]


def data_of(
    truths: Rows, found: Rows, of_truth: _Places, of_found: _Places, *, counts: tuple[int, int], kind: str
) -> DetectionData:
    """Return annotations as arrays.

    Args:
        truths: with ``ignore`` as ``COCOeval`` sets it.
        found: the results.
        of_truth: the places of image and class of each truth.
        of_found: likewise of each result.
        counts: how many images and classes there are.
        kind: pycocotools' ``iouType``.

    Raises:
        ValueError: a result has the id 0 or less, which pycocotools takes for none.
    """
    if any(one["id"] <= 0 for one in found):
        raise ValueError("results: got an id of 0 or less, expected ids from 1 up, as COCO.loadRes gives them")
    shapes: dict[str, NDArray[Any]] = {}
    for side, rows in (("truth", truths), ("detection", found)):
        if kind == "segm":
            masks = np.empty(len(rows), object)
            masks[:] = [one["segmentation"] for one in rows]
            shapes[f"{side}_mask"] = masks
        elif kind == "keypoints":
            points = [np.reshape(one["keypoints"], (-1, 3)) for one in rows]
            shapes[f"{side}_keypoints"] = np.array(points, np.float64) if points else np.empty((0, 0, 3))
    uncounted = np.array([one["id"] == 0 for one in truths], bool)
    return DetectionData(
        n_units=counts[0],
        n_classes=counts[1],
        truth_unit=np.array(of_truth[0], np.int64),
        truth_class=np.array(of_truth[1], np.int64),
        truth_box=_boxes(truths, kind),
        truth_area=_areas(truths),
        truth_crowd=np.array([bool(one.get("iscrowd", 0)) for one in truths], bool),
        detection_unit=np.array(of_found[0], np.int64),
        detection_class=np.array(of_found[1], np.int64),
        detection_box=_boxes(found, kind),
        detection_score=np.array([one["score"] for one in found], np.float64),
        truth_uncounted=uncounted if uncounted.any() else None,
        truth_ignored=np.array([bool(one["ignore"]) for one in truths], bool),
        detection_area=_areas(found),
        shapes=shapes,
    )


def _boxes(rows: Rows, kind: str) -> NDArray[np.float64]:
    boxes = [one["bbox"] for one in rows] if kind == "bbox" else [one.get("bbox", _NO_BOX) for one in rows]
    return np.array(boxes, np.float64).reshape(-1, 4)


def _areas(rows: Rows) -> NDArray[np.float64]:
    return np.array([one["area"] if "area" in one else one["bbox"][2] * one["bbox"][3] for one in rows], np.float64)


def matched(data: DetectionData, params: Any) -> Matches:
    """Return who is matched to whom."""
    return match(data, parameters_of(params), pair_similarity=similarity_of(params))
