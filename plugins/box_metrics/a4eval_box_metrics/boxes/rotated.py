"""Rotated boxes as columns, checked once."""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_box_metrics.boxes.columns import as_floats, columns, first_unsound, too_large
from a4eval_box_metrics.boxes.types import FORMATS, Floats, Quantity, largest, unknown_format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def _bounds(dtype: np.dtype[Any]) -> tuple[Floats, Floats]:
    """Return the least and the largest centre x, centre y, width, height and angle."""
    limit, angle = largest(dtype), float(np.finfo(dtype).max)
    return np.array([-limit, -limit, 0, 0, -angle], dtype), np.array([limit, limit, limit, limit, angle], dtype)


_BOUNDS = {4: _bounds(np.dtype(np.float32)), 8: _bounds(np.dtype(np.float64))}
"""By the bytes of a number; no number that is NaN or infinite lies within."""


@dataclass(frozen=True, slots=True)
class RotatedColumns:
    """Rotated boxes as arrays of one shape."""

    x: Quantity
    y: Quantity
    half_width: Quantity
    half_height: Quantity
    cos: Quantity
    sin: Quantity
    area: Quantity

    def __getitem__(self, index: Any) -> RotatedColumns:
        """Return the same boxes with every column indexed."""
        return RotatedColumns(*(getattr(self, field.name)[index] for field in fields(self)))

    def take(self, indices: Any) -> RotatedColumns:
        """Return the boxes at *indices*."""
        return RotatedColumns(*(getattr(self, field.name).take(indices) for field in fields(self)))


def rotated_columns(boxes: ArrayLike, format: str = "cxcywha", *, what: str = "boxes") -> RotatedColumns:
    """Check rotated boxes and take them apart.

    Raises:
        ValueError: wrong shape or format, or an unsound box; the text names the first such row.
    """
    if format in FORMATS:
        upright = columns(boxes, format, what=what)
        middle = (upright.x1 + upright.x2) / 2, (upright.y1 + upright.y2) / 2
        return from_numbers([*middle, upright.width, upright.height, np.zeros_like(upright.x1)])
    if format != "cxcywha":
        raise unknown_format(format, ("cxcywha", *FORMATS))
    array = as_floats(boxes, 5, what)
    low, high = _BOUNDS[array.dtype.itemsize]
    sound: NDArray[np.bool_] = np.asarray(((array >= low) & (array <= high)).all(axis=-1))
    if not sound.all():
        label, row = first_unsound(sound, what)
        label = f"{label}: {array[row].tolist()} as cxcywha"
        if not np.isfinite(array[row]).all():
            raise ValueError(f"{label} is not finite")
        if (array[row][2:4] < 0).any():
            raise ValueError(f"{label} has a negative size")
        raise too_large(label, array.dtype)
    return from_numbers([np.asarray(array[..., index], order="C") for index in range(5)])


def from_numbers(numbers: Sequence[Quantity]) -> RotatedColumns:
    """Return the columns of sound boxes given as centre x, centre y, width, height and angle."""
    x, y, width, height, angle = numbers
    return RotatedColumns(x, y, width / 2, height / 2, np.cos(angle), np.sin(angle), width * height)
