"""COCO's JSON files as columns of numbers, decoded in pieces so that memory stays a few times the columns' own."""

from __future__ import annotations

import json
import math
import mmap
import re
import struct
from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from a4eval import DataError
from a4eval_ap_metric.identifiers import as_ids
from a4eval_ap_metric.readers.files import as_utf8, content, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Identifier = int | str
_PIECE = 1 << 17  # bytes: the structs of a piece stay in the cache
_START = re.compile(rb"\s*\[")
_OBJECT = re.compile(rb"\s*\{")
_CUT = re.compile(rb"\}\s*,\s*\{")


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
            columns = _in_pieces(memoryview(file.annotations), _Annotation, _ANNOTATION)
            images = msgspec.json.decode(file.images, type=list[Image])
            further = _image_columns(images, file.images)
            return GroundTruth(images, file.categories, columns, np.isnan(columns["area"]), (), further)
        except _NOT_USUAL:
            pass
    kind = _ShapedGroundTruthFile if shapes else _GroundTruthFile
    whole = _decoded(whole_content, kind, f"{path}: not a COCO annotation file", lenient=lenient)
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
    further = _image_columns(whole.images, msgspec.json.encode(_decoded(whole_content, _Images, str(path)).images))
    return GroundTruth(whole.images, whole.categories, columns, lacks_area, rows if shapes else (), further)


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


def _decoded(content: Any, kind: Any, what: str, *, lenient: bool = False) -> Any:
    try:
        return msgspec.json.decode(content, type=kind)
    except RecursionError as error:
        raise DataError(f"{what}: it is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            loose = json.loads(bytes(content), parse_float=_number if lenient else None)
            return msgspec.convert(loose, kind)
        except RecursionError as deep:
            raise DataError(f"{what}: it is nested too deeply") from deep
        except msgspec.ValidationError as invalid:
            raise DataError(f"{what}: {invalid}") from invalid
        except ValueError:
            raise DataError(f"{what}: {error}") from error


def _number(text: str) -> float | int:
    """Return a whole float as an integer: an id that went through a table of floats."""
    value = float(text)
    return int(value) if value.is_integer() else value


def read_detections(path: Path, notes: list[str], *, lenient: bool = False) -> dict[str, NDArray[Any]]:
    """Read a COCO result list.

    Args:
        path: the file.
        notes: doubts are appended to this list.
        lenient: as for :func:`read_ground_truth`.

    Returns:
        The columns ``image_id``, ``category_id``, ``bbox`` (n, 4), ``score``.

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
    try:
        return _in_pieces(mapped, _Detection, _DETECTION)
    except _NOT_USUAL:
        pass
    rows = result_rows(path, mapped, Detection, notes, lenient=lenient)
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
        return _decoded(raw, list[kind], what, lenient=lenient)
    whole = msgspec.defstruct("ResultFile", [("annotations", list[kind])], gc=False)
    what += ' (an array of results, or an object that holds one under "annotations")'
    rows = _decoded(raw, whole, what, lenient=lenient).annotations
    notes.append(
        f"{path}: the results stand under 'annotations' of an object, not in a list: they are taken from there"
    )
    return rows


class _NotInPiecesError(Exception):
    """The bytes do not begin as a list."""


# a slip, text ids, or nested objects at a cut: then once more, in one go and with the full message
_NOT_USUAL = (msgspec.DecodeError, UnicodeDecodeError, struct.error, RecursionError, _NotInPiecesError)

# columns, and how many values of which type a row has in them: int64 (q) or float64 (d)
_DETECTION = {"image_id": "1q", "category_id": "1q", "bbox": "4d", "score": "1d"}
_ANNOTATION = {"image_id": "1q", "category_id": "1q", "bbox": "4d", "area": "1d", "iscrowd": "1q", "id": "1q"}


def _in_pieces(content: Any, kind: Any, columns: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Return a list of objects as columns."""
    decoder = msgspec.json.Decoder(list[kind])
    view = memoryview(content)
    start = _START.match(content)
    if not start:
        raise _NotInPiecesError
    begin, last = start.end(), False
    parts: list[list[NDArray[Any]]] = []
    while not last:
        cut = _CUT.search(content, begin + _PIECE) if begin + _PIECE < len(content) else None
        last = cut is None
        piece = view[begin : cut.start() + 1] if cut else view[begin:]
        rows = decoder.decode(b"".join((b"[", piece, b"]" if cut else b"")))
        parts.append([_column(rows, name, int(one[0]), one[1]) for name, one in columns.items()])
        begin = cut.end() - 1 if cut else len(content)
    return dict(zip(columns, map(np.concatenate, zip(*parts, strict=True)), strict=True))


def _column(rows: Sequence[Any], name: str, width: int, code: str) -> NDArray[Any]:
    """Return one attribute of the rows: a few thousand numbers are packed faster than ``np.fromiter`` takes them."""
    values: Iterable[Any] = map(attrgetter(name), rows)
    if width > 1:
        values = chain.from_iterable(values)
    column = np.frombuffer(struct.pack(f"{width * len(rows)}{code}", *values), np.dtype(code))
    return column.reshape(-1, width) if width > 1 else column


def boxes(rows: Sequence[Sequence[float]], what: str) -> NDArray[np.float64]:
    """Return boxes as (n, 4) float64.

    Raises:
        DataError: one has not four numbers.
    """
    if set(map(len, rows)) - {4}:
        index, row = next((index, row) for index, row in enumerate(rows) if len(row) != 4)
        raise DataError(f"{what}: bbox of entry {index}: got {len(row)} numbers, expected 4: x, y, width, height")
    return np.fromiter(chain.from_iterable(rows), np.float64, 4 * len(rows)).reshape(-1, 4)
