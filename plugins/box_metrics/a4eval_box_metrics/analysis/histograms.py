"""What the boxes of a data set are like: histograms in octaves, duplicates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_box_metrics.similarities.overlap import pairwise_iou

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval import Row

SIZES = {"small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, np.inf)}
"""COCO's sizes: from and below, in pixels² of the true object."""


def size_histogram(side: NDArray[np.float64]) -> list[Row]:
    """Count boxes by the square root of their area, in octaves; a first row from 0 counts those without.

    Args:
        side: (n,) √(width · height), pixels.

    >>> size_histogram(np.array([0.0, 5.0, 7.0, 40.0]))[-1]
    {'from': 32.0, 'below': 64.0, 'boxes': 1}
    """
    return _octaves(side)


def aspect_histogram(aspect: NDArray[np.float64]) -> list[Row]:
    """Count boxes by width over height, in octaves: the row from 1 below 2 holds squares and mildly wide boxes.

    Args:
        aspect: (n,) width / height of boxes with an area.

    >>> aspect_histogram(np.array([0.6, 1.0, 1.5]))
    [{'from': 0.5, 'below': 1.0, 'boxes': 1}, {'from': 1.0, 'below': 2.0, 'boxes': 2}]
    """
    return _octaves(aspect)


def duplicate_rows(group: NDArray[Any], boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which boxes are equal, number for number, to an earlier one of the same group.

    Args:
        group: (n,) integers: what image and class a box belongs to.
        boxes: (n, 4).

    >>> duplicate_rows(np.array([0, 0, 1]), np.array([[1.0, 2, 3, 4]] * 3))
    array([False,  True, False])
    """
    keys = np.concatenate([np.asarray(group, np.float64)[:, None], boxes], axis=1)
    _, first = np.unique(keys, axis=0, return_index=True)
    repeated = np.ones(len(keys), bool)
    repeated[first] = False
    return repeated


def near_duplicate_rows(group: NDArray[Any], boxes: NDArray[np.float64], least: float) -> NDArray[np.bool_]:
    """Return which boxes have an IoU of at least *least* with an earlier one of the same group.

    Args:
        group: (n,) integers.
        boxes: (n, 4) xywh.
        least: the IoU from which on.

    >>> near_duplicate_rows(np.array([0, 0]), np.array([[0.0, 0, 10, 10], [0, 0, 10, 9]]), 0.9)
    array([False,  True])
    """
    near = np.zeros(len(boxes), bool)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1, append=-1))
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        if end - begin > 1:
            rows = order[begin:end]
            table = pairwise_iou(boxes[rows], boxes[rows], format="xywh")
            near[rows] = (np.tril(table, -1) >= least).any(axis=1)
    return near


def _octaves(values: NDArray[np.float64]) -> list[Row]:
    positive = values[values > 0]
    octave = np.frexp(positive)[1] - 1  # exact: value = m · 2^e with ½ ≤ m < 1
    rows: list[Row] = []
    if len(positive) < len(values):
        rows.append({"from": 0.0, "below": 0.0, "boxes": len(values) - len(positive)})
    if len(positive):
        low, high = int(octave.min()), int(octave.max())
        counts = np.bincount(octave - low, minlength=high - low + 1)
        rows += [
            {"from": 2.0**exponent, "below": 2.0 ** (exponent + 1), "boxes": int(count)}
            for exponent, count in zip(range(low, high + 1), counts, strict=True)
        ]
    return rows
