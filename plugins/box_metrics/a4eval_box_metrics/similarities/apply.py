"""Pairs of boxes and what formulas are made of; running a formula over matched pairs, over all pairs, or for slopes."""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from a4eval_box_metrics.boxes.columns import Columns, as_floats, columns, dual_columns
from a4eval_box_metrics.boxes.shapes import matched, table
from a4eval_box_metrics.similarities.pair import Pair

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from a4eval_box_metrics.boxes.types import Floats

TILE = 1 << 18
"""Bytes of an intermediate array, for a formula that makes many of them."""

LARGE_TILE = 1 << 19
"""The same for a formula that works in place with three: fewer tiles, so fewer of numpy's costly calls."""

NARROW = 256
"""Fewer columns than this are worked on transposed: numpy's inner loop runs along the last axis, so make it long."""


Formula: TypeAlias = "Callable[[Pair], Any]"
"""Takes a :class:`Pair`, returns a :data:`a4eval_box_metrics.boxes.types.Quantity`."""


def elementwise(formula: Formula, predicted: ArrayLike, truth: ArrayLike, format: str = "xyxy") -> Floats:
    """Apply a formula to matched pairs.

    Args:
        formula: takes a :class:`Pair`, returns one number a pair.
        predicted: (…, 4) boxes.
        truth: (…, 4) boxes; the leading axes broadcast.
        format: the format of both, see :data:`a4eval_box_metrics.boxes.types.FORMATS`.

    Returns:
        (…,) in the wider dtype of the two.

    Raises:
        ValueError: unsound boxes (the row is named) or shapes that do not match.
    """
    left, right = columns(predicted, format, what="predicted"), columns(truth, format, what="truth")
    if matched(left.x1.shape, right.x1.shape, 4) == ():  # formulas work in place, which a scalar cannot
        return np.asarray(formula(Pair(left[None], right[None], solid=_solid(left, right, format)))[0])
    return np.asarray(formula(Pair(left, right, solid=_solid(left, right, format))))


def gradient(formula: Formula, predicted: ArrayLike, truth: ArrayLike, format: str = "xyxy") -> Floats:
    """Differentiate a formula with respect to the predicted boxes of matched pairs.

    At corners of the formula (touching boxes, coinciding edges or centres) this is the mean of the one-sided slopes.

    Args:
        formula: takes a :class:`Pair` of dual numbers, returns one number a pair.
        predicted: (…, 4) boxes.
        truth: (…, 4) boxes of the same leading shape.
        format: the format of both.

    Returns:
        (…, 4): the slope of the value along each of the four numbers of *format*.

    Raises:
        ValueError: as :func:`elementwise`.
    """
    left, right = columns(predicted, format, what="predicted"), columns(truth, format, what="truth")
    shape = matched(left.x1.shape, right.x1.shape, 4)
    boxes = as_floats(predicted, 4, "predicted")
    moving = dual_columns(np.broadcast_to(boxes, (*shape, 4)), format)
    slopes = formula(Pair(moving, right, solid=_solid(left, right, format))).partials
    return np.ascontiguousarray(np.moveaxis(slopes, 0, -1))


def pairwise(
    formula: Formula,
    predicted: ArrayLike,
    truth: ArrayLike,
    format: str = "xyxy",
    *,
    tile_bytes: int = TILE,
) -> Floats:
    """Apply a formula to all pairs, tile by tile, so that memory is the result and a few megabytes.

    Args:
        formula: takes a :class:`Pair`, returns one number a pair.
        predicted: (n, 4) boxes, or (…, n, 4).
        truth: (m, 4) boxes, or (…, m, 4) with the same leading axes.
        format: the format of both, see :data:`a4eval_box_metrics.boxes.types.FORMATS`.
        tile_bytes: the size of the formula's intermediate arrays.

    Returns:
        (n, m) or (…, n, m) in the wider dtype of the two.

    Raises:
        ValueError: unsound boxes (the row is named), or leading axes that differ.
    """
    left, right = columns(predicted, format, what="predicted"), columns(truth, format, what="truth")
    shape = table(left.x1.shape, right.x1.shape, 4)
    result = np.empty(shape, np.result_type(left.x1, right.x1))
    for index in np.ndindex(*shape[:-2]):
        _fill(result[index], formula, left[index], right[index], tile_bytes, format)
    return result


def _fill(result: Floats, formula: Formula, predicted: Columns, truth: Columns, tile_bytes: int, form: str) -> None:
    n, m = result.shape
    solid = _solid(predicted, truth, form)
    flat = m < NARROW and m < n
    rows, columns_ = (truth, predicted) if flat else (predicted, truth)
    target = result.T if flat else result
    pairs = tile_bytes // result.itemsize
    wide = max(1, min(target.shape[1], pairs // 2))
    high = max(1, pairs // wide)
    one_room, other_room = (np.empty((min(high, target.shape[0]), wide), result.dtype) for _ in range(2))
    with np.errstate():  # its end restores the buffer size
        np.setbufsize(16)  # else numpy copies the broadcast columns into buffers before every operation
        for row in range(0, target.shape[0], high):
            for column in range(0, target.shape[1], wide):
                tile = target[row : row + high, column : column + wide]
                one, other = rows[row : row + high, None], columns_[None, column : column + wide]
                sides = (other, one) if flat else (one, other)
                here = np.s_[: tile.shape[0], : tile.shape[1]]
                scratch = one_room[here], other_room[here]
                value = formula(Pair(*sides, solid=solid, out=None if flat else tile, scratch=scratch))
                if value is not tile:
                    tile[...] = value


def _solid(predicted: Columns, truth: Columns, form: str) -> bool:
    """Say whether all predicted or all true boxes have an area, and corners apart from each other."""
    sized = form in ("xywh", "cxcywh")  # a size may vanish beside a far larger coordinate: x + w is x
    return any(
        one.area.all() and not (sized and ((one.x2 == one.x1) | (one.y2 == one.y1)).any()) for one in (predicted, truth)
    )
