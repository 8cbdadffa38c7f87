"""Doubts that only show when boxes are compared: another notation would fit the ground truth far better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.matching.pairs import box_iou_of_pairs, overlapping_pairs
from a4eval_ap_metric.sorting import ragged_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

_LOOKED_AT = 10_000  # detections, of which those with a truth of their image and class …
_SAMPLE = 2000  # … are compared, so many of them
_ENOUGH = 5  # boxes that fit, before they are evidence
_FAR_BETTER = 3  # times as many fit
_SHARE = 0.25  # of the boxes compared have to fit
_FITS = 0.5  # IoU


def _as_given(box: NDArray[np.float64]) -> NDArray[np.float64]:
    return box


def _from_centre(box: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([box[:, :2] - box[:, 2:] / 2, box[:, 2:]], axis=1)


def _from_corners(box: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([box[:, :2], box[:, 2:] - box[:, :2]], axis=1)


def _y_first(box: NDArray[np.float64]) -> NDArray[np.float64]:
    return box[:, [1, 0, 3, 2]]


_Notation = tuple[str, "Callable[[NDArray[np.float64]], NDArray[np.float64]]"]
_NOTATIONS: tuple[_Notation, ...] = (
    ("centre x, centre y, width, height", _from_centre),
    ("x1, y1, x2, y2", _from_corners),
    ("y, x, height, width", _y_first),
    ("y1, x1, y2, x2", lambda box: _from_corners(_y_first(box))),
    ("centre y, centre x, height, width", lambda box: _from_centre(_y_first(box))),
)


def notation_doubts(batch: Mapping[str, NDArray[Any]]) -> list[str]:
    """Return a warning if detections, or truths, fit far better when read as another notation than xywh.

    Args:
        batch: a detection batch; up to 2000 of its detections are compared with the truths of their image and class.

    Returns:
        At most one, with how many detections overlap a truth by 0.5 either way.
    """
    row = np.arange(len(batch["detection_class"]))[:: max(1, len(batch["detection_class"]) // _LOOKED_AT)]
    both = np.concatenate([batch["truth_class"], batch["detection_class"][row]])
    classes = np.unique(both, return_inverse=True)[1].astype(np.int64)
    n_truth, n_units = len(batch["truth_class"]), len(batch["unit"])
    group = classes[:n_truth] * n_units + batch["truth_unit"]
    order = np.argsort(group, kind="stable")
    group, wanted = group[order], classes[n_truth:] * n_units + batch["detection_unit"][row]
    first = np.searchsorted(group, wanted, "left")
    count = np.searchsorted(group, wanted, "right") - first
    some = np.flatnonzero(count)
    some = some[:: max(1, len(some) // _SAMPLE)]
    first, count = first[some], count[some]
    compared = np.flatnonzero(np.bincount(ragged_ranges(first, count)))
    first = np.searchsorted(compared, first)
    truth, found = batch["truth_box"][order[compared]], batch["detection_box"][row[some]]
    if len(some) < _ENOUGH or not (np.isfinite(truth).all() and np.isfinite(found).all()):
        return []

    def fitting(detection_box: NDArray[np.float64], truth_box: NDArray[np.float64]) -> int:
        iou = box_iou_of_pairs(detection_box, truth_box, np.zeros(len(truth_box), bool))
        # np.unique imports all of numpy.ma, which takes as long as this
        return int(np.count_nonzero(np.bincount(overlapping_pairs(first, count, iou, _FITS).detection)))

    given = fitting(found, truth)
    if _FAR_BETTER * given >= len(some):
        return []
    read = [("detections", name, fitting(convert(found), truth)) for name, convert in _NOTATIONS]
    read += [("ground-truth boxes", name, fitting(found, convert(truth))) for name, convert in _NOTATIONS]
    side, name, fit = max(read, key=lambda one: one[2])
    if fit < max(_ENOUGH, _FAR_BETTER * given, _SHARE * len(some)):
        return []
    where = (
        "the two files differ in which of x and y comes first"
        if name == "y, x, height, width"
        else (f"the {side} look like {name} given as x, y, width, height")
    )
    return [f"{where}: of {len(some)} detections compared {given} overlap a truth by {_FITS}, and {fit} if read so"]
