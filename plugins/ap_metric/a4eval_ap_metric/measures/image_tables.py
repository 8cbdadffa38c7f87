"""COCO's numbers of each image by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.matching.outcomes import outcomes
from a4eval_ap_metric.measures.coco import recall_of
from a4eval_ap_metric.measures.curves import hits_by_area, precision_at_recalls

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from a4eval_ap_metric.detections.data import DetectionData
    from a4eval_ap_metric.matching.coco import Matches

_AT_ONCE = 1024
"""Pairs of image and class whose curves are held at a time."""


def image_rows(
    matches: Matches, rematch: Callable[[DetectionData], Matches], images: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return one row an image: what was right, wrong and missed at the first threshold, and its own AP and AR.

    Args:
        matches: of all images.
        rematch: matches a part of the data, in the same way.
        images: their ids.

    Returns:
        Rows; AP and AR are those of a data set of this image alone, NaN for an image without truths that count.
    """
    found = outcomes(matches)
    truths, right, wrong = (
        np.bincount(unit, minlength=matches.n_units).tolist()
        for unit in (found.truth_unit, found.unit[found.hit], found.unit[~found.hit])
    )
    precision, recall = image_means(matches.data, rematch)
    return [
        {
            "image": image,
            "truths": truths[one],
            "right": right[one],
            "wrong": wrong[one],
            "missed": truths[one] - right[one],
            "AP": float(precision[one]),
            "AR": float(recall[one]),
        }
        for one, image in enumerate(images)
    ]


def image_means(
    data: DetectionData, rematch: Callable[[DetectionData], Matches]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (n_units,) AP and AR of each image by itself, over the classes of which it has truths that count.

    Args:
        data: ground truth and detections.
        rematch: matches a part of it, whose classes are pairs of image and class.
    """
    truth, found = (
        getattr(data, f"{side}_unit").astype(np.int64) * data.n_classes + getattr(data, f"{side}_class")
        for side in ("truth", "detection")
    )
    pairs = np.unique(truth)
    truth, found = np.searchsorted(pairs, truth), _index(pairs, found)
    means = np.empty((2, len(pairs)))
    for begin in range(0, len(pairs), _AT_ONCE):
        end = min(begin + _AT_ONCE, len(pairs))
        part = _as_classes(data, truth, found, begin, end)
        hits = next(hits_by_area(one := rematch(part)))
        means[0, begin:end] = precision_at_recalls(hits, np.array(one.parameters.recalls)).mean(axis=(0, 1))
        means[1, begin:end] = recall_of(hits).mean(axis=0)
    image = pairs // data.n_classes if data.n_classes else pairs
    defined = ~np.isnan(means[0])
    count = np.bincount(image[defined], minlength=data.n_units)
    with np.errstate(invalid="ignore"):  # an image without truths: 0 / 0 is NaN
        precision, recall = (np.bincount(image[defined], one[defined], data.n_units) / count for one in means)
    return precision, recall


def _index(pairs: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the place of each of *wanted* among *pairs*, −1 for one that is not there."""
    place = np.searchsorted(pairs, wanted)
    known = np.append(pairs, -1)[place] == wanted
    return np.where(known, place, -1)


def _as_classes(
    data: DetectionData, truth: NDArray[np.intp], found: NDArray[np.intp], begin: int, end: int
) -> DetectionData:
    """Return the pairs *begin* to *end* as classes of one image."""
    truths = np.flatnonzero((begin <= truth) & (truth < end))
    rows = np.flatnonzero((begin <= found) & (found < end))
    part = data.with_detections(rows).with_truths(truths)
    return replace(
        part,
        n_units=1,
        n_classes=end - begin,
        truth_unit=np.zeros(len(truths), np.int32),
        truth_class=truth[truths] - begin,
        detection_unit=np.zeros(len(rows), np.int32),
        detection_class=found[rows] - begin,
    )
