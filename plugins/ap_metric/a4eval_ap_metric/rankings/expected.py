"""What a measure of a ranking is worth on average over the orders of equal scores."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ALL_ORDERS = 720
"""So many orders of a ranking are gone through; of more, some are drawn."""


def ties_matter(scores: NDArray[np.float64], grades: NDArray[np.float64]) -> bool:
    """Return whether items of one score have different grades.

    >>> ties_matter(np.array([1.0, 1]), np.array([0.0, 1])), ties_matter(np.array([1.0, 1]), np.array([1.0, 1]))
    (True, False)
    """
    return any(len(np.unique(grades[rows])) > 1 for rows in _groups(scores))


def orders(scores: NDArray[np.float64], draws: int, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """Yield the orders of items in which equal scores stand in any order: all of them, or *draws* at random.

    Args:
        scores: (n,) float64.
        draws: how many, where there are more than :data:`ALL_ORDERS`.
        rng: the random numbers.
    """
    groups = _groups(scores)
    if math.prod(math.factorial(min(len(one), 10)) for one in groups) <= ALL_ORDERS:
        for parts in itertools.product(*(itertools.permutations(one.tolist()) for one in groups)):
            yield np.array(list(itertools.chain.from_iterable(parts)), np.intp)
        return
    for _ in range(draws):
        yield np.lexsort((rng.random(len(scores)), -scores))


def _groups(scores: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """Return the rows of each score, the highest first."""
    order = np.argsort(-scores, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(scores[order])) + 1)
