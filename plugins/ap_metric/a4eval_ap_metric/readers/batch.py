"""Rows of any reader as a detection batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError
from a4eval_ap_metric.detections.checks import NO_DETECTIONS, NO_TRUTH, CheckedBatch, doubts, entry, refuse_impossible
from a4eval_ap_metric.identifiers import as_ids, dense, distinct, of_one_kind
from a4eval_ap_metric.matching.doubts import notation_doubts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


def detection_batch(
    truth: Mapping[str, Any],
    detection: Mapping[str, Any],
    *,
    units: ArrayLike | None = None,
    classes: NDArray[Any] | None = None,
    names: Mapping[str, str],
    warnings: list[str],
    more_elsewhere: bool = False,
) -> dict[str, NDArray[Any]]:
    """Return a detection batch from rows.

    Args:
        truth: columns ``unit`` and ``class`` (ids: whole numbers or text), ``box`` (n, 4) xywh pixels, and as may be
            ``area``, ``crowd``, ``difficult``; of oriented boxes ``corners`` (n, 8) and ``area`` on both sides;
            ``place``, where each row stands, for errors.
        detection: columns ``unit``, ``class``, ``box``, ``score``, and as may be ``place``.
        units: all image ids, if some may have no truth; by default those with truths or detections.
        classes: all class ids of the ground truth, if this is a part of it, so that it says nothing if there is none
            here; by default those of *truth*.
        names: what to call ``truth`` and ``detection`` in errors: their files.
        warnings: doubts are appended to this list.
        more_elsewhere: other parts have detections, so that it says nothing if there is none here.

    Raises:
        DataError: a box or score is impossible, an image id is not among *units*, or no image has both truths and
            detections.
    """
    sides = ((truth, names["truth"]), (detection, names["detection"]))
    image = [(f"{name}: image", as_ids(one["unit"], f"{name}: image")) for one, name in sides]
    if units is not None:
        image.append(("images", as_ids(units, "images")))
    truth_unit, found_unit, *known = of_one_kind(*image)
    unit = distinct(known or [truth_unit, found_unit])
    of_class = [(f"{name}: class", as_ids(one["class"], f"{name}: class")) for one, name in sides]
    if classes is not None:
        of_class.append(("classes", classes))
    truth_class, found_class, *all_classes = of_one_kind(*of_class)
    box = np.asarray(truth["box"], np.float64).reshape(-1, 4)
    n = len(box)
    batch = {
        "unit": unit,
        "class": distinct(all_classes or [truth_class]),
        "truth_unit": dense(truth_unit, unit),
        "truth_class": truth_class,
        "truth_box": box,
        "truth_area": np.asarray(truth.get("area", box[:, 2] * box[:, 3]), np.float64),
        "truth_crowd": np.asarray(truth.get("crowd", np.zeros(n)), np.float64) != 0,
        "detection_unit": dense(found_unit, unit),
        "detection_class": found_class,
        "detection_box": np.asarray(detection["box"], np.float64).reshape(-1, 4),
        "detection_score": np.asarray(detection["score"], np.float64),
    }
    for side, one in (("truth", truth), ("detection", detection)):
        if "corners" in one:
            batch |= {f"{side}_corners": one["corners"], f"{side}_area": one["area"]}
    if "difficult" in truth:
        batch["truth_difficult"] = np.asarray(truth["difficult"], np.float64) != 0
    places = {"truth": truth.get("place", names["truth"]), "detection": detection.get("place", names["detection"])}
    for side, ids in (("truth", truth_unit), ("detection", found_unit)):
        unknown = batch[f"{side}_unit"] < 0
        if unknown.any():
            row = int(np.argmax(unknown))
            where = entry(side, row, places)
            raise DataError(f"{where}: image {ids[row].item()!r} is not among the {len(unit)} images")
    common = np.isin(batch["detection_unit"], batch["truth_unit"])
    if len(truth_unit) and len(found_unit) and not common.any() and units is None:
        raise DataError(
            f"{names['detection']}: got images such as {found_unit[0].item()!r}, none of which is in "
            f"{names['truth']}, which has images such as {truth_unit[0].item()!r}"
        )
    refuse_impossible(batch, places)
    no_doubts = {NO_DETECTIONS} if more_elsewhere else set()
    no_doubts |= {NO_TRUTH} if classes is not None and len(classes) else set()
    warnings += [one for one in doubts(batch) + notation_doubts(batch) if one not in no_doubts]
    return CheckedBatch(batch)
