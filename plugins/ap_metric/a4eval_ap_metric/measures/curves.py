"""From matches to precision and recall: the curves are known at the true positives alone.

Between two true positives precision only falls and recall stands still, so nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.matching.outcomes import considered_when_unmatched
from a4eval_ap_metric.sorting import rank_in_segment, small_integer_order, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from a4eval_ap_metric.matching.coco import Matches


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The true positives of one area range and maximum of detections, in the order (threshold, class, position).

    A *segment* is one threshold and class: ``threshold × n_classes + class``.

    Args:
        n_thresholds: how many thresholds.
        n_truth: (k,) truths that count, per class.
        segment: (h,) segment of each true positive.
        position: (h,) position of its detection.
        nth: (h,) how many true positives the segment has up to here, from 1.
        considered: (h,) how many detections it has up to here, those that are ignored left out.
        per_segment: (t · k,) how many true positives.
        rank: (h,) place of the detection among those of its image and class.
    """

    n_thresholds: int
    n_truth: NDArray[np.intp]
    segment: NDArray[np.intp]
    position: NDArray[np.integer[Any]]
    nth: NDArray[np.intp]
    considered: NDArray[np.intp]
    per_segment: NDArray[np.intp]
    rank: NDArray[np.integer[Any]]


def detection_ranks(matches: Matches) -> NDArray[np.intp]:
    """Return for each position the place, from 0, among the detections of the same image and class."""
    of_class = np.repeat(np.arange(matches.n_classes), np.diff(matches.class_start))
    group = of_class * matches.n_units + matches.detection_unit
    order = small_integer_order(group, matches.n_classes * matches.n_units)
    ranks = np.empty(len(group), np.intp)
    ranks[order] = rank_in_segment(taken(group, order))
    return ranks


def hits_by_area(matches: Matches, kept: NDArray[np.bool_] | None = None) -> Iterator[Hits]:
    """Yield the true positives of each area range.

    Args:
        matches: of all thresholds and areas.
        kept: (n,) bool, the positions that take part; all by default.
    """
    n_classes, n_thresholds = matches.n_classes, len(matches.parameters.thresholds)
    n_segments = n_thresholds * n_classes
    position, truth = matches.position.astype(np.intp), matches.truth.astype(np.intp)
    segment = matches.threshold.astype(np.intp)
    segment *= n_classes
    segment += taken(matches.truth_class, truth)
    per_segment_match = np.bincount(segment, minlength=n_segments)
    first_match = np.cumsum(per_segment_match) - per_segment_match
    changes = np.zeros(len(position) + 1, np.intp)

    def hits(area: int) -> Hits:
        ignored = matches.truth_ignored[area]
        n_truth = np.bincount(matches.truth_class[~ignored], minlength=n_classes)
        considered_alone, before = considered_when_unmatched(matches, area, kept)
        holds = (matches.in_area & (1 << area)) != 0
        if kept is not None:
            holds &= taken(kept, position)
        counts = ~taken(ignored, truth)
        # a match changes whether its detection is considered: only ever if it matched a truth that counts
        change = counts.view(np.int8) - taken(considered_alone, position).view(np.int8)
        change *= holds.view(np.int8)
        np.cumsum(change, dtype=np.intp, out=changes[1:])
        counts &= holds
        true_positive = np.flatnonzero(counts)
        hit_segment, hit_position = taken(segment, true_positive), taken(position, true_positive)
        before_segment = np.tile(taken(before, matches.class_start[:-1]), n_thresholds) + taken(changes, first_match)
        considered = before[1:].take(hit_position) + changes[1:].take(true_positive)
        considered -= taken(before_segment, hit_segment)
        per_segment = np.bincount(hit_segment, minlength=n_segments)
        first = np.cumsum(per_segment) - per_segment
        return Hits(
            n_thresholds=n_thresholds,
            n_truth=n_truth,
            segment=hit_segment,
            position=hit_position,
            nth=np.arange(1, len(hit_segment) + 1) - taken(first, hit_segment),
            considered=considered,
            per_segment=per_segment,
            rank=taken(matches.rank, true_positive),
        )

    for area in range(len(matches.truth_ignored)):
        yield hits(area)  # what it took to find them is gone by then


def needed_hits(recalls: NDArray[np.float64], n_truth: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return how many true positives it takes to reach each recall level, recall being hits / n_truth in float64.

    Args:
        recalls: (r,) levels, ascending.
        n_truth: (k,) truths that count.

    Returns:
        (k, r) integers, at least 1; more than ``n_truth`` where the level cannot be reached.

    >>> needed_hits(np.array([0.0, 0.3, 1.0]), np.array([10]))
    array([[ 1,  3, 10]])
    """
    counts = np.maximum(n_truth, 1).astype(np.float64)[:, None]
    needed = np.ceil(recalls * counts)
    # rounding may put it one too high or one too low
    needed -= (needed - 1) / counts >= recalls
    needed += needed / counts < recalls
    return np.maximum(needed, 1, out=needed).astype(np.intp)


def precision_at_recalls(found: Hits, recalls: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the highest precision at or beyond each recall level.

    Args:
        found: the true positives.
        recalls: (r,) levels, ascending.

    Returns:
        (t, r, k) float64; 0 beyond the recall that was reached, NaN for a class without truths that count.
    """
    defined = found.n_truth > 0
    best = precision_where_defined(found, recalls)
    if defined.all():
        return best
    whole = np.full((*best.shape[:2], len(defined)), np.nan)
    whole[:, :, defined] = best
    return whole


def precision_where_defined(found: Hits, recalls: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the same of the classes with truths that count alone: (t, r, classes with truths) float64."""
    defined = np.flatnonzero(found.n_truth)
    shape = (found.n_thresholds, len(found.n_truth))
    best = np.zeros((shape[0], len(recalls), len(defined)))
    if not len(defined):
        return best
    # each segment's precisions, then a 0 that stands for recall not reached
    lengths = found.per_segment + 1
    starts = (np.cumsum(lengths) - lengths).reshape(shape)
    precision = np.zeros(int(lengths.sum()))
    precision[found.segment + np.arange(len(found.segment))] = found.nth / (found.considered + np.spacing(1))
    skipped = needed_hits(recalls, found.n_truth[defined]) - 1
    # a threshold at a time: of many classes the places to read at would take more than what is read
    ends = np.append(starts[1:, :1], len(precision))
    for level, start, end, per_class in zip(best, starts, ends, found.per_segment.reshape(shape), strict=True):
        reached = per_class[defined, None]
        # a last column at that 0: else a segment's last level would read on into the first hits of the next segment
        stops = np.concatenate([np.minimum(skipped, reached), reached], axis=1)
        begins = (start[defined] - start[0])[:, None] + stops
        highest = np.maximum.reduceat(precision[start[0] : end], begins.ravel()).reshape(begins.shape)[:, :-1]
        np.copyto(level, highest.T, where=(skipped < reached).T)
    for lower, higher in pairwise(best.transpose(1, 0, 2)[::-1]):  # np.maximum.accumulate is far slower
        np.maximum(lower, higher, out=higher)
    return best


def scores_at_recalls(
    found: Hits, recalls: NDArray[np.float64], matches: Matches, kept: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Return the score of the detection that reaches each recall level.

    Args:
        found: the true positives.
        recalls: (r,) levels, ascending.
        matches: where they come from.
        kept: as it was for :func:`hits_by_area`.

    Returns:
        (t, r, k) float64; 0 beyond the recall that was reached, NaN for a class without truths that count.
    """
    n_classes = len(found.n_truth)
    per_segment = found.per_segment.reshape(found.n_thresholds, n_classes, 1)
    starts = (np.cumsum(found.per_segment) - found.per_segment).reshape(per_segment.shape)
    skipped = needed_hits(recalls, found.n_truth) - 1
    reached = skipped < per_segment
    score = np.zeros(reached.shape)
    place = (starts + np.minimum(skipped, np.maximum(per_segment - 1, 0)))[reached]
    score[reached] = matches.detection_score.take(found.position).take(place)
    # a recall of 0 is reached by the very first detection, hit or not
    first_score = np.zeros(n_classes)
    position = np.arange(len(matches.detection_score)) if kept is None else np.flatnonzero(kept)
    begin = np.searchsorted(position, matches.class_start)
    detected = begin[:-1] < begin[1:]
    first_score[detected] = matches.detection_score[position[begin[:-1][detected]]]
    score[:, :, recalls <= 0] = first_score[:, None]
    score[:, found.n_truth == 0] = np.nan
    return np.ascontiguousarray(score.transpose(0, 2, 1))
