"""Scores of repeated runs, such as one a seed, over one problem or many.

Scores are one row of runs a problem, (problems, runs) or, where problems have unlike numbers of runs, a list of rows;
numbers alone are the runs of one problem.  Each function also takes rows with axes before the runs, as resamples have
them, (…, runs), and then gives an array of those axes.
A score that is NaN makes the result NaN: a failed run has no score, and leaving it out would flatter.

Reference: Agarwal et al. 2021, *Deep Reinforcement Learning at the Edge of the Statistical Precipice*, and its library
rliable, whose matrices are these transposed, (runs, problems).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Scores: TypeAlias = ArrayLike | Sequence[NDArray[np.float64]]
    """One row of runs a problem."""

CUT = 0.25
"""The share of the runs at either end that an interquartile mean leaves out."""
BLOCK = 1 << 22
"""How many comparisons of two scores are made at a time."""


def mean_score(scores: Scores) -> Any:
    """Return the mean over problems of the mean over runs.

    Args:
        scores: (problems, runs), or rows of unlike length.

    >>> float(mean_score([[1.0, 2.0], [3.0, 4.0, 8.0]]))
    3.25
    """
    return np.mean([row.mean(axis=-1) for row in rows_of(scores)], axis=0)


def interquartile_mean(scores: Scores) -> Any:
    """Return the mean of the middle half of all runs of all problems: a quarter at either end is left out.

    Args:
        scores: (problems, runs), or rows of unlike length.

    References: Agarwal et al. 2021, section 4.3; the count left out at either end is rounded down, as in rliable.

    >>> float(interquartile_mean([0.0, 1.0, 2.0, 30.0])), float(interquartile_mean([[0.0, 1.0], [2.0, 30.0]]))
    (1.5, 1.5)
    """
    every = np.sort(np.concatenate(rows_of(scores), axis=-1), axis=-1)
    n = every.shape[-1]
    cut = int(CUT * n)
    # NaN is sorted to the end, where it would be cut off
    return np.where(np.isnan(every[..., -1]), np.nan, every[..., cut : n - cut].mean(axis=-1))


def median_score(scores: Scores) -> Any:
    """Return the median over problems of the mean over runs; of one problem, the median over its runs.

    Args:
        scores: (problems, runs), or rows of unlike length.

    References: Agarwal et al. 2021, section 2.

    >>> float(median_score([[1.0, 3.0], [5.0, 5.0], [9.0, 0.0]])), float(median_score([1.0, 7.0, 3.0]))
    (4.5, 3.0)
    """
    rows = rows_of(scores)
    if len(rows) == 1:
        return np.median(rows[0], axis=-1)
    return np.median([row.mean(axis=-1) for row in rows], axis=0)


def optimality_gap(scores: Scores, target: float = 1.0) -> Any:
    """Return by how much runs fall short of *target* on average; what exceeds it does not make up for it.

    Args:
        scores: (problems, runs), or rows of unlike length.
        target: the score that is good enough, in the scores' unit.

    References: Agarwal et al. 2021, section 4.3, where the target is γ.

    >>> round(float(optimality_gap([[0.5, 2.0], [1.0, 0.9]])), 12)
    0.15
    """
    return target - mean_score([np.minimum(row, target) for row in rows_of(scores)])


def performance_profile(scores: Scores, thresholds: ArrayLike) -> NDArray[np.float64]:
    """Return the share of runs whose score exceeds each threshold, each problem counted alike.

    Args:
        scores: (problems, runs), or rows of unlike length.
        thresholds: (t,) in the scores' unit.

    Returns:
        (…, t) float64, falling.

    References: Agarwal et al. 2021, section 4.2, equation 1 (the score distribution).

    >>> performance_profile([[0.1, 0.5], [0.9, 0.9]], [0.0, 0.5, 0.8]).tolist()
    [1.0, 0.5, 0.5]
    """
    above = np.asarray(thresholds, np.float64)
    rows = rows_of(scores)
    shares = [(row[..., None, :] > above[:, None]).mean(axis=-1) for row in rows]
    unknown = np.any([np.isnan(row).any(axis=-1) for row in rows], axis=0)
    return np.where(unknown[..., None], np.nan, np.mean(shares, axis=0))


def probability_of_improvement(first: Scores, second: Scores) -> Any:
    """Return the chance that a run of *second* scores higher than one of *first*, averaged over problems.

    A tie counts half, also of two infinite scores: it is the statistic U of Mann and Whitney over the number of pairs.

    Args:
        first: (problems, runs), or rows of unlike length.
        second: of the same problems in the same order.

    Raises:
        ValueError: they have not the same number of problems.

    References: Agarwal et al. 2021, section 4.3.

    >>> float(probability_of_improvement([1.0, 2.0], [2.0, 3.0]))
    0.875
    >>> float(probability_of_improvement([1.0, np.inf], [2.0, np.inf]))
    0.625
    """
    one, other = rows_of(first), rows_of(second)
    if len(one) != len(other):
        raise ValueError(f"first and second must have the same problems, got {len(one)} and {len(other)}")
    return np.mean([_improved(*rows) for rows in zip(one, other, strict=True)], axis=0)


def rows_of(scores: Scores) -> list[NDArray[np.float64]]:
    """Return scores as a list of (…, runs) float64, one array a problem.

    Raises:
        ValueError: there is no problem, or one has no run.
    """
    given: Any = scores
    alone = np.ndim(given[0]) == 0 if len(given) else False
    rows = [np.asarray(row, np.float64) for row in ([given] if alone else given)]
    if not rows or not all(row.shape[-1] for row in rows):
        raise ValueError(f"scores: got {[row.shape for row in rows]}, expected problems with at least one run each")
    return rows


def _improved(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chance for one problem, (…): pairs are compared block by block, so that memory stays bounded."""
    shape = first.shape[:-1]
    one, other = first.reshape(-1, first.shape[-1]), second.reshape(-1, second.shape[-1])
    size = max(1, BLOCK // (one.shape[1] * other.shape[1]))
    won = [
        _higher(other[at : at + size, :, None], one[at : at + size, None, :]).mean(axis=(1, 2))
        for at in range(0, len(one), size)
    ]
    return (0.5 + np.concatenate(won) / 2).reshape(shape)


def _higher(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 where left is higher, -1 where right is, 0 for a tie, also of two infinite scores; NaN beside NaN."""
    found = np.greater(left, right).astype(np.float64) - np.less(left, right)
    return np.where(np.isnan(left) | np.isnan(right), np.nan, found)
