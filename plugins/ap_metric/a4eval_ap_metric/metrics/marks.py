"""Rows of the table of marks: each truth and detection of an image with all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.detections.outlines import outline
from a4eval_ap_metric.measures.errors import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval import Row

OUTCOMES = ("hit", "false", "missed", "found", "ignored")
"""A right detection, a wrong one; a truth without and with a detection; what counts for nothing."""
HIT, FALSE, MISSED, FOUND, IGNORED = range(len(OUTCOMES))


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """The truths or the detections of an image.

    Args:
        of_class: (m,) class.
        other: (m,) class on the other side of the confusion matrix, the number of classes for none, one more where
            there is no place in it.
        outcome: (m,) place in :data:`OUTCOMES`.
        kind: (m,) place in :data:`a4eval_ap_metric.measures.errors.KINDS`, behind them for no error.
        cost: (m,) float64.
        score: (m,) float64; None for truths.
        box: (m, 4) xywh, pixels, or from :func:`hundredths`.
        mask: (m,) run lengths, if there are any.
    """

    of_class: NDArray[np.integer[Any]]
    other: NDArray[np.integer[Any]]
    outcome: NDArray[np.integer[Any]]
    kind: NDArray[np.integer[Any]]
    cost: NDArray[np.float64]
    score: NDArray[np.float64] | None
    box: NDArray[Any]
    mask: NDArray[Any] | None


def mark_rows(
    truths: Marked, detections: Marked, names: Sequence[str], most: int, flip: NDArray[np.str_] | None = None
) -> list[Row]:
    """Return a row for each truth and detection of an image: what flips first, then errors by cost, then the rest.

    Args:
        truths: of the image.
        detections: of the image.
        names: of the classes, and last what stands for none.
        most: rows at most; detections that are right go last, the surest of them first.
        flip: (m,) text, ``lost`` or ``gained`` of truths that one of two detectors missed.
    """
    rows: list[tuple[tuple[Any, ...], Row]] = []
    kinds = (*KINDS, None)
    for side in (truths, detections):
        for row, (mine, other, cost) in enumerate(
            zip(side.of_class.tolist(), side.other.tolist(), side.cost.tolist(), strict=True)
        ):
            score = None if side.score is None else float(side.score[row])
            flips = {} if flip is None else {"flip": str(flip[row]) if score is None else ""}
            cell = (mine, other) if score is None else (other, mine)
            one: Row = {
                "outcome": OUTCOMES[side.outcome[row]],
                "class": names[mine],
                "score": score,
                "error": kinds[side.kind[row]],
                "cost": float(f"{cost:.3g}") if cost else None,
                **_confusion(*cell, names),
                **flips,
                **_place(side.box[row]),
                **({} if side.mask is None else {"outline": outline(side.mask[row])}),
            }
            rows.append(((not flips.get("flip"), -cost, 0, row) if score is None else (True, -cost, 1, -score), one))
    rows.sort(key=lambda each: each[0])
    return [one for _, one in rows[:most]]


def _confusion(truth: int, detected: int, names: Sequence[str]) -> Row:
    """Return the cell of the confusion matrix, nothing where nothing is confused."""
    if max(truth, detected) >= len(names) or truth == detected:
        return {"truth": None, "detected": None}
    return {"truth": names[truth], "detected": names[detected]}


_BLOCK = 1 << 16  # boxes at a time: bounds the memory


def hundredths(box: NDArray[np.float64]) -> NDArray[Any]:
    """Return boxes as they are shown, in half the room: int32 hundredths of a pixel, or as they are if too far away.

    Args:
        box: (n, 4) float64, pixels.

    >>> hundredths(np.array([[0.125, 2.675, 300, 0.5]]))
    array([[   12,   267, 30000,    50]], dtype=int32)
    """
    found = np.empty(box.shape, np.int32)
    for begin in range(0, len(box), _BLOCK):
        some = box[begin : begin + _BLOCK]
        scaled = some * 100
        whole = np.rint(scaled)
        if not (np.abs(whole) < np.iinfo(np.int32).max).all():
            return box
        # of what lies between two of them the product cannot tell which is nearer
        between = np.abs(np.abs(scaled - whole) - 0.5) < 1e-6
        whole[between] = [round(100 * round(one, 2)) for one in some[between].tolist()]
        found[begin : begin + _BLOCK] = whole
    return found


def _place(box: NDArray[Any]) -> Row:
    exact = box.dtype == np.int32
    sides = [one / 100 if exact else round(one, 2) for one in box.tolist()]
    return dict(zip(("x", "y", "width", "height"), sides, strict=True))
