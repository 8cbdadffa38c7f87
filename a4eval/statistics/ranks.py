"""Which of many is best, how sure that is, and how good the best one really is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def ranks_between(better: ArrayLike) -> NDArray[np.intp]:
    """Return the ranks that each candidate may have, first and last, where 1 is best.

    Args:
        better: (n, n) bool, whether candidate i was shown to be better than j, corrected for all pairs.

    Returns:
        (n, 2): with the level of that correction all true ranks lie within.

    References: Al Mohamad, Goeman & van Zwet 2022, *Simultaneous Confidence Intervals for Ranks*.

    >>> ranks_between([[False, True, True], [False, False, False], [False, False, False]]).tolist()
    [[1, 1], [2, 3], [2, 3]]
    """
    shown = np.asarray(better, bool)
    return np.stack([1 + shown.sum(axis=0), len(shown) - shown.sum(axis=1)], axis=1)


def chance_of_best(values: ArrayLike) -> NDArray[np.float64]:
    """Return in which share of the resamples each candidate is the best; those that tie share it.

    Args:
        values: (candidates, resamples) float64, higher is better.

    >>> chance_of_best([[1.0, 2.0, 3.0, 0.0], [1.0, 0.0, 0.0, 1.0]]).tolist()
    [0.625, 0.375]
    """
    given = np.asarray(values, np.float64)
    best = given == given.max(axis=0)
    return np.asarray((best / np.maximum(best.sum(axis=0), 1)).mean(axis=1))


def held_out_best(scores: ArrayLike) -> NDArray[np.float64]:
    """Return, for each run, the score in it of whichever candidate is the best in all others.

    The best of many owes its lead partly to luck; in a run that had no part in choosing it, it has none.
    The mean of what is returned is what choosing the best of so many gives; those that tie are averaged.

    Args:
        scores: (candidates, runs) float64, higher is better; a run is of one seed for all, and there are at least two.

    Returns:
        (runs,) float64.

    Raises:
        ValueError: there is one run alone.

    References: Varma & Simon 2006, *Bias in Error Estimation When Using Cross-Validation for Model Selection*.

    >>> held_out_best([[1.0, 1.0, 4.0], [2.0, 2.0, 0.0]]).tolist()
    [1.0, 1.0, 0.0]
    """
    given = np.asarray(scores, np.float64)
    if given.ndim != 2 or given.shape[1] < 2:
        raise ValueError(f"scores: got shape {given.shape}, expected (candidates, runs) with two runs or more")
    found = []
    for run in range(given.shape[1]):
        others = np.delete(given, run, axis=1).mean(axis=1)
        found.append(given[others == others.max(), run].mean() if not np.isnan(others).any() else np.nan)
    return np.array(found)
