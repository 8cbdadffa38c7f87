"""The order of a ranking where scores are equal: a stated policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from a4eval_ap_metric.rankings.average_precision import average_precision

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from a4eval_ap_metric.rankings.average_precision import Interpolation

Policy: TypeAlias = Literal["order", "trec", "group"]
POLICIES: tuple[str, ...] = get_args(Policy)


def ranking_order(scores: ArrayLike, *, ties: Policy = "order", documents: ArrayLike | None = None) -> NDArray[np.intp]:
    """Return the rows by rank.

    Args:
        scores: (n,) numbers, higher is better.
        ties: ``order``: equal scores rank as given; ``trec``: by document id, the last in the alphabet first, scores
            being compared as float64, as trec_eval does today (``form_res_rels.c``; its older releases, and
            pytrec_eval, compare as float32).
        documents: (n,) ids, for ``trec``.

    >>> ranking_order([1, 2, 2], ties="trec", documents=["a", "b", "c"])
    array([2, 1, 0])
    """
    score = np.asarray(scores, np.float64)
    if ties != "trec":
        return np.argsort(-score, kind="stable")
    if documents is None:
        raise ValueError("ties: 'trec' orders equal scores by document, but there are no document ids")
    rank_of_id = np.unique(np.asarray(documents), return_inverse=True)[1]
    return np.lexsort((-rank_of_id, -score))


def tie_range(
    scores: ArrayLike, relevance: ArrayLike, *, interpolation: Interpolation = "step", n_relevant: int | None = None
) -> tuple[float, float]:
    """Return the lowest and the highest average precision over all orders of items with equal scores.

    Args:
        scores: (n,) numbers, higher is better.
        relevance: (n,) numbers; relevant is what is above 0.
        interpolation: as for :func:`a4eval_ap_metric.average_precision`.
        n_relevant: how many relevant items there are in all, if some were not retrieved.

    Moving a relevant item up never lowers precision at any recall, so the two are reached with the relevant items
    last and first within each tie.

    >>> tie_range([2, 2, 1], [1, 0, 1])
    (0.5833333333333333, 0.8333333333333333)
    """
    score, grade = np.asarray(scores, np.float64), np.asarray(relevance, np.float64)
    bounds = []
    for sign in (1, -1):
        order = np.lexsort((sign * (grade > 0), -score))
        bounds.append(average_precision(score[order], grade[order], interpolation=interpolation, n_relevant=n_relevant))
    return bounds[0], bounds[1]
