"""Boxes of any notation to x, y, width, height in pixels, and rows of any reader to a detection batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

BoxFormat: TypeAlias = Literal["xywh", "xyxy", "cxcywh"]
BOX_FORMATS: tuple[str, ...] = get_args(BoxFormat)


def to_xywh(boxes: ArrayLike, format: BoxFormat, size: ArrayLike | None = None) -> NDArray[np.float64]:  # noqa: A002  (the field's word)
    """Return boxes as x, y, width, height in pixels.

    Args:
        boxes: (n, 4) numbers.
        format: ``xywh`` corner and size, ``xyxy`` two corners, ``cxcywh`` centre and size.
        size: (n, 2) or (2,) width and height of the image in pixels, for boxes relative to it; None for pixels.

    Returns:
        (n, 4) float64, *boxes* itself where nothing is to be changed.

    >>> to_xywh([[0.5, 0.5, 0.2, 0.5]], "cxcywh", [100, 40])
    array([[40., 10., 20., 20.]])
    """
    box = np.asarray(boxes, np.float64).reshape(-1, 4)
    if format == "xyxy":
        box = np.concatenate([box[:, :2], box[:, 2:] - box[:, :2]], axis=1)
    elif format == "cxcywh":
        box = np.concatenate([box[:, :2] - box[:, 2:] / 2, box[:, 2:]], axis=1)
    elif format != "xywh":
        raise ValueError(f"format: got {format!r}, expected one of {', '.join(BOX_FORMATS)}")
    return box if size is None else box * np.tile(np.asarray(size, np.float64), 2)
