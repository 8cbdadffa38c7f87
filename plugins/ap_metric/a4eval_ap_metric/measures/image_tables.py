"""COCO's numbers of each image by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.matching.outcomes import outcomes
from a4eval_ap_metric.measures.coco import recall_of
from a4eval_ap_metric.measures.curves import hits_by_area, precision_at_recalls
from a4eval_ap_metric.sorting import inverse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from a4eval_ap_metric.matching.coco import Matches

_AT_ONCE = 1024
"""Pairs of image and class whose curves are held at a time."""


def image_rows(matches: Matches, images: Sequence[Any]) -> list[dict[str, Any]]:
    """Return one row an image: what was right, wrong and missed at the first threshold, and its own AP and AR.

    Args:
        matches: of all images.
        images: their ids.

    Returns:
        Rows; AP and AR are those of a data set of this image alone, NaN for an image without truths that count.
    """
    found = outcomes(matches)
    truths, right, wrong = (
        np.bincount(unit, minlength=matches.n_units).tolist()
        for unit in (found.truth_unit, found.unit[found.hit], found.unit[~found.hit])
    )
    precision, recall = image_means(matches)
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


def image_means(matches: Matches) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (n_units,) AP and AR of each image by itself, over the classes of which it has truths that count.

    Args:
        matches: of all images; each pair of image and class was matched by itself, so it is taken as a class.
    """
    n_units = matches.n_units
    pair = matches.truth_class.astype(np.int64) * n_units + matches.truth_unit  # ascending, as truths are
    pairs, of_truth = np.unique(pair, return_inverse=True)
    of_class = np.repeat(np.arange(matches.n_classes), np.diff(matches.class_start))
    of_position = _index(pairs, of_class * n_units + matches.detection_unit)
    order = np.argsort(of_position, kind="stable")
    starts = np.searchsorted(of_position[order], np.arange(len(pairs) + 1))
    place = inverse(order)
    truth_starts = np.searchsorted(of_truth, np.arange(len(pairs) + 1))
    means = np.empty((2, len(pairs)))
    for begin in range(0, len(pairs), _AT_ONCE):
        end = min(begin + _AT_ONCE, len(pairs))
        which = slice(begin, end + 1)
        some = _as_classes(matches, order, place, of_truth, starts[which], truth_starts[which])
        hits = next(hits_by_area(some))
        means[0, begin:end] = precision_at_recalls(hits, np.array(matches.parameters.recalls)).mean(axis=(0, 1))
        means[1, begin:end] = recall_of(hits).mean(axis=0)
    image = pairs % n_units if n_units else pairs
    defined = ~np.isnan(means[0])
    count = np.bincount(image[defined], minlength=n_units)
    with np.errstate(invalid="ignore"):  # an image without truths: 0 / 0 is NaN
        precision, recall = (np.bincount(image[defined], one[defined], n_units) / count for one in means)
    return precision, recall


def _index(pairs: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the place of each of *wanted* among *pairs*, −1 for one that is not there."""
    place = np.searchsorted(pairs, wanted)
    known = np.append(pairs, -1)[place] == wanted
    return np.where(known, place, -1)


def _as_classes(
    matches: Matches,
    order: NDArray[np.intp],
    place: NDArray[np.signedinteger[Any]],
    of_truth: NDArray[np.intp],
    starts: NDArray[np.intp],
    truth_starts: NDArray[np.intp],
) -> Matches:
    """Return some pairs of image and class as classes.

    Args:
        matches: of all images.
        order: the positions by pair.
        place: where each position stands in that order.
        of_truth: the pair of each truth.
        starts: where the pairs begin in that order, and where the last one ends.
        truth_starts: likewise among the truths.
    """
    rows = order[starts[0] : starts[-1]]
    truths = slice(truth_starts[0], truth_starts[-1])
    first = of_truth[truths.start] if truths.stop > truths.start else 0
    match = np.flatnonzero((truths.start <= matches.truth) & (matches.truth < truths.stop))
    position = place[matches.position[match]] - starts[0]
    match = match[by_key := np.lexsort((position, matches.threshold[match]))]
    return replace(
        matches,
        class_start=starts - starts[0],
        detection=matches.detection[rows],
        detection_unit=matches.detection_unit[rows],
        detection_score=matches.detection_score[rows],
        counts_alone=matches.counts_alone[rows],
        truth_class=of_truth[truths] - first,
        truth_unit=matches.truth_unit[truths],
        truth_row=matches.truth_row[truths],
        truth_ignored=matches.truth_ignored[:, truths],
        threshold=matches.threshold[match],
        position=position[by_key],
        truth=matches.truth[match] - truths.start,
        rank=matches.rank[match],
        in_area=matches.in_area[match],
    )
