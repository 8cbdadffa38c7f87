"""Boxes of any notation to x, y, width, height in pixels, and rows of any reader to a detection batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from a4eval import DataError
from a4eval_ap_metric.detection_checks import doubts, refuse_impossible
from a4eval_ap_metric.identifiers import dense, distinct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

BoxFormat: TypeAlias = Literal["xywh", "xyxy", "cxcywh"]
BOX_FORMATS: tuple[str, ...] = get_args(BoxFormat)


def to_xywh(boxes: ArrayLike, format: BoxFormat, size: ArrayLike | None = None) -> NDArray[np.float64]:  # noqa: A002  (the field's word)
    """Return boxes as x, y, width, height in pixels.

    Args:
        boxes: (n, 4) numbers.
        format: ``xywh`` corner and size, ``xyxy`` two corners, ``cxcywh`` centre and size.
        size: (n, 2) or (2,) width and height of the image in pixels, for boxes relative to it; None for pixels.

    >>> to_xywh([[0.5, 0.5, 0.2, 0.5]], "cxcywh", [100, 40])
    array([[40., 10., 20., 20.]])
    """
    box = np.array(boxes, np.float64).reshape(-1, 4)
    if format == "xyxy":
        box[:, 2:] -= box[:, :2]
    elif format == "cxcywh":
        box[:, :2] -= box[:, 2:] / 2
    elif format != "xywh":
        raise ValueError(f"format: got {format!r}, expected one of {', '.join(BOX_FORMATS)}")
    if size is not None:
        box *= np.tile(np.asarray(size, np.float64), 2)
    return box


def detection_batch(
    truth: Mapping[str, Any],
    detection: Mapping[str, Any],
    *,
    units: ArrayLike | None = None,
    names: Mapping[str, str],
    warnings: list[str],
) -> dict[str, NDArray[Any]]:
    """Return a detection batch from rows.

    Args:
        truth: columns ``unit`` (ids), ``class``, ``box`` (n, 4) xywh pixels, and as may be ``area``, ``crowd``,
            ``difficult``.
        detection: columns ``unit``, ``class``, ``box``, ``score``.
        units: all image ids, if some may have no truth; by default those with truths or detections.
        names: what to call ``truth`` and ``detection`` in errors: their files.
        warnings: doubts are appended to this list.

    Raises:
        DataError: a box or score is impossible, or an image id is not among *units*.
    """
    truth_unit, found_unit = np.asarray(truth["unit"]), np.asarray(detection["unit"])
    unit = distinct([truth_unit, found_unit] if units is None else [np.asarray(units)])
    box = np.asarray(truth["box"], np.float64).reshape(-1, 4)
    n = len(box)
    batch = {
        "unit": unit,
        "class": distinct([np.asarray(truth["class"])]),
        "truth_unit": dense(truth_unit, unit),
        "truth_class": np.asarray(truth["class"]),
        "truth_box": box,
        "truth_area": np.asarray(truth.get("area", box[:, 2] * box[:, 3]), np.float64),
        "truth_crowd": np.asarray(truth.get("crowd", np.zeros(n)), np.float64) != 0,
        "detection_unit": dense(found_unit, unit),
        "detection_class": np.asarray(detection["class"]),
        "detection_box": np.asarray(detection["box"], np.float64).reshape(-1, 4),
        "detection_score": np.asarray(detection["score"], np.float64),
    }
    if "difficult" in truth:
        batch["truth_difficult"] = np.asarray(truth["difficult"], np.float64) != 0
    for side, ids in (("truth", truth_unit), ("detection", found_unit)):
        unknown = batch[f"{side}_unit"] < 0
        if unknown.any():
            row = int(np.argmax(unknown))
            raise DataError(
                f"{names[side]}: entry {row}: image {ids[row].item()!r} is not among the {len(unit)} images"
            )
    refuse_impossible(batch, names)
    warnings += doubts(batch)
    return batch
