"""Measures of rankings that model a reader, or what was not judged: ERR, RBP, infAP, and pairs in order.

``grades`` are by rank, NaN for an item that is not in the pool and negative for one in it that nobody judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EPSILON = 0.00001  # by which trec_eval smooths infAP


def expected_reciprocal_rank(grades: NDArray[np.float64], *, highest: float, cutoff: int | None = None) -> float:
    """Return the expected reciprocal rank of the item at which a reader is content and stops.

    Args:
        grades: (n,) by rank; what is not judged or below 0 contents nobody.
        highest: the highest grade of the scale: an item of grade g contents with chance (2^g − 1) / 2^highest.
        cutoff: the reader looks at so many items; at all if None.

    Raises:
        ValueError: a grade is beyond *highest*.

    Source: Chapelle et al. 2009, *Expected Reciprocal Rank for Graded Relevance*.

    >>> expected_reciprocal_rank(np.array([0.0, 1.0]), highest=1)  # found at rank 2 with chance 1/2
    0.25
    """
    grade = np.maximum(np.nan_to_num(grades[:cutoff]), 0)
    if len(grade) and grade.max() > highest:
        raise ValueError(f"highest_grade: got {highest:g}, but an item has the grade {grade.max():g}")
    content = (2**grade - 1) / 2**highest
    reached = np.cumprod(np.append(1.0, 1 - content))[:-1]
    return float(np.sum(reached * content / np.arange(1, len(grade) + 1)))


def rank_biased_precision(relevant: NDArray[np.bool_], *, persistence: float) -> float:
    """Return the share of relevant items among those looked at by a reader who goes on with chance *persistence*.

    Source: Moffat & Zobel 2008, *Rank-Biased Precision for Measurement of Retrieval Effectiveness*.

    >>> rank_biased_precision(np.array([True, False, True]), persistence=0.5)
    0.625
    """
    return float((1 - persistence) * np.sum(relevant * persistence ** np.arange(len(relevant))))


def inferred_average_precision(grades: NDArray[np.float64], n_relevant: int, *, level: float) -> float:
    """Return average precision inferred from a pool of which a sample was judged.

    Args:
        grades: (n,) by rank.
        n_relevant: judged relevant items, retrieved or not.
        level: the lowest grade that is relevant.

    Source: Yilmaz & Aslam 2006; ``m_infap.c`` of trec_eval 9.

    >>> inferred_average_precision(np.array([1.0, 0.0]), 1, level=1)
    1.0
    """
    if not n_relevant:
        return 0.0
    relevant, other, pooled = grades >= level, (grades >= 0) & (grades < level), grades < 0
    before = np.arange(len(grades), dtype=np.float64)
    counts = [np.cumsum(one) - one for one in (relevant, other, pooled)]
    hits, misses, unjudged = np.array(counts, np.float64)
    precision = (hits + _EPSILON) / (hits + misses + 2 * _EPSILON)
    # of the items before, those in the pool are relevant as often as its judged ones
    value = (1 + (hits + misses + unjudged) * precision) / (before + 1)
    value[:1] = 1.0
    return float(value[relevant].sum() / n_relevant)


def pairs_in_order(scores: NDArray[np.float64], grades: NDArray[np.float64], judged: NDArray[np.float64]) -> float:
    """Return the share of pairs of judged items of other grades of which the better one ranks higher.

    Args:
        scores: (n,) of the retrieved items.
        grades: (n,) their grades.
        judged: (j,) all judged grades; items that were not retrieved rank below, all as one.

    Returns:
        Equal scores count half; NaN if all grades are equal.

    >>> pairs_in_order(np.array([3.0, 2, 1]), np.array([2.0, 0, 1]), np.array([2.0, 0, 1]))
    0.6666666666666666
    """
    known = grades >= 0
    values, levels = scores[known], grades[known]
    left = np.sort(judged[judged >= 0])
    for one in levels:  # what was retrieved is no longer left
        left = np.delete(left, np.searchsorted(left, one))
    rank = np.append(np.unique(values, return_inverse=True)[1] + 1, np.zeros(len(left), np.intp))
    grade = np.append(levels, left)
    n_ranks = int(rank.max(initial=0)) + 1
    right = total = 0.0
    of_level = [np.bincount(rank[grade == one], minlength=n_ranks) for one in np.unique(grade)]
    below = np.zeros(n_ranks)  # of all lower grades, by rank
    for count in of_level:
        right += float(np.sum(count * (np.cumsum(below) - below / 2)))
        total += float(count.sum() * below.sum())
        below = below + count
    return right / total if total else float("nan")
