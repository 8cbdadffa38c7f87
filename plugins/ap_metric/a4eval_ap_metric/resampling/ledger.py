"""What resampling needs of the matches: lists of who counts where, so that a set of weights is a few sums.

A *slot* is a place in the table of weights, a *segment* one threshold and class.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from a4eval_ap_metric.matching.outcomes import considered_when_unmatched
from a4eval_ap_metric.sorting import ragged_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.matching.coco import Matches


class AreaLedger(NamedTuple):
    """One area range.

    A *run* is hits of one segment with nothing but each other between them: precision rises along it whatever the
    weights, so its end stands for all of it.

    Args:
        considered_slot: of each detection that is a false positive unless matched, by position; those beyond the
            last hit of their class are left out.
        first_considered: (k,) where the classes begin among them.
        change_slot: of each match that makes a detection count, or not count.
        change: +1 or −1.
        first_change: (s,) where the segments begin among them.
        hit_slot: of each hit, by segment and position.
        hit_segment: its segment.
        hit_rank: its place among the detections of its image and class.
        run_segment: of each run.
        run_hits: hits up to and with its end, of all segments.
        run_considered: considered detections up to and with its end.
        run_change: changes up to and with its end.
        truth_class: of each truth that counts.
        truth_slot: its slot.
    """

    considered_slot: NDArray[np.intp]
    first_considered: NDArray[np.intp]
    change_slot: NDArray[np.intp]
    change: NDArray[np.int32]
    first_change: NDArray[np.intp]
    hit_slot: NDArray[np.intp]
    hit_segment: NDArray[np.intp]
    hit_rank: NDArray[np.integer[Any]]
    run_segment: NDArray[np.intp]
    run_hits: NDArray[np.intp]
    run_considered: NDArray[np.intp]
    run_change: NDArray[np.intp]
    truth_class: NDArray[np.integer[Any]]
    truth_slot: NDArray[np.integer[Any]]


def area_ledger(matches: Matches, slot: NDArray[np.intp], area: int) -> AreaLedger:
    """Return the lists of one area range.

    Args:
        matches: from :func:`expand_ties`.
        slot: (n,) of each position.
        area: index of the area range.
    """
    segment_bounds = np.arange(len(matches.parameters.thresholds) * matches.n_classes + 1)
    match = np.flatnonzero((matches.in_area & (1 << area)) != 0)
    position, truth = matches.position.take(match), matches.truth.take(match)
    counts = ~matches.truth_ignored[area].take(truth)
    of_class = matches.truth_class.take(truth)
    segment = matches.threshold.take(match).astype(np.intp) * matches.n_classes + of_class
    hit = np.flatnonzero(counts)
    hit_position, hit_segment = position.take(hit), segment.take(hit)
    considered, _ = considered_when_unmatched(matches, area)
    last_hit = np.full(matches.n_classes, -1)
    np.maximum.at(last_hit, of_class.take(hit), hit_position)
    considered &= np.arange(len(considered)) <= np.repeat(last_hit, np.diff(matches.class_start))
    before = np.concatenate([[0], np.cumsum(considered)])
    change = counts.view(np.int8) - considered.take(position).view(np.int8)
    changed = np.flatnonzero(change)
    changes = np.concatenate([[0], np.cumsum(change, dtype=np.int64)])
    # a run goes on where the next hit is the next detection that counts
    place = before.take(hit_position + 1) + changes.take(hit + 1)
    goes_on = (np.diff(place) == 1) & (np.diff(hit_segment) == 0)
    end = np.flatnonzero(np.append(~goes_on, [True] * min(len(hit), 1)))
    counting = np.flatnonzero(~matches.truth_ignored[area])
    return AreaLedger(
        considered_slot=slot[considered],
        first_considered=before.take(matches.class_start[:-1]),
        change_slot=slot.take(position.take(changed)),
        change=change.take(changed).astype(np.int32),
        first_change=np.searchsorted(changed, np.searchsorted(segment, segment_bounds[:-1])),
        hit_slot=slot.take(hit_position),
        hit_segment=hit_segment,
        hit_rank=matches.rank.take(match).take(hit),
        run_segment=hit_segment.take(end),
        run_hits=end + 1,
        run_considered=before.take(hit_position.take(end) + 1),
        run_change=np.searchsorted(changed, hit.take(end), "right"),
        truth_class=matches.truth_class.take(counting),
        truth_slot=matches.truth_unit.take(counting),
    )


def expand_ties(matches: Matches, copies: int) -> tuple[Matches, NDArray[np.intp]]:
    """Spell out the copies of images where their order matters: several equal scores in one image and class.

    Two detections of one score, a hit and a miss, stand in w copies of their image as hit, miss, hit, miss, …:
    no weight on the two says that.  Such runs are repeated *copies* times, the r-th repeat counting if w > r.

    Returns:
        The matches with those runs repeated, and for each position its slot in the table of weights:
        the image alone, or n_units × (1 + r) + image for the r-th repeat.
    """
    n = len(matches.detection)
    unit = matches.detection_unit.astype(np.intp)
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
        detection_unit=unit.take(source),
        detection_score=score.take(source),
        counts_alone=matches.counts_alone.take(source),
        threshold=matches.threshold.take(old),
        position=position.take(order),
        truth=matches.truth.take(old),
        rank=matches.rank.take(old),
        in_area=matches.in_area.take(old),
    )
    return expanded, unit.take(source) + matches.n_units * layer
