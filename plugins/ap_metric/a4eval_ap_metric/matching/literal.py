"""pycocotools' matching loop as it is written, for images and classes where a similarity is NaN.

NaN breaks the order that the fast matching rests on; in pycocotools it passes every comparison and so is a match.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.sorting import ragged_ranges, segment_starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval_ap_metric.matching.pairs import PairSimilarity


def match_literally(
    member: NDArray[np.intp],
    group: NDArray[np.integer[Any]],
    first: NDArray[np.integer[Any]],
    count: NDArray[np.integer[Any]],
    similarity: PairSimilarity,
    thresholds: NDArray[np.float64],
    crowd: NDArray[np.bool_],
    truth_ignored: NDArray[np.bool_],
) -> tuple[Any, ...]:
    """Match the detections *member*, which are whole groups in the order (group, score).

    Args:
        member: (m,) detections.
        group: (m,) their groups.
        first: (m,) first truth of the group.
        count: (m,) number of truths of the group.
        similarity: of pairs.
        thresholds: (t,) ascending.
        crowd: (g,) bool.
        truth_ignored: (a, g) bool.

    Returns:
        (threshold, member, truth, area bits) of the matches.
    """
    found: list[tuple[int, int, int, int]] = []
    starts = segment_starts(group)
    for begin, end in zip(starts, np.append(starts[1:], len(member)), strict=True):
        members, n_truths = member[begin:end], int(count[begin])
        truths = np.arange(first[begin], first[begin] + n_truths)
        pairs = similarity(np.repeat(members, n_truths), ragged_ranges(first[begin:end], count[begin:end]))
        table = pairs.reshape(len(members), n_truths)
        for area, ignored in enumerate(truth_ignored[:, truths]):
            order = np.argsort(ignored, kind="stable")
            for index, threshold in enumerate(thresholds):
                winners = _one_pass(table[:, order], float(threshold), crowd[truths][order], ignored[order])
                found += [(index, int(members[d]), int(truths[order[g]]), 1 << area) for d, g in winners]
    columns = np.array(found, np.int64).reshape(-1, 4).T
    return columns[0], columns[1], columns[2], columns[3]


def _one_pass(
    table: NDArray[np.float64], threshold: float, crowd: NDArray[np.bool_], ignored: NDArray[np.bool_]
) -> list[tuple[int, int]]:
    taken: set[int] = set()
    winners = []
    for detection, row in enumerate(table):
        best, match = threshold, -1
        for truth, value in enumerate(row):
            if truth in taken and not crowd[truth]:
                continue
            if match > -1 and not ignored[match] and ignored[truth]:
                break
            if value < best:  # never true of NaN
                continue
            best, match = value, truth
        if match > -1:
            taken.add(match)
            winners.append((detection, match))
    return winners
