"""Overlap of oriented boxes: the exact intersection of polygons of four corners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.matching.pairs import PairSimilarity

_TRIANGLES = ((0, 1, 2), (0, 2, 3))


def oriented_iou(data: DetectionData, detection: NDArray[np.intp], truth: NDArray[np.intp]) -> PairSimilarity:
    """Return the IoU of the oriented boxes of *detection* and *truth* rows; a crowd's is the share inside it.

    Args:
        data: with ``truth_corners`` and ``detection_corners`` (n, 8) x, y of four corners among its shapes.
        detection: (d,) rows.
        truth: (g,) rows.

    Raises:
        DataError: the data has no oriented boxes.
    """
    for name in ("detection_corners", "truth_corners"):
        if name not in data.shapes:
            raise DataError(f"the data has no column {name!r}: geometry oriented needs the reader oriented_text")
    found, true = (
        data.shapes[f"{side}_corners"][rows].reshape(-1, 4, 2).astype(np.float64)
        for side, rows in (("detection", detection), ("truth", truth))
    )
    area, true_area, crowd = np.abs(signed_area(found)), np.abs(signed_area(true)), data.truth_crowd[truth]
    low, high, true_low, true_high = found.min(axis=1), found.max(axis=1), true.min(axis=1), true.max(axis=1)

    def similarity(first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        near = (low[first] < true_high[second]) & (true_low[second] < high[first])
        some = np.flatnonzero(near.all(axis=1))
        d, g = first[some], second[some]
        common = intersection_area(found[d], true[g])
        union = np.where(crowd[g], area[d], area[d] + true_area[g] - common)
        value = np.zeros(len(first))
        value[some] = np.divide(common, union, out=np.zeros(len(some)), where=union > 0)
        return value

    return similarity


def signed_area(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the areas of polygons (n, k, 2), negative where the corners run the other way round.

    >>> signed_area(np.array([[[0.0, 0], [2, 0], [2, 1], [0, 1]]]))
    array([2.])
    """
    x, y = np.moveaxis(corners - corners[:, :1], 2, 0)
    area: NDArray[np.float64] = (x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum(axis=1) / 2
    return area


def intersection_area(ones: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the areas that pairs of polygons (n, 4, 2) have in common.

    Each is the sum of two triangles with the sign of their direction, so it need be neither convex nor clockwise.
    """
    total = np.zeros(len(ones))
    for mine in _TRIANGLES:
        for theirs in _TRIANGLES:
            one, other = ones[:, mine], others[:, theirs]
            sign, turned = np.sign(signed_area(one)), np.sign(signed_area(other))
            other = np.where((turned < 0)[:, None, None], other[:, ::-1], other)
            total += sign * turned * np.abs(signed_area(_clipped(one, other)))
    return np.abs(total)


def _clipped(polygon: NDArray[np.float64], triangle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what of convex polygons (n, k, 2) lies in counter-clockwise triangles (n, 3, 2): (n, k + 3, 2) corners.

    Corners that are not needed repeat the first one.

    Source: Sutherland & Hodgman 1974, *Reentrant Polygon Clipping*.
    """
    for side in range(3):
        begin, end = triangle[:, None, side], triangle[:, None, (side + 1) % 3]
        along, beside = end - begin, polygon - begin
        inside = along[..., 0] * beside[..., 1] - along[..., 1] * beside[..., 0]
        after, following = np.roll(inside, -1, axis=1), np.roll(polygon, -1, axis=1)
        crossing = (inside > 0) & (after < 0) | (inside < 0) & (after > 0)
        share = np.divide(inside, inside - after, out=np.zeros_like(inside), where=crossing)
        met = polygon + share[..., None] * (following - polygon)
        corners = np.stack([polygon, met], axis=2).reshape(len(polygon), 2 * polygon.shape[1], 2)
        kept = np.stack([inside >= 0, crossing], axis=2).reshape(corners.shape[:2])
        order = np.argsort(~kept, axis=1, kind="stable")[:, : polygon.shape[1] + 1]
        corners, kept = np.take_along_axis(corners, order[..., None], axis=1), np.take_along_axis(kept, order, axis=1)
        polygon = np.where(kept[..., None], corners, corners[:, :1])
    return polygon
