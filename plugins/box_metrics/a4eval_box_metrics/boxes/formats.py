"""From one box format to another, between relative and absolute coordinates, and clipping to the image."""

# ruff: noqa: A002  (a box format is called format, here and everywhere else)
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from a4eval_box_metrics.boxes.columns import Columns, columns
from a4eval_box_metrics.boxes.types import largest, unknown_format

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from a4eval_box_metrics.boxes.types import Floats


def convert_boxes(boxes: ArrayLike, source: str, target: str) -> Floats:
    """Convert boxes from one format to another.

    There and back is exact for whole and half pixels up to 2⁵¹ (float32: 2²²), and between ``xyxy`` and ``yxyx``
    always; other numbers may move by a rounding of the corner.

    Args:
        boxes: (…, 4) in *source*.
        source: ``xyxy``, ``xywh``, ``cxcywh``, ``yxyx`` or ``xyxy_inclusive`` (whose last pixel belongs to the box).
        target: one of the same.

    Returns:
        (…, 4) in *target*.

    Raises:
        ValueError: unknown format, or a box is NaN, infinite or inverted; the text names the row.

    >>> convert_boxes([[10, 20, 30, 60]], "xyxy", "cxcywh")
    array([[20., 40., 20., 40.]])
    >>> convert_boxes([[10, 20, 30, 60]], "xyxy", "xyxy_inclusive")  # pixels 10 to 29 and 20 to 59
    array([[10., 20., 29., 59.]])
    """
    found = columns(boxes, source)
    if source == target:
        return np.stack([*np.moveaxis(np.asarray(boxes, found.x1.dtype), -1, 0)], axis=-1)
    return _assemble(found, target)


def clip_boxes(boxes: ArrayLike, width: ArrayLike, height: ArrayLike, *, format: str = "xyxy") -> Floats:
    """Clip boxes to the image [0, width] × [0, height].

    What lies outside ends without area on the image's border.

    Args:
        boxes: (…, 4), pixels.
        width: of the image, pixels; one number, or one a box.
        height: of the image, pixels; one number, or one a box.
        format: of the boxes, and of the result; an ``xyxy_inclusive`` box ends at pixel width − 1 at most.

    Raises:
        ValueError: an image without size, or an unsound box; the text names the row.

    >>> clip_boxes([[-5, 2, 20, 8]], 10, 10)
    array([[ 0.,  2., 10.,  8.]])
    """
    found = columns(boxes, format)
    w, h = _image(width, height, found)
    x1, x2 = (np.clip(one, 0, w) for one in (found.x1, found.x2))
    y1, y2 = (np.clip(one, 0, h) for one in (found.y1, found.y2))
    clipped = Columns(x1, y1, x2, y2, x2 - x1, y2 - y1, found.area)
    return _assemble(clipped, format)


def to_relative(boxes: ArrayLike, width: ArrayLike, height: ArrayLike, *, format: str = "xyxy") -> Floats:
    """Divide x by the image's width and y by its height: pixels become fractions of the image.

    Args:
        boxes: (…, 4), pixels.
        width: of the image, pixels; one number, or one a box.
        height: of the image, pixels; one number, or one a box.
        format: of the boxes; any but ``xyxy_inclusive``, which counts pixels.

    Raises:
        ValueError: an image without size, a format that cannot be relative, or an unsound box.

    >>> to_relative([[10, 20, 30, 40]], 100, 200, format="xywh")
    array([[0.1, 0.1, 0.3, 0.2]])
    """
    array, sizes = _relative(boxes, width, height, format)
    return array / sizes


def to_absolute(boxes: ArrayLike, width: ArrayLike, height: ArrayLike, *, format: str = "xyxy") -> Floats:
    """Multiply x by the image's width and y by its height: fractions of the image become pixels.

    Arguments and errors as :func:`to_relative`.

    >>> to_absolute([[0.5, 0.5, 0.25, 0.5]], 100, 200, format="cxcywh")
    array([[ 50., 100.,  25., 100.]])
    """
    array, sizes = _relative(boxes, width, height, format)
    return array * sizes


def _relative(boxes: ArrayLike, width: ArrayLike, height: ArrayLike, form: str) -> tuple[Floats, Floats]:
    if form == "xyxy_inclusive":
        raise ValueError("xyxy_inclusive counts pixels and cannot be relative: convert the boxes to xyxy first")
    found = columns(boxes, form)
    w, h = _image(width, height, found)
    order = (h, w, h, w) if form == "yxyx" else (w, h, w, h)
    sizes = np.stack(np.broadcast_arrays(*order), axis=-1)
    return np.asarray(boxes, found.x1.dtype), sizes


def _image(width: ArrayLike, height: ArrayLike, boxes: Columns) -> tuple[Floats, Floats]:
    dtype = boxes.x1.dtype
    w, h = np.asarray(width, dtype), np.asarray(height, dtype)
    low, high = 1 / largest(dtype), largest(dtype)
    if not all(((low <= side) & (side <= high)).all() for side in (w, h)):
        raise ValueError(f"got an image of {width!r} × {height!r} pixels, expected numbers from {low:g} to {high:g}")
    return w, h


def _assemble(found: Columns, form: str) -> Floats:
    if form == "xyxy":
        numbers = [found.x1, found.y1, found.x2, found.y2]
    elif form == "yxyx":
        numbers = [found.y1, found.x1, found.y2, found.x2]
    elif form == "xywh":
        numbers = [found.x1, found.y1, found.width, found.height]
    elif form == "cxcywh":
        numbers = [found.x1 + found.width / 2, found.y1 + found.height / 2, found.width, found.height]
    elif form == "xyxy_inclusive":
        numbers = [found.x1, found.y1, found.x2 - 1, found.y2 - 1]
    else:
        raise unknown_format(form)
    return np.stack(numbers, axis=-1)
