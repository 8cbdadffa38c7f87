"""What arrays of boxes are called, and the formats they come in."""

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
