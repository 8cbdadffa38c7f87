"""The measures of trec_eval on one judged ranking, each as trec_eval computes it.

``grades`` are the relevance grades of the retrieved items in rank order, NaN for an item nobody judged;
``judged`` are the grades of all judged items, retrieved or not.  Relevant is a grade of at least ``level``.

Source: trec_eval 9 (Buckley, NIST), files ``m_*.c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CUTOFFS = (5, 10, 15, 20, 30, 100, 200, 500, 1000)
LEVELS = tuple(f"{one / 10:.2f}" for one in range(11))
FAMILIES = ("P", "recall", "success", "map_cut", "ndcg_cut")
"""Measures at a cutoff."""
COUNTS = ("num_q", "num_ret", "num_rel", "num_rel_ret")
_SMALLEST = 0.00001  # what gm_map takes for a query without any hit


def measure_names(cutoffs: Sequence[int] = CUTOFFS) -> tuple[str, ...]:
    """Return the names of all measures, those of trec_eval.

    >>> measure_names([5])[:6]
    ('num_q', 'num_ret', 'num_rel', 'num_rel_ret', 'map', 'gm_map')
    """
    single = ("map", "gm_map", "Rprec", "bpref", "recip_rank", "11pt_avg", "ndcg", "set_P", "set_recall", "set_F")
    at = [f"{family}_{cutoff}" for family in FAMILIES for cutoff in cutoffs]
    return (*COUNTS, *single, *(f"iprec_at_recall_{one}" for one in LEVELS), *at)


def ranking_measures(
    grades: NDArray[np.float64], judged: NDArray[np.float64], *, level: float = 1, cutoffs: Sequence[int] = CUTOFFS
) -> dict[str, float]:
    """Return all measures of one query.

    Args:
        grades: (n,) float64 in rank order, NaN or negative where not judged.
        judged: (j,) float64, all judged grades; negative ones count as not judged.
        level: the lowest grade that is relevant.
        cutoffs: ranks for the measures at a cut.

    Returns:
        By name; a query without a relevant item has 0 throughout, as in trec_eval.  ``gm_map`` is the query's AP.

    >>> found = ranking_measures(np.array([1.0, 0, np.nan, 2]), np.array([1.0, 0, 2, 1]), cutoffs=[2])
    >>> found["map"], found["P_2"], found["num_rel"]
    (0.5, 0.5, 3.0)
    """
    # a grade below 0 says that the item lies in the pool and was not judged
    grades, judged = np.where(grades < 0, np.nan, grades), judged[judged >= 0]
    relevant = grades >= level
    hits = np.cumsum(relevant, dtype=np.intp)
    n, n_relevant = len(grades), int(np.count_nonzero(judged >= level))
    found = int(hits[-1]) if n else 0
    ranks = np.arange(1, n + 1)
    precision = hits / ranks
    at_hit = np.flatnonzero(relevant)

    def of_relevant(value: float) -> float:
        return float(value) / n_relevant if n_relevant else 0.0

    def hits_at(cutoff: int) -> int:
        return int(hits[min(cutoff, n) - 1]) if n and cutoff else 0

    values = {
        "num_q": 1.0,
        "num_ret": float(n),
        "num_rel": float(n_relevant),
        "num_rel_ret": float(found),
        "map": of_relevant(precision[at_hit].sum()),
        "Rprec": of_relevant(hits_at(n_relevant)),
        "bpref": of_relevant(_bpref(grades, judged, level)),
        "recip_rank": 1 / (int(at_hit[0]) + 1) if found else 0.0,
        "ndcg": _ndcg(grades, judged, max(n, len(judged))),
        "set_P": found / n if n else 0.0,
        "set_recall": of_relevant(found),
    }
    values["gm_map"] = values["map"]
    both = values["set_P"] + values["set_recall"]
    values["set_F"] = 2 * values["set_P"] * values["set_recall"] / both if both else 0.0
    levels = _interpolated(hits, precision, n_relevant)
    values |= {f"iprec_at_recall_{name}": value for name, value in zip(LEVELS, levels, strict=True)}
    values["11pt_avg"] = float(np.mean(levels))
    for cutoff in cutoffs:
        values[f"P_{cutoff}"] = hits_at(cutoff) / cutoff
        values[f"recall_{cutoff}"] = of_relevant(hits_at(cutoff))
        values[f"success_{cutoff}"] = float(hits_at(cutoff) > 0)
        values[f"map_cut_{cutoff}"] = of_relevant(precision[at_hit[at_hit < cutoff]].sum())
        values[f"ndcg_cut_{cutoff}"] = _ndcg(grades[:cutoff], judged, cutoff)
    return {name: values[name] for name in measure_names(cutoffs)}


def average_measures(
    table: NDArray[np.float64], weights: NDArray[np.float64], names: Sequence[str]
) -> NDArray[np.float64]:
    """Return the measures over queries: sums of counts, the geometric mean for ``gm_map``, means of the rest.

    Args:
        table: (q, m) of each query.
        weights: (r, q) how often each query counts.
        names: (m,) of the measures.

    Returns:
        (r, m) float64; NaN means where no query counts.
    """
    total = weights.sum(axis=1, keepdims=True)
    geometric = [index for index, name in enumerate(names) if name == "gm_map"]
    counts = [index for index, name in enumerate(names) if name in COUNTS]
    table = table.copy()
    table[:, geometric] = np.log(np.maximum(table[:, geometric], _SMALLEST))
    sums = weighted_sums(table, weights)
    with np.errstate(invalid="ignore"):
        means: NDArray[np.float64] = sums / total
    means[:, geometric] = np.exp(means[:, geometric])
    means[:, counts] = sums[:, counts]
    return means


def weighted_sums(table: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums over queries: (r, m) float64 for a table (q, m) and weights (r, q).

    Row by row, not as a product of matrices, whose last bits depend on how many rows there are.
    """
    return np.array([(one[:, None] * table).sum(axis=0) for one in weights]).reshape(len(weights), table.shape[1])


def _interpolated(hits: NDArray[np.intp], precision: NDArray[np.float64], n_relevant: int) -> list[float]:
    """Return the highest precision at or beyond recall 0, 0.1, … 1."""
    if not n_relevant or not len(hits):
        return [0.0] * len(LEVELS)
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    # trec_eval rounds the number of items that a level needs; before version 9.0.8 it rounded up
    needed = [int(float(one) * n_relevant + 0.5) for one in LEVELS]
    return [float(best[np.searchsorted(hits, one)]) for one in needed]


def _bpref(grades: NDArray[np.float64], judged: NDArray[np.float64], level: float) -> float:
    """Return the sum over hits of 1 − the share of judged non-relevant items above (Buckley & Voorhees 2004)."""
    n_relevant = int(np.count_nonzero(judged >= level))
    n_other = int(np.count_nonzero(judged < level))
    above = np.cumsum(grades < level)[grades >= level]
    bound = min(n_relevant, n_other)
    lost = np.where(above > 0, np.minimum(above, n_relevant) / max(bound, 1), 0.0)
    return float(np.sum(1 - lost))


def _ndcg(grades: NDArray[np.float64], judged: NDArray[np.float64], cutoff: int) -> float:
    """Return the discounted gain over that of the ideal ranking, gain being the grade (Järvelin & Kekäläinen 2002)."""
    ideal = np.sort(judged[judged > 0])[::-1][:cutoff]
    best = float(np.sum(ideal / np.log2(np.arange(2, len(ideal) + 2))))
    gains = np.where(grades > 0, grades, 0.0)
    return float(np.sum(gains / np.log2(np.arange(2, len(gains) + 2)))) / best if best else 0.0
