"""Overlap of the boundaries of masks, which tells fine outlines apart where the overlap of whole masks does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError, require
from a4eval_ap_metric.detections.data import MASKS
from a4eval_ap_metric.matching.shapes import mask_iou

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.matching.pairs import PairSimilarity

BOUNDARY = 0.02
"""How wide a boundary is, as a share of the image's diagonal."""


def boundary_iou(data: DetectionData, detection: NDArray[np.intp], truth: NDArray[np.intp]) -> PairSimilarity:
    """Return the lower one of the IoU of masks and the IoU of their boundaries.

    Args:
        data: with ``truth_mask`` and ``detection_mask`` among its shapes.
        detection: (d,) rows.
        truth: (g,) rows.

    Raises:
        DataError: the data has no masks.
        MissingExtraError: pycocotools is not installed.

    Source: Cheng et al. 2021 (arXiv:2103.16562) and its ``boundary-iou-api``.
    """
    shapes = dict(data.shapes)
    for name, rows in (("detection_mask", detection), ("truth_mask", truth)):
        if name not in shapes:
            raise DataError(f"the data has no column {name!r}: set the geometry of the reader to mask")
        column = shapes[name].copy()
        for row in np.unique(rows):
            column[row] = _encoded_boundary(column[row])
        shapes[name] = column
    whole, of_boundary = (mask_iou(one, detection, truth) for one in (data, replace(data, shapes=shapes)))

    def similarity(first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.minimum(whole(first, second), of_boundary(first, second))

    return similarity


def _encoded_boundary(encoded: Any) -> Any:
    mask = require("pycocotools.mask", MASKS)
    (bitmap,) = np.asarray(mask.decode([encoded])).transpose(2, 0, 1)
    return mask.encode(np.asfortranarray(boundary(bitmap.astype(bool)).astype(np.uint8)))


def boundary(bitmap: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a mask that are no farther from its outside than a boundary is wide.

    Args:
        bitmap: (h, w) bool; beyond the image is outside.

    The distance is the larger one of columns and rows, as a 3 × 3 square that erodes it again and again has it.

    >>> boundary(np.ones((3, 3), bool)).astype(int)
    array([[1, 1, 1],
           [1, 0, 1],
           [1, 1, 1]])
    """
    height, width = bitmap.shape
    distance = max(1, round(BOUNDARY * float(np.hypot(height, width))))
    rows, columns = np.flatnonzero(bitmap.any(axis=1)), np.flatnonzero(bitmap.any(axis=0))
    if not len(rows):
        return bitmap
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    inside = bitmap[box]
    for axis in (0, 1):  # a square fits where all of each of its columns and rows do
        n = inside.shape[axis]
        padded = np.pad(inside, [(distance, distance) if one == axis else (0, 0) for one in (0, 1)])
        sums = np.insert(np.cumsum(padded, axis=axis, dtype=np.int32), 0, 0, axis=axis)
        side = 2 * distance + 1
        inside = sums.take(range(side, side + n), axis) - sums.take(range(n), axis) == side
    found = bitmap.copy()
    found[box] &= ~inside
    return found
