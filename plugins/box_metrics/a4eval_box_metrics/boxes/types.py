"""What arrays of boxes are called, the formats they come in, and how large their numbers may be."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]


Quantity: TypeAlias = Any
"""An array of floats, or the :class:`a4eval_box_metrics.boxes.dual.Dual` number that stands for one."""


Format: TypeAlias = Literal["xyxy", "xywh", "cxcywh", "yxyx", "xyxy_inclusive"]


FORMATS: tuple[str, ...] = get_args(Format)
"""``xyxy`` corners; ``xywh`` first corner and size (COCO); ``cxcywh`` centre and size (YOLO); ``yxyx`` corners, y first
(TensorFlow); ``xyxy_inclusive`` corners whose last pixel belongs to the box, so width = x2 − x1 + 1 (Pascal VOC)."""


def unknown_format(got: str, known: tuple[str, ...] = FORMATS) -> ValueError:
    """Return the error for a format that nobody knows."""
    return ValueError(f"format: got {got!r}, expected one of {', '.join(known)}")


def largest(dtype: np.dtype[Any]) -> float:
    """Return how far from 0 a coordinate may lie: sums of products of two stay finite, so no formula overflows.

    >>> largest(np.dtype(np.float32)), largest(np.dtype(np.float64))
    (1000000000000000.0, 1e+150)
    """
    return 1e15 if dtype.itemsize == 4 else 1e150
