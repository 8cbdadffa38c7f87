"""pycocotools' functions on run-length encodings, under their names: pycocotools itself computes them.

Needs the extra ``masks``, at the first call and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval import require
from a4eval_ap_metric.detections.data import MASKS

if TYPE_CHECKING:
    from collections.abc import Callable


def _of_pycocotools(name: str, what: str) -> Callable[..., Any]:
    def function(*given: Any, **named: Any) -> Any:
        return getattr(require("pycocotools.mask", MASKS), name)(*given, **named)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{what}: ``pycocotools.mask.{name}``."
    return function


encode = _of_pycocotools("encode", "Return bitmaps (h, w) or (h, w, n), uint8 in Fortran order, as encodings")
decode = _of_pycocotools("decode", "Return encodings as bitmaps (h, w) or (h, w, n), uint8")
area = _of_pycocotools("area", "Return the pixels of encodings")
toBbox = _of_pycocotools("toBbox", "Return the xywh boxes around encodings")
iou = _of_pycocotools("iou", "Return the (d, g) overlaps of masks or xywh boxes; a crowd's is the share inside it")
merge = _of_pycocotools("merge", "Return the union, or intersection, of encodings")
frPyObjects = _of_pycocotools("frPyObjects", "Return polygons, boxes or run lengths as encodings")
