"""Average precision of a ranking, every definition by name, and the precision and recall behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Interpolation: TypeAlias = Literal["11_point", "every_point", "step", "101_point", "yolo", "yolo_ramp"]
INTERPOLATIONS: tuple[str, ...] = get_args(Interpolation)
Ties: TypeAlias = Literal["order", "group"]

_ELEVEN = np.arange(11)
_ELEVEN_FLOATS = np.linspace(0, 1, 11)
_HUNDRED_ONE = np.linspace(0, 1, 101)


def average_precision(
    scores: ArrayLike,
    relevance: ArrayLike,
    *,
    interpolation: Interpolation = "step",
    ties: Ties = "order",
    n_relevant: int | None = None,
) -> float:
    """Return the average precision of one ranking.

    Args:
        scores: (n,) numbers, higher is better.
        relevance: (n,) numbers; relevant is what is above 0.
        interpolation: ``step``: the mean of the precisions at the relevant items (scikit-learn, trec_eval's ``map``).
            ``every_point``: each replaced by the highest precision from there on (VOC 2010 and later).
            ``11_point``: the mean of that precision at recall 0, 0.1, … 1 (VOC 2007).
            ``101_point``: at recall 0, 0.01, … 1 (COCO).
            ``yolo``: the area under straight lines between the points, read at these levels (Ultralytics 8.4).
            ``yolo_ramp``: the same with a straight line from the last point to recall 1 (YOLOv5, Ultralytics before).
        ties: ``order``: equal scores rank in the order given; ``group``: they enter together (scikit-learn).
        n_relevant: how many relevant items there are in all, if some were not retrieved.

    Returns:
        The average precision; NaN if there is nothing relevant.

    Raises:
        ValueError: the arguments do not fit together.

    11_point compares recall levels as fractions: 3 of 10 reaches 0.3.
    101_point compares in floating point as pycocotools does.

    References: Everingham et al. 2010, *The PASCAL VOC Challenge*, section 4.2; Lin et al. 2014 (arXiv:1405.0312).

    >>> average_precision([3, 2, 1], [1, 0, 1])
    0.8333333333333333
    >>> average_precision([3, 2, 1], [1, 0, 1], interpolation="11_point")  # (6 · 1 + 5 · 2/3) / 11
    0.8484848484848484
    """
    hits, ranks = ranking_points(scores, relevance, ties=ties)
    if n_relevant is None:
        n_relevant = int(hits[-1]) if len(hits) else 0
    return average_precision_of_points(hits, ranks, n_relevant, interpolation)


def ranking_points(
    scores: ArrayLike, relevance: ArrayLike, *, ties: Ties = "order"
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many relevant items there are up to each cut of the ranking, and how many items.

    Args:
        scores: (n,) numbers, higher is better.
        relevance: (n,) numbers; relevant is what is above 0.
        ties: ``order``: a cut after every item; ``group``: a cut after every distinct score.

    Returns:
        hits: (c,) int64.
        ranks: (c,) int64.

    >>> ranking_points([2, 2, 1], [0, 1, 1], ties="group")
    (array([1, 2]), array([2, 3]))
    """
    score, relevant = _columns(scores, relevance)
    order = np.argsort(-score, kind="stable")
    if ties == "group":
        return points_of_groups(score[order], relevant[order])
    if ties != "order":
        raise ValueError(f"ties: got {ties!r}, expected 'order' or 'group'")
    return points_of_items(relevant[order])


def points_of_items(relevant: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return ``hits`` and ``ranks`` at a cut after every item, given which of the items are relevant, by rank."""
    return np.cumsum(relevant, dtype=np.int64), np.arange(1, len(relevant) + 1)


def points_of_groups(
    scores: NDArray[np.float64], relevant: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return ``hits`` and ``ranks`` at a cut after every distinct score, given both by rank."""
    hits, ranks = points_of_items(relevant)
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], [True] * min(len(scores), 1)))
    return hits[last], ranks[last]


def average_precision_of_points(
    hits: NDArray[np.int64],
    ranks: NDArray[np.int64],
    n_relevant: int,
    interpolation: Interpolation,
    *,
    exact: bool = True,
) -> float:
    """Return the average precision of a precision–recall curve given by counts.

    Args:
        hits: (c,) relevant items up to each cut, non-decreasing.
        ranks: (c,) items up to each cut.
        n_relevant: relevant items in all.
        interpolation: as for :func:`average_precision`.
        exact: compare the 11 recall levels as fractions; else in floating point as VOC's development kit does, for
            which 9 of 15 does not reach the level 0.6, being 0.6000000000000001.
    """
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"interpolation: got {interpolation!r}, expected one of {', '.join(INTERPOLATIONS)}")
    if len(hits) and n_relevant < hits[-1]:
        raise ValueError(f"n_relevant: got {n_relevant}, but {hits[-1]} relevant items were retrieved")
    if n_relevant == 0:
        return float("nan")
    precision = hits / ranks
    if interpolation == "step":
        return float(np.sum(np.diff(hits, prepend=0) * precision) / n_relevant)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    if interpolation == "every_point":
        return float(np.sum(np.diff(hits, prepend=0) * envelope) / n_relevant)
    if interpolation in ("yolo", "yolo_ramp"):
        return _under_lines(hits / n_relevant, envelope, ramp=interpolation == "yolo_ramp")
    if interpolation == "11_point" and exact:
        at = np.searchsorted(10 * hits, n_relevant * _ELEVEN)
    else:
        at = np.searchsorted(hits / n_relevant, _HUNDRED_ONE if interpolation == "101_point" else _ELEVEN_FLOATS)
    return float(np.mean(np.append(envelope, 0.0)[at]))


def _under_lines(recall: NDArray[np.float64], envelope: NDArray[np.float64], *, ramp: bool) -> float:
    """Return the area under the curve that begins at precision 1 and ends at 0, by trapezoids between 101 levels.

    Source: ``compute_ap`` of Ultralytics and YOLOv5, ``metrics.py``.
    """
    if not len(recall):
        return 0.0
    end = [1.0] if ramp else [recall[-1], 1.0]
    precision = np.concatenate([[1.0], envelope, np.zeros(len(end))])
    return float(np.trapezoid(np.interp(_HUNDRED_ONE, np.concatenate([[0.0], recall, end]), precision), _HUNDRED_ONE))


def precision_recall_by_rank(scores: ArrayLike, relevance: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return precision and recall after each item of the ranking.

    Args:
        scores: (n,) numbers, higher is better; equal ones rank in the order given.
        relevance: (n,) numbers; relevant is what is above 0.

    Returns:
        precision: (n,) float64.
        recall: (n,) float64; NaN if there is nothing relevant.

    >>> precision_recall_by_rank([3, 2, 1], [1, 0, 1])
    (array([1.        , 0.5       , 0.66666667]), array([0.5, 0.5, 1. ]))
    """
    hits, ranks = ranking_points(scores, relevance)
    total = hits[-1] if len(hits) else 0
    with np.errstate(invalid="ignore"):
        return hits / ranks, hits / total


def _columns(scores: ArrayLike, relevance: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    score, grade = np.asarray(scores, np.float64), np.asarray(relevance, np.float64)
    if score.ndim != 1 or score.shape != grade.shape:
        raise ValueError(f"scores and relevance: got shapes {score.shape} and {grade.shape}, expected (n,) twice")
    if np.isnan(score).any() or np.isnan(grade).any():
        raise ValueError("scores and relevance: NaN cannot be ranked")
    return score, grade > 0
