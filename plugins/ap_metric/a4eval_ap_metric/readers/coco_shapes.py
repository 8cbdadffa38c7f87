"""The masks and keypoints of COCO files."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from a4eval import DataError
from a4eval_ap_metric.identifiers import as_ids
from a4eval_ap_metric.readers.coco_json import Identifier
from a4eval_ap_metric.readers.coco_results import result_rows
from a4eval_ap_metric.readers.files import as_utf8, content
from a4eval_ap_metric.readers.masks import Masks, read_masks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from a4eval_ap_metric.readers.coco_json import ShapedAnnotation


class _Detection(msgspec.Struct, gc=False):
    image_id: Identifier
    category_id: Identifier
    score: float
    segmentation: Any = None
    keypoints: list[float] | None = None


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Within this context Python does not look for garbage, which takes a third of the time of reading many masks."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def truth_shapes(
    path: Path,
    rows: Sequence[ShapedAnnotation],
    geometry: str,
    sizes: Mapping[Identifier, Any],
    *,
    any_size: bool = False,
    but: Collection[Any] = (),
) -> dict[str, NDArray[Any]]:
    """Return ``truth_mask``, or ``truth_keypoints`` and ``truth_ignored`` (no keypoint is annotated), of annotations.

    Args:
        path: the file they come from, for messages.
        rows: the annotations.
        geometry: ``mask`` or ``keypoints``.
        sizes: height and width of each image.
        any_size: masks may be of another size than their image.
        but: images whose masks are not asked for; they are None.

    Raises:
        DataError: a shape is missing or malformed.
    """
    if geometry == "mask":
        masks = np.full(len(rows), None)
        wanted = [index for index, one in enumerate(rows) if one.image_id not in but]
        some = [rows[index] for index in wanted]
        masks[wanted] = _masks(some, sizes, f"{path}: annotations", any_size=any_size).encoded
        return {"truth_mask": masks}
    keypoints = _keypoints(rows, f"{path}: annotations")
    counted = [np.count_nonzero(points[:, 2] > 0) for points in keypoints]
    given = [n if one.num_keypoints is None else one.num_keypoints for one, n in zip(rows, counted, strict=True)]
    return {"truth_keypoints": keypoints, "truth_ignored": np.array(given, np.int64) == 0}


def detection_shapes(
    path: Path,
    geometry: str,
    sizes: Mapping[Identifier, Any],
    notes: list[str],
    *,
    any_size: bool = False,
    but: Collection[Any] = (),
) -> tuple[dict[str, NDArray[Any]], int]:
    """Return a result list's columns and how many entries were left out, as ``read_detections`` does, and the shapes.

    Args:
        path: COCO result list.
        geometry: ``mask`` or ``keypoints``.
        sizes: height and width of each image.
        notes: doubts are appended to this list.
        any_size: masks may be of another size than their image.
        but: images whose detections are left out.

    Returns:
        ``image_id``, ``category_id``, ``score``, ``bbox`` around the shape, ``detection_area``, and ``detection_mask``
        or ``detection_keypoints``.

    Raises:
        DataError: a shape is missing or malformed.
    """
    entries = result_rows(path, as_utf8(path, content(path)), _Detection, notes)
    rows = [one for one in entries if one.image_id not in but]
    left_out = len(entries) - len(rows)
    columns = {
        "image_id": as_ids([one.image_id for one in rows], f"{path}: image_id"),
        "category_id": as_ids([one.category_id for one in rows], f"{path}: category_id"),
        "score": np.array([one.score for one in rows], np.float64),
    }
    if geometry == "mask":
        masks = _masks(rows, sizes, str(path), any_size=any_size)
        columns |= {"bbox": masks.box, "detection_area": masks.area, "detection_mask": masks.encoded}
        return columns, left_out
    keypoints = _keypoints(rows, str(path))
    place = keypoints[:, :, :2] if rows else np.zeros((0, 1, 2))
    low, high = place.min(axis=1), place.max(axis=1)
    box = np.concatenate([low, high - low], axis=1)
    columns |= {"bbox": box, "detection_area": box[:, 2] * box[:, 3], "detection_keypoints": keypoints}
    return columns, left_out


def _masks(rows: Sequence[Any], sizes: Mapping[Identifier, Any], what: str, *, any_size: bool) -> Masks:
    of_image = [sizes.get(one.image_id, (None, None)) for one in rows]
    return read_masks([one.segmentation for one in rows], of_image, what, any_size=any_size)


def _keypoints(rows: Sequence[Any], what: str) -> NDArray[np.float64]:
    """Return (n, k, 3) x, y, visibility, all rows having as many keypoints as the first."""
    expected = len(rows[0].keypoints or ()) if rows else 0
    for index, row in enumerate(rows):
        got = len(row.keypoints or ())
        if not got or got % 3:
            raise DataError(f"{what}: entry {index}: keypoints: got {got} numbers, expected x, y, visibility of each")
        if got != expected:
            raise DataError(f"{what}: entry {index}: keypoints: got {got} numbers, expected {expected} as in entry 0")
    return np.array([row.keypoints for row in rows], np.float64).reshape(len(rows), expected // 3, 3)
