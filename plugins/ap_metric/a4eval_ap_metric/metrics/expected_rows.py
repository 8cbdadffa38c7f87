"""The table ``ties`` of a metric of rankings: each value beside its mean over the orders of equal scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_ap_metric.rankings.expected import orders, ties_matter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from a4eval import Row
    from a4eval_ap_metric.metrics.ranking_state import Ranking

_IN_ALL = 20_000  # orders drawn, of all queries together
_FEWEST, _MOST = 10, 200  # of each


def expected_rows(
    rankings: Iterable[Ranking],
    of_query: Callable[[Ranking], Sequence[float]],
    table: NDArray[np.float64],
    average: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
    names: Sequence[str],
) -> list[Row]:
    """Return one row a measure that ties move: its value, and what it is on average over the orders of equal scores.

    Args:
        rankings: all queries.
        of_query: the measures of one.
        table: (q, m) the measures as they are reported.
        average: from (q, m) of each query and weights (1, q) to (1, m) of all.
        names: (m,) of the measures.

    Returns:
        No row where ties change nothing.
    """
    tied = {
        index: one for index, one in enumerate(rankings) if ties_matter(one.score, np.nan_to_num(one.relevance, nan=-1))
    }
    if not tied:
        return []
    rng = np.random.default_rng(0)
    draws = int(np.clip(_IN_ALL // len(tied), _FEWEST, _MOST))
    expected = table.copy()
    for index, one in tied.items():
        rows = np.array([of_query(_in_order(one, order)) for order in orders(one.score, draws, rng)])
        expected[index] = rows.mean(axis=0)
    once = np.ones((1, len(table)))
    pairs: Any = zip(names, average(table, once)[0].tolist(), average(expected, once)[0].tolist(), strict=True)
    return [
        {"measure": name, "value": value, "expected": mean}
        for name, value, mean in pairs
        if not np.isclose(value, mean, rtol=0, atol=1e-12, equal_nan=True)
    ]


def _in_order(ranking: Ranking, order: NDArray[np.intp]) -> Ranking:
    """Return a ranking whose items have scores of their own, in this order."""
    document = ranking.document
    return ranking._replace(
        score=-np.arange(len(order), dtype=np.float64),
        relevance=ranking.relevance[order],
        document=None if document is None else document[order],
    )
