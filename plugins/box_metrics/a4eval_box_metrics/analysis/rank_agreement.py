"""How often two measures rank the same predictions differently."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class RankAgreement:
    """How two rankings agree.

    Args:
        tau: Kendall's tau-b: 1 for the same order, −1 for the opposite one, 0 for no relation; NaN if one is constant.
        disagreement: share of the pairs, among those neither measure calls a tie, that they order differently.
        pairs: the number of those pairs.
    """

    tau: float
    disagreement: float
    pairs: int


def rank_agreement(first: ArrayLike, second: ArrayLike) -> RankAgreement:
    """Compare the orders of two measures of the same predictions, in O(n log² n).

    Args:
        first: (n,) one value a prediction, higher is better.
        second: (n,) the same.

    Raises:
        ValueError: the lengths differ, or a value is NaN.

    Paper: Kendall (1945), "The treatment of ties in ranking problems"; the counting is that of Knight (1966);
    reference implementation: ``scipy.stats.kendalltau``.

    >>> rank_agreement([1, 2, 3, 4], [1, 2, 4, 3])
    RankAgreement(tau=0.6666666666666666, disagreement=0.16666666666666666, pairs=6)
    """
    x, y = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"got shapes {x.shape} and {y.shape}, expected (n,) and (n,)")
    if np.isnan(x).any() or np.isnan(y).any():
        raise ValueError("got NaN: it cannot be ranked")
    rank_x, rank_y = (np.unique(one, return_inverse=True)[1] for one in (x, y))
    n = len(x)
    total = n * (n - 1) // 2
    tied_x, tied_y = _tied_pairs(np.bincount(rank_x)), _tied_pairs(np.bincount(rank_y))
    tied_both = _tied_pairs(np.unique(rank_x * (n + 1) + rank_y, return_counts=True)[1])
    discordant = _inversions(rank_y[np.lexsort((rank_y, rank_x))])  # pairs tied in x are in ascending y: no inversions
    concordant = total - tied_x - tied_y + tied_both - discordant
    ranked = concordant + discordant
    scale = math.sqrt((total - tied_x) * (total - tied_y))
    return RankAgreement(
        (concordant - discordant) / scale if scale else float("nan"),
        discordant / ranked if ranked else float("nan"),
        ranked,
    )


def _tied_pairs(counts: NDArray[np.integer[Any]]) -> int:
    counts = counts.astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def _inversions(ranks: NDArray[np.integer[Any]]) -> int:
    """Count the pairs i < j with ranks[i] > ranks[j]: merge sort, all merges of a level at once."""
    n, found, half = len(ranks), 0, 1
    place = np.arange(n)
    while half < n:
        block = place // (2 * half)
        left = (place // half) % 2 == 0
        order = np.lexsort((place, ranks, block))  # within a block by rank; of equal ranks the left one first
        seen = np.cumsum(left[order])
        lefts = np.bincount(block, weights=left).astype(np.int64)
        before = np.cumsum(lefts) - lefts
        right = ~left[order]
        owner = block[order][right]
        found += int((lefts[owner] - (seen[right] - before[owner])).sum())
        half *= 2
    return found
