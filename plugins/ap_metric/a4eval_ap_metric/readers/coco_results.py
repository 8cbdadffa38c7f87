"""COCO's result lists: detections of boxes as columns, or whatever rows they have."""

from __future__ import annotations

import mmap
import re
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from a4eval_ap_metric.identifiers import as_ids
from a4eval_ap_metric.readers.coco_json import Identifier
from a4eval_ap_metric.readers.coco_stretches import columns_but
from a4eval_ap_metric.readers.files import as_utf8, unreadable
from a4eval_ap_metric.readers.json_columns import NOT_USUAL, as_columns, boxes, decoded, pieces

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_OBJECT = re.compile(rb"\s*\{")


class Detection(msgspec.Struct, gc=False):
    """One entry of a COCO result list; other keys are skipped."""

    image_id: Identifier
    category_id: Identifier
    bbox: list[float]
    score: float


class _Detection(msgspec.Struct, gc=False):
    """The usual case, which decodes faster."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    score: float


_DETECTION = {"image_id": "1q", "category_id": "1q", "bbox": "4d", "score": "1d"}


def read_detections(
    path: Path, notes: list[str], *, lenient: bool = False, but: NDArray[np.int64] | None = None
) -> tuple[dict[str, NDArray[Any]], int]:
    """Read a COCO result list.

    Args:
        path: the file.
        notes: doubts are appended to this list.
        lenient: as for :func:`read_ground_truth`.
        but: images whose detections are left out, if ids are whole numbers.

    Returns:
        The columns ``image_id``, ``category_id``, ``bbox`` (n, 4), ``score``; and how many entries were left out.

    Raises:
        DataError: it cannot be read or is not one; the text names the file and the place.
    """
    try:
        with path.open("rb") as file:
            try:
                mapped: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (ValueError, OSError):  # an empty file, or one that cannot be mapped, such as a pipe
                mapped = file.read()
        mapped = as_utf8(path, mapped)
    except OSError as error:
        raise unreadable(path, error) from error
    if but is not None and (some := columns_but(mapped, but, _Detection, _DETECTION)) is not None:
        return some
    columns = _every_column(path, mapped, notes, lenient=lenient)
    if but is None or columns["image_id"].dtype.kind != "i":
        return columns, 0
    kept = ~np.isin(columns["image_id"], but)
    return {name: column[kept] for name, column in columns.items()}, int(np.count_nonzero(~kept))


def _every_column(path: Path, raw: Any, notes: list[str], *, lenient: bool) -> dict[str, NDArray[Any]]:
    try:
        return as_columns(pieces(raw), _Detection, _DETECTION)
    except NOT_USUAL:
        pass
    rows = result_rows(path, raw, Detection, notes, lenient=lenient)
    return {
        "image_id": as_ids([one.image_id for one in rows], f"{path}: image_id"),
        "category_id": as_ids([one.category_id for one in rows], f"{path}: category_id"),
        "bbox": boxes([one.bbox for one in rows], str(path)),
        "score": np.array([one.score for one in rows], np.float64),
    }


def result_rows(path: Path, raw: Any, kind: Any, notes: list[str], *, lenient: bool = False) -> Any:
    """Return the rows of a result list, or of a file with the list under ``annotations``, which is noted.

    Args:
        path: the file, for messages.
        raw: its bytes.
        kind: of a row.
        notes: doubts are appended to this list.
        lenient: as for :func:`read_ground_truth`.

    Raises:
        DataError: it is neither.
    """
    what = f"{path}: not a COCO result list"
    if not _OBJECT.match(raw):
        return decoded(raw, list[kind], what, lenient=lenient)
    whole = msgspec.defstruct("ResultFile", [("annotations", list[kind])], gc=False)
    what += ' (an array of results, or an object that holds one under "annotations")'
    rows = decoded(raw, whole, what, lenient=lenient).annotations
    notes.append(
        f"{path}: the results stand under 'annotations' of an object, not in a list: they are taken from there"
    )
    return rows
