"""Which detection goes with which true box: greedy by score, as COCO does it at one threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_box_metrics.similarities.contract import measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from a4eval_box_metrics.similarities.contract import Measure, Similarity

_CHUNK = 1 << 16


def match_detections(
    batch: Mapping[str, Any], similarity: Similarity, threshold: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Match detections to true boxes of the same image and class.

    By descending score, each detection takes the free true box most similar to it, if the similarity is at least
    *threshold*; of equally similar ones the last, as pycocotools does.
    Crowds are left out.

    Args:
        batch: a ``detection`` batch; its boxes are xywh, pixels.
        similarity: by which they are matched; one whose ``higher_is_better`` is False is a distance, and must be at
            most *threshold*.
        threshold: the least similarity, or the largest distance.

    Returns:
        (k,) rows of the matched detections, ascending, and (k,) rows of their true boxes.

    Raises:
        ValueError: a box is unsound.
    """
    return match_by(batch, measure(similarity), threshold)


def match_by(batch: Mapping[str, Any], by: Measure, threshold: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Match as :func:`match_detections` does, by a similarity that was asked what it says of itself."""
    detection, truth = _candidates(batch)
    predicted, true = (np.asarray(batch[name], np.float64).reshape(-1, 4) for name in ("detection_box", "truth_box"))
    value = np.empty(len(detection))
    for start in range(0, len(detection), _CHUNK):
        some = slice(start, start + _CHUNK)
        value[some] = by.similarity.elementwise(predicted[detection[some]], true[truth[some]], format="xywh")
    if not by.higher_is_better:
        value, threshold = -value, -threshold
    near = np.flatnonzero(value >= threshold)
    detection, truth, value = detection[near], truth[near], value[near]
    score = np.asarray(batch["detection_score"], np.float64)[detection]
    order = np.lexsort((-truth, -value, detection, -score))
    return _pair_up(detection[order].tolist(), truth[order].tolist())


def _pair_up(detection: list[int], truth: list[int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give each detection the first truth in its list that is still free."""
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for one, other in zip(detection, truth, strict=True):
        if one not in partner and other not in taken:
            partner[one] = other
            taken.add(other)
    rows = sorted(partner)
    return np.array(rows, np.intp), np.array([partner[row] for row in rows], np.intp)


def _candidates(batch: Mapping[str, Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return all (detection, truth) rows of the same image and class, crowds left out."""
    kept = np.flatnonzero(~np.asarray(batch["truth_crowd"], bool))
    names = np.unique(np.concatenate([batch["truth_class"], batch["detection_class"]]))
    group = {
        side: np.asarray(batch[f"{side}_unit"], np.int64) * max(len(names), 1)
        + np.searchsorted(names, batch[f"{side}_class"])
        for side in ("truth", "detection")
    }
    kept = kept[np.argsort(group["truth"][kept], kind="stable")]
    sorted_group = group["truth"][kept]
    first = np.searchsorted(sorted_group, group["detection"], "left")
    count = np.searchsorted(sorted_group, group["detection"], "right") - first
    detection = np.repeat(np.arange(len(first)), count)
    within = np.arange(len(detection)) - np.repeat(np.cumsum(count) - count, count)
    return detection, kept[np.repeat(first, count) + within]
