"""Boxes as columns: checked once, corners and sizes at hand, in whatever format they came.

Every similarity works on columns, not on rows of four: a column is contiguous, so numpy runs at memory speed.
``np.empty((4, n)).T`` holds its columns contiguously and is taken without a copy.
"""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_box_metrics.boxes.dual import variables
from a4eval_box_metrics.boxes.types import Floats, Quantity, largest, unknown_format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Columns:
    """Boxes as seven arrays of one shape: corners, sizes and area."""

    x1: Quantity
    y1: Quantity
    x2: Quantity
    y2: Quantity
    width: Quantity
    height: Quantity
    area: Quantity

    def __getitem__(self, index: Any) -> Columns:
        """Return the same boxes with every column indexed: a slice of them, or reshaped for broadcasting."""
        return Columns(
            self.x1[index],
            self.y1[index],
            self.x2[index],
            self.y2[index],
            self.width[index],
            self.height[index],
            self.area[index],
        )


def columns(boxes: ArrayLike, format: str = "xyxy", *, what: str = "boxes") -> Columns:
    """Check boxes and take them apart.

    The order of the arithmetic is that of the format's usual owner, so that results are its own to the last bit:
    for ``xywh`` that is pycocotools (x2 = x + w, area = w · h), for ``xyxy`` torchvision (area = (x2 − x1)(y2 − y1)).

    Args:
        boxes: (…, 4) in *format*; float32 and float64 keep their dtype, anything else becomes float64.
        format: one of :data:`FORMATS`.
        what: what to call them in an error.

    Raises:
        ValueError: wrong shape or format; or a box is NaN, infinite, inverted (negative width or height) or so large
            that a square could overflow (:func:`a4eval_box_metrics.boxes.types.largest`); the text names the first
            such row.
            A box of zero width or height is accepted: each similarity states its value there.

    >>> columns([[10, 20, 30, 40]], "xywh").x2
    array([40.])
    >>> columns([[0, 0, 2, 2], [5, 5, 4, 9]])
    Traceback (most recent call last):
    ValueError: boxes, row 1: [5.0, 5.0, 4.0, 9.0] as xyxy is inverted: width -1.0, height 4.0
    """
    array = as_floats(boxes, 4, what)
    numbers = [np.asarray(array[..., index], order="C") for index in range(4)]
    with np.errstate(over="ignore", invalid="ignore"):
        x1, y1, x2, y2, width, height = _corners_and_size(numbers, format)
        area = width * height
    limit = largest(array.dtype)
    low, high = np.minimum(x1, y1), np.maximum(x2, y2)
    sound = (width >= 0) & (height >= 0) & (low >= -limit) & (high <= limit)  # a comparison with NaN is false
    if not sound.all():
        _complain(array, width, height, sound, format, what)
    return Columns(x1, y1, x2, y2, width, height, area)


def dual_columns(boxes: Floats, format: str) -> Columns:
    """Take sound boxes apart into dual numbers that carry the slopes along the four numbers of *format*."""
    duals = variables(*(boxes[..., index] for index in range(4)))
    x1, y1, x2, y2, width, height = _corners_and_size(duals, format)
    return Columns(x1, y1, x2, y2, width, height, width * height)


def _corners_and_size(
    numbers: Sequence[Quantity], form: str
) -> tuple[Quantity, Quantity, Quantity, Quantity, Quantity, Quantity]:
    """Return x1, y1, x2, y2, width, height of boxes given as four numbers in the format *form*."""
    a, b, c, d = numbers
    if form == "xyxy":
        return a, b, c, d, c - a, d - b
    if form == "xywh":
        return a, b, a + c, b + d, c, d
    if form == "cxcywh":
        return a - c / 2, b - d / 2, a + c / 2, b + d / 2, c, d
    if form == "yxyx":
        return b, a, d, c, d - b, c - a
    if form == "xyxy_inclusive":
        return a, b, c + 1, d + 1, c + 1 - a, d + 1 - b
    raise unknown_format(form)


def as_floats(boxes: ArrayLike, numbers: int, what: str) -> Floats:
    """Return *boxes* as a float32 or float64 array of shape (…, numbers); empty input becomes (0, numbers).

    Raises:
        ValueError: it has another shape, or is not numeric.
    """
    array = np.asarray(boxes)
    if array.size == 0 and array.ndim <= 1:
        array = array.reshape(0, numbers)
    if array.ndim < 1 or array.shape[-1] != numbers:
        raise ValueError(f"{what}: got shape {array.shape}, expected (…, {numbers})")
    if array.dtype in (np.float32, np.float64):
        return array
    if array.dtype.kind not in "iuf" and array.size:
        raise ValueError(f"{what}: got dtype {array.dtype}, expected numbers")
    with np.errstate(over="ignore"):  # what float64 cannot hold becomes infinite, which is an error that names its row
        return array.astype(np.float64)


def _complain(array: Floats, width: Floats, height: Floats, sound: NDArray[np.bool_], form: str, what: str) -> None:
    """Raise the error for the first unsound box."""
    label, row = first_unsound(sound, what)
    box = array[row]
    label = f"{label}: {box.tolist()} as {form}"
    if not np.isfinite(box).all():
        raise ValueError(f"{label} is not finite")
    if width[row] < 0 or height[row] < 0:
        raise ValueError(f"{label} is inverted: width {float(width[row])}, height {float(height[row])}")
    raise too_large(label, array.dtype)


def too_large(label: str, dtype: np.dtype[Any]) -> ValueError:
    """Return the error for a box beyond :func:`a4eval_box_metrics.boxes.types.largest`."""
    return ValueError(
        f"{label} is too large for {dtype}: expected coordinates from −{largest(dtype):g} to {largest(dtype):g}"
    )


def first_unsound(sound: NDArray[np.bool_], what: str) -> tuple[str, tuple[Any, ...]]:
    """Return what to call the first row that is not sound, such as ``"truth, row 3"``, and its index."""
    row = np.unravel_index(int(np.argmin(sound)), sound.shape)
    return (f"{what}, row {', '.join(map(str, row))}" if row else what), row
