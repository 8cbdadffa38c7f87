"""COCO's annotation files: their images and categories, and the annotations as columns."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from a4eval import DataError
from a4eval_ap_metric.identifiers import as_ids
from a4eval_ap_metric.readers.files import as_utf8, content
from a4eval_ap_metric.readers.json_columns import NOT_USUAL, as_columns, boxes, decoded, pieces

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Identifier = int | str


class Image(msgspec.Struct, gc=False):
    """An image; its size is used to doubt boxes, and LVIS says which classes were looked for."""

    id: Identifier
    width: float | str | None = None
    height: float | str | None = None
    neg_category_ids: list[Identifier] | None = None
    not_exhaustive_category_ids: list[Identifier] | None = None
    file_name: Any = None


class Category(msgspec.Struct, gc=False):
    """A class; LVIS says how frequent it is."""

    id: Identifier
    name: str = ""
    frequency: str | None = None


class Annotation(msgspec.Struct, gc=False):
    """One ground-truth object."""

    image_id: Identifier
    category_id: Identifier
    bbox: list[float]
    area: float | None = None
    iscrowd: int | bool = 0
    id: Identifier | None = None


class ShapedAnnotation(Annotation, gc=False):
    """One with its outline or its keypoints."""

    segmentation: Any = None
    keypoints: list[float] | None = None
    num_keypoints: int | None = None


class _Annotation(msgspec.Struct, gc=False):
    """The usual case, which decodes faster."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    id: int
    area: float = math.nan
    iscrowd: int = 0


_ANNOTATION = {"image_id": "1q", "category_id": "1q", "bbox": "4d", "area": "1d", "iscrowd": "1q", "id": "1q"}


class _GroundTruthFile(msgspec.Struct, gc=False):
    """The part of a COCO data set that box evaluation needs."""

    images: list[Image]
    annotations: list[Annotation]
    categories: list[Category]


class _ShapedGroundTruthFile(msgspec.Struct, gc=False):
    """The part that evaluation of masks and keypoints needs."""

    images: list[Image]
    annotations: list[ShapedAnnotation]
    categories: list[Category]


class _Images(msgspec.Struct, gc=False):
    """The images alone, whatever they say."""

    images: list[dict[str, Any]]


class _UsualGroundTruthFile(msgspec.Struct, gc=False):
    """The same with the annotations as they stand in the file."""

    images: msgspec.Raw
    annotations: msgspec.Raw
    categories: list[Category]


class GroundTruth(NamedTuple):
    """What a COCO annotation file says.

    Args:
        images: in the order of the file.
        categories: in the order of the file.
        annotations: the columns ``image_id``, ``category_id``, ``bbox`` (g, 4), ``area``, NaN where there is none,
            ``iscrowd`` and ``id``, None where there is none.
        lacks_area: (g,) bool.
        shaped: the annotations with their shapes, if asked for.
        image_columns: what else the images say in one value each, by key: ``file_name``, ``video_id`` ….
    """

    images: list[Image]
    categories: list[Category]
    annotations: dict[str, NDArray[Any]]
    lacks_area: NDArray[np.bool_]
    shaped: Sequence[ShapedAnnotation] = ()
    image_columns: Mapping[str, NDArray[Any]] = MappingProxyType({})


def read_ground_truth(path: Path, *, lenient: bool = False, shapes: bool = False) -> GroundTruth:
    """Read a COCO annotation file.

    Args:
        path: the file.
        lenient: take NaN, Infinity and whole floats as ids, which are not JSON but which Python writes and reads.
        shapes: read outlines and keypoints as well.

    Raises:
        DataError: it cannot be read or is not one; the text names the file and the place.
    """
    whole_content = as_utf8(path, content(path))
    if not shapes:
        try:
            file = msgspec.json.decode(whole_content, type=_UsualGroundTruthFile)
            columns = as_columns(pieces(memoryview(file.annotations)), _Annotation, _ANNOTATION)
            images = msgspec.json.decode(file.images, type=list[Image])
            further = _image_columns(images, file.images)
            return GroundTruth(images, file.categories, columns, np.isnan(columns["area"]), (), further)
        except NOT_USUAL:
            pass
    kind = _ShapedGroundTruthFile if shapes else _GroundTruthFile
    whole = decoded(whole_content, kind, f"{path}: not a COCO annotation file", lenient=lenient)
    rows = whole.annotations
    columns = {
        "image_id": as_ids([one.image_id for one in rows], f"{path}: image_id"),
        "category_id": as_ids([one.category_id for one in rows], f"{path}: category_id"),
        "bbox": boxes([one.bbox for one in rows], f"{path}: annotations"),
        "area": np.array([one.area for one in rows], np.float64),  # None becomes NaN
        "iscrowd": np.array([one.iscrowd for one in rows], object),
        "id": np.array([one.id for one in rows], object),
    }
    lacks_area = np.array([one.area is None for one in rows], bool)
    further = _image_columns(whole.images, msgspec.json.encode(decoded(whole_content, _Images, str(path)).images))
    return GroundTruth(whole.images, whole.categories, columns, lacks_area, rows if shapes else (), further)


def refuse_odd_crowds(truth: GroundTruth, path: Path) -> None:
    """Refuse crowds that are neither 0 nor 1.

    Raises:
        DataError: one is something else; the text names the entry.
    """
    crowd = truth.annotations["iscrowd"]
    odd = np.flatnonzero((crowd != 0) & (crowd != 1))
    if len(odd):
        raise DataError(f"{path}: annotations: entry {odd[0]}: iscrowd {crowd[odd[0]]}, expected 0 or 1")


_COCOS_OWN = {"id", "width", "height", "license", "coco_url", "flickr_url", "date_captured", "file_name"}


def _image_columns(images: Sequence[Image], raw: msgspec.Raw | bytes) -> dict[str, NDArray[Any]]:
    """Return what all images say in one value each, beside COCO's own keys."""
    found = {"file_name": [one.file_name for one in images]}
    entries: list[msgspec.Raw] = msgspec.json.decode(raw, type=list[msgspec.Raw])
    if entries and not msgspec.json.decode(entries[0], type=dict[str, Any]).keys() <= _COCOS_OWN:
        # one at a time: as many dictionaries at once would take far more memory than their columns
        rows = (msgspec.json.decode(one, type=dict[str, Any]) for one in entries)
        keys = [key for key in msgspec.json.decode(entries[0], type=dict[str, Any]) if key not in _COCOS_OWN]
        values = list(zip(*([row.get(key) for key in keys] for row in rows), strict=True))
        found |= {key: list(column) for key, column in zip(keys, values, strict=True)}
    return {
        name: np.array(values)
        for name, values in found.items()
        if len(kinds := {type(one) for one in values}) == 1 and kinds <= {str, int, bool}
    }
