"""The greedy assignment itself, without a loop over detections.

Most overlaps form *stars*, one truth with detections that touch nothing else: those have a closed form.
The rest is matched in rounds, the first detections of all groups together, over (area range × threshold) columns.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.sorting import ragged_ranges, rank_in_segment, segment_starts, small_integer_order, taken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.matching.pairs import Edges


def tangled_edges(edges: Edges, n_detections: int, n_truths: int) -> NDArray[np.bool_]:
    """Return which edges belong to a component where some detection touches two truths."""
    tangled_detection = np.bincount(edges.detection, minlength=n_detections) > 1
    tangled_truth = np.zeros(n_truths, bool)
    tangled = taken(tangled_detection, edges.detection)
    while True:
        before = np.count_nonzero(tangled)
        tangled_truth[edges.truth[tangled]] = True
        tangled_detection[edges.detection[taken(tangled_truth, edges.truth)]] = True
        tangled = taken(tangled_detection, edges.detection)
        if np.count_nonzero(tangled) == before:
            return tangled


def match_stars(
    detection: NDArray[np.intp], truth: NDArray[np.intp], passed: NDArray[np.int32], crowd: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.intp], NDArray[np.intp]]:
    """Match detections that touch one truth each: the first by score to pass a threshold has it there.

    Args:
        detection: (e,) member, in the order of score within a truth.
        truth: (e,) truth.
        passed: (e,) how many thresholds the similarity passes.
        crowd: (g,) bool.

    Returns:
        (threshold, member, truth) of the matches.
    """
    order = small_integer_order(truth, len(crowd))
    detection, truth, passed = taken(detection, order), taken(truth, order), taken(passed, order)
    starts = segment_starts(truth)
    # a running maximum within each truth: the truths' ranges of values do not meet
    height = int(passed.max(initial=0)) + 1
    base = np.repeat(np.arange(len(starts), dtype=np.int64) * height, np.diff(starts, append=len(truth)))
    running = np.maximum.accumulate(base + passed) - base
    already = np.empty(len(running), np.int64)
    already[1:] = running[:-1]
    already[starts] = 0
    already[taken(crowd, truth)] = 0
    won = np.maximum(passed - already, 0)
    winners = np.flatnonzero(won)
    lengths = taken(won, winners)
    threshold = ragged_ranges(taken(already, winners), lengths).astype(np.int32)
    return threshold, np.repeat(taken(detection, winners), lengths), np.repeat(taken(truth, winners), lengths)


_BLOCK = 1 << 17  # edges matched together: bounds the memory of the rounds


def match_in_rounds(
    edges: Edges,
    rest: NDArray[np.intp],
    passed: NDArray[np.int32],
    group: NDArray[np.signedinteger[Any]],
    crowd: NDArray[np.bool_],
    truth_ignored: NDArray[np.bool_],
    n_thresholds: int,
) -> list[tuple[Any, ...]]:
    """Match the tangled edges *rest*, a block of whole groups at a time.

    Returns:
        (threshold, member, truth, area bits) per block.
    """
    detection, truth = edges.detection.take(rest), edges.truth.take(rest)
    # within a detection by similarity, later truth last: the place in this order is the preference
    order = np.lexsort((edges.similarity.take(rest), detection))
    detection, truth, passed = detection.take(order), truth.take(order), passed.take(rest).take(order)
    group_starts = segment_starts(group.take(detection))
    found, begin = [], 0
    while begin < len(detection):
        after = int(np.searchsorted(group_starts, begin + _BLOCK, "right"))
        end = int(group_starts[after]) if after < len(group_starts) else len(detection)
        part = slice(begin, end)
        touched, local = np.unique(truth[part], return_inverse=True)
        column, edge = _rounds(
            detection[part], local, passed[part], group, crowd[touched], truth_ignored[:, touched], n_thresholds
        )
        bits = np.left_shift(1, column // n_thresholds)
        found.append((column % n_thresholds, detection[part].take(edge), truth[part].take(edge), bits))
        begin = end
    return found


def _rounds(
    detection: NDArray[np.intp],
    truth: NDArray[np.intp],
    passed: NDArray[np.int32],
    group: NDArray[np.signedinteger[Any]],
    crowd: NDArray[np.bool_],
    truth_ignored: NDArray[np.bool_],
    n_thresholds: int,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Let the r-th detections of all groups choose together, for each r from 0 on.

    Returns:
        (column, edge) of the matches, a column being area range × n_thresholds + threshold.
    """
    n_edges = len(detection)
    starts = segment_starts(detection)
    lengths = np.diff(starts, append=n_edges)
    turn = rank_in_segment(group.take(detection.take(starts)))
    by_turn = np.argsort(turn, kind="stable")
    turn_starts = np.searchsorted(turn.take(by_turn), np.arange(int(turn.max()) + 2))
    out_of_range = np.repeat(truth_ignored.T, n_thresholds, axis=1)
    threshold = np.tile(np.arange(n_thresholds, dtype=np.int32), len(truth_ignored))
    # what is inside the area range goes first, then the later edge
    preference = np.arange(n_edges, dtype=np.int32)[:, None] + np.where(
        out_of_range.take(truth, axis=0), np.int32(0), np.int32(n_edges)
    )
    preference[passed[:, None] <= threshold] = -1
    taken = np.zeros((len(crowd), len(threshold)), bool)
    shared = crowd.take(truth)[:, None]
    columns, winners = [], []
    for begin, end in pairwise(turn_starts):
        choosing = by_turn[begin:end]
        length = lengths.take(choosing)
        edge = ragged_ranges(starts.take(choosing), length)
        best = preference.take(edge, axis=0)
        best[taken.take(truth.take(edge), axis=0) & ~shared.take(edge, axis=0)] = -1
        if len(choosing) < len(edge):
            best = np.maximum.reduceat(best, np.cumsum(length) - length, axis=0)
        row, column = np.nonzero(best >= 0)
        winner = best[row, column] % n_edges
        taken[truth.take(winner), column] = True
        columns.append(column)
        winners.append(winner)
    return np.concatenate(columns), np.concatenate(winners)
