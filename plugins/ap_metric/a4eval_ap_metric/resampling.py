"""The statistics of reweighted images: matching is done once, a resample only counts differently.

An image with weight w counts as w copies of itself, side by side: the numbers are those of the physically
duplicated data set.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from a4eval_ap_metric.coco import mean_where_defined, single_thresholds
from a4eval_ap_metric.curves import considered_when_unmatched
from a4eval_ap_metric.sorting import ragged_ranges, segment_starts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from a4eval_ap_metric.matching import Matches


class Resampler:
    """Prepared matches, for many sets of weights.

    Args:
        matches: from :func:`a4eval_ap_metric.match`.
        most: the highest weight to come.

    Memory: about 16 bytes a detection, 12 a match, and as much again while a set of weights is worked on.
    """

    def __init__(self, matches: Matches, most: int = 1) -> None:
        self._parameters = matches.parameters
        self._recalls = np.array(matches.parameters.recalls)
        self._copies = max(most, 1)
        n_areas, n_thresholds = len(self._parameters.areas), len(self._parameters.thresholds)
        self._shape = (n_areas, n_thresholds, matches.n_classes)
        expanded, slot = _expand_ties(matches, self._copies)
        areas = [_ledger(expanded, slot, area) for area in range(n_areas)]
        # one list for all areas: what counts within an area is shifted by what the areas before it hold
        shifts = _running_sum(np.array([len(one.considered_slot) for one in areas]))
        change_shifts = _running_sum(np.array([len(one.change) for one in areas]))
        n_segments = n_thresholds * matches.n_classes
        self._considered_slot = np.concatenate([one.considered_slot for one in areas])
        self._change_slot = np.concatenate([one.change_slot for one in areas])
        self._change = np.concatenate([one.change for one in areas])
        self._hit_slot = np.concatenate([one.hit_slot for one in areas])
        self._hit_class = np.concatenate([one.hit_class + i * matches.n_classes for i, one in enumerate(areas)])
        self._segment = np.concatenate([one.segment + i * n_segments for i, one in enumerate(areas)])
        self._hit_considered = _shifted([one.hit_considered for one in areas], shifts)
        self._first_considered = _shifted([one.first_considered for one in areas], shifts)
        self._hit_change = _shifted([one.hit_change for one in areas], change_shifts)
        self._first_change = _shifted([one.first_change for one in areas], change_shifts)
        self._truth_slot = np.concatenate([one.truth_slot for one in areas])
        self._truth_class = np.concatenate([one.truth_class + i * matches.n_classes for i, one in enumerate(areas)])
        self._low_ranks = [areas[0].hit_rank < one for one in self._parameters.max_detections[:-1]]
        self._segment_start = np.searchsorted(self._segment, np.arange(n_areas * n_segments + 1))

    def statistics(self, weights: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return the statistics, in the order of :func:`a4eval_ap_metric.coco.statistic_names`.

        Args:
            weights: (n_units,) integers from 0 to the highest weight announced.
        """
        weights = weights.astype(np.int32)
        table = [weights] if self._copies == 1 else [weights, *(weights > copy for copy in range(self._copies))]
        weight = np.concatenate(table, dtype=np.int32)
        n_areas, n_thresholds, n_classes = self._shape
        truths = np.bincount(self._truth_class, weight.take(self._truth_slot), minlength=n_areas * n_classes)
        # considered detections up to each hit, within its class; matches turn some on or off
        total = _running_sum(weight.take(self._considered_slot))
        considered = total.take(self._hit_considered)
        considered -= total.take(self._first_considered).take(self._hit_class)
        change = _running_sum(weight.take(self._change_slot) * self._change)
        considered += change.take(self._hit_change)
        considered -= change.take(self._first_change).take(self._segment)
        hit_weight = weight.take(self._hit_slot)
        hit_total = _running_sum(hit_weight)
        at_start = hit_total.take(self._segment_start)
        hits = hit_total[1:] - at_start.take(self._segment)
        precision = hits / (considered + np.spacing(1))
        truths_of_hit = truths.take(self._hit_class)
        with np.errstate(invalid="ignore", divide="ignore"):
            recall = hits / truths_of_hit
        # how many levels each hit's recall reaches; the best precision of each number, then of that number or more
        level = np.searchsorted(self._recalls, recall, "right")
        width = len(self._recalls) + 1
        cell = self._segment.astype(np.int64) * width + level
        starts = segment_starts(cell)
        best = np.zeros((n_areas * n_thresholds * n_classes, width))
        if len(cell):
            best.ravel()[cell.take(starts)] = np.maximum.reduceat(precision, starts)
        best = np.maximum.accumulate(best[:, ::-1], axis=1)[:, ::-1][:, 1:]
        truths = truths.reshape(n_areas, 1, n_classes)
        average_precision = best.mean(axis=1).reshape(self._shape)
        average_precision[np.broadcast_to(truths == 0, average_precision.shape)] = np.nan
        with np.errstate(invalid="ignore"):
            average_recall = np.diff(at_start).reshape(self._shape) / truths
            limited = [self._recall_of_first(one, hit_weight) / truths[0] for one in self._low_ranks]
        thresholds = self._parameters.thresholds
        chosen = [
            average_precision[0],
            *(average_precision[0, thresholds.index(one)] for one in single_thresholds(self._parameters)),
            *average_precision[1:],
            *limited,
            *average_recall,
        ]
        return np.array([mean_where_defined(one) for one in chosen])

    def _recall_of_first(self, low_rank: NDArray[np.bool_], hit_weight: NDArray[np.int32]) -> NDArray[np.float64]:
        n_segments = self._shape[1] * self._shape[2]
        n_hits = len(low_rank)
        weighted = hit_weight[:n_hits] * low_rank
        counts = np.bincount(self._segment[:n_hits], weighted, minlength=n_segments).astype(np.float64)
        return counts.reshape(self._shape[1:])


class _Ledger(NamedTuple):
    """What one area range counts.  A slot is a place in the table of weights, a segment a threshold and class."""

    considered_slot: NDArray[np.int32]  # of each detection that is a false positive unless matched
    first_considered: NDArray[np.intp]  # where the classes begin among them
    change_slot: NDArray[np.int32]  # of each match that makes a detection count, or not count
    change: NDArray[np.int32]  # +1 or −1
    first_change: NDArray[np.intp]  # where the segments begin among them
    segment: NDArray[np.int32]  # of each hit
    hit_class: NDArray[np.int32]
    hit_slot: NDArray[np.int32]
    hit_rank: NDArray[np.integer[Any]]
    hit_considered: NDArray[np.intp]  # considered detections up to and with it
    hit_change: NDArray[np.intp]  # changes up to and with it
    truth_class: NDArray[np.integer[Any]]  # of each truth that counts
    truth_slot: NDArray[np.integer[Any]]


def _ledger(matches: Matches, slot: NDArray[np.int32], area: int) -> _Ledger:
    n_segments = len(matches.parameters.thresholds) * matches.n_classes
    alone, before = considered_when_unmatched(matches, area)
    match = np.flatnonzero((matches.in_area & (1 << area)) != 0)
    position, truth = matches.position.take(match), matches.truth.take(match)
    counts = ~matches.truth_ignored[area].take(truth)
    of_class = matches.truth_class.take(truth).astype(np.int32)
    segment = matches.threshold.take(match).astype(np.int32) * matches.n_classes + of_class
    change = counts.view(np.int8) - alone.take(position).view(np.int8)
    changed, hit = np.flatnonzero(change), np.flatnonzero(counts)
    counting = np.flatnonzero(~matches.truth_ignored[area])
    segment_start = np.searchsorted(segment, np.arange(n_segments))
    return _Ledger(
        considered_slot=slot[alone],
        first_considered=before.take(matches.class_start[:-1]),
        change_slot=slot.take(position.take(changed)),
        change=change.take(changed).astype(np.int32),
        first_change=np.searchsorted(changed, segment_start, "left"),
        segment=segment.take(hit),
        hit_class=of_class.take(hit),
        hit_slot=slot.take(position.take(hit)),
        hit_rank=matches.rank.take(match).take(hit),
        hit_considered=before.take(position.take(hit) + 1),
        hit_change=np.searchsorted(changed, hit, "right"),
        truth_class=matches.truth_class.take(counting),
        truth_slot=matches.truth_unit.take(counting),
    )


def _shifted(parts: Sequence[NDArray[np.intp]], shifts: NDArray[np.int64]) -> NDArray[np.intp]:
    return np.concatenate([part + int(shift) for part, shift in zip(parts, shifts[:-1], strict=True)])


def whole_weights(weights: NDArray[np.float64], n_units: int) -> NDArray[np.int64]:
    """Return *weights* as integers.

    Raises:
        ValueError: they are not (…, n_units) whole numbers from 0 up.
    """
    counts = np.asarray(weights)
    if counts.shape[-1:] != (n_units,):
        raise ValueError(f"weights: got shape {counts.shape}, expected (…, {n_units}), one per unit")
    whole = counts.astype(np.int64)
    if not np.array_equal(whole, counts) or (whole < 0).any():
        raise ValueError("weights: expected whole numbers from 0 up: how often each unit counts")
    return whole


def _running_sum(values: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return the (n + 1,) sums of the first 0, 1, … n values."""
    sums = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=sums[1:])
    return sums


def _expand_ties(matches: Matches, copies: int) -> tuple[Matches, NDArray[np.int32]]:
    """Spell out the copies of images where their order matters: several equal scores in one image and class.

    Two detections of one score, a hit and a miss, stand in w copies of their image as hit, miss, hit, miss, …:
    no weight on the two says that.  Such runs are repeated *copies* times, the r-th repeat counting if w > r.

    Returns:
        The matches with those runs repeated, and for each position its slot in the table of weights:
        the image alone, or n_units × (1 + r) + image for the r-th repeat.
    """
    n = len(matches.detection)
    unit = matches.detection_unit.astype(np.int32)
    if copies == 1 or n == 0:
        return matches, unit
    class_of = np.repeat(np.arange(matches.n_classes), np.diff(matches.class_start))
    score = matches.detection_score
    same = (class_of[1:] == class_of[:-1]) & (unit[1:] == unit[:-1]) & (score[1:] == score[:-1])
    run_start = np.flatnonzero(np.concatenate([[True], ~same]))
    run_length = np.diff(run_start, append=n)
    matched = np.zeros(n, bool)
    matched[matches.position] = True
    mixed = (run_length > 1) & np.logical_or.reduceat(matched, run_start)
    repeats = np.where(mixed, copies, 1)
    # new positions: each run, repeated
    begins = np.repeat(run_start, repeats)
    lengths = np.repeat(run_length, repeats)
    source = ragged_ranges(begins, lengths)
    repeat = np.repeat(ragged_ranges(np.zeros(len(repeats), np.intp), repeats), lengths)
    layer = np.where(np.repeat(np.repeat(mixed, repeats), lengths), repeat + 1, 0)
    # a match of a repeated detection is repeated as well; first_new is where a run's first copy begins
    new_start = np.cumsum(run_length * repeats) - run_length * repeats
    run_of = np.repeat(np.arange(len(run_start)), run_length)
    match_run = run_of.take(matches.position)
    times = repeats.take(match_run)
    which = ragged_ranges(np.zeros(len(times), np.intp), times)
    old = np.repeat(np.arange(len(times)), times)
    old_run = match_run.take(old)
    offset = matches.position.take(old) - run_start.take(old_run)
    position = new_start.take(old_run) + which * run_length.take(old_run) + offset
    order = np.lexsort((position, matches.threshold.take(old)))
    old = old.take(order)
    expanded = replace(
        matches,
        class_start=np.searchsorted(class_of.take(source), np.arange(matches.n_classes + 1)),
        detection=matches.detection.take(source),
        detection_area=matches.detection_area.take(source),
        detection_unit=matches.detection_unit.take(source),
        detection_score=score.take(source),
        threshold=matches.threshold.take(old),
        position=position.take(order),
        truth=matches.truth.take(old),
        rank=matches.rank.take(old),
        in_area=matches.in_area.take(old),
    )
    return expanded, unit.take(source) + np.int32(matches.n_units) * layer.astype(np.int32)
