"""COCO's JSON files as columns of numbers, decoded in pieces so that memory stays a few times the columns' own."""

from __future__ import annotations

import json
import mmap
import re
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from a4eval import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Identifier = int | str
_PIECE = 1 << 17  # bytes: the structs of a piece stay in the cache
_CUT = re.compile(rb"\}\s*,\s*\{")


class Image(msgspec.Struct, gc=False):
    """An image; its size is used to doubt boxes, and LVIS says which classes were looked for."""

    id: Identifier
    width: float | None = None
    height: float | None = None
    neg_category_ids: list[Identifier] | None = None
    not_exhaustive_category_ids: list[Identifier] | None = None


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
    iscrowd: int = 0
    id: Identifier | None = None


class GroundTruthFile(msgspec.Struct, gc=False):
    """The part of a COCO data set that box evaluation needs."""

    images: list[Image]
    annotations: list[Annotation]
    categories: list[Category]


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


def read_ground_truth(path: Path, *, lenient: bool = False) -> GroundTruthFile:
    """Read a COCO annotation file.

    Args:
        path: the file.
        lenient: take NaN, Infinity and whole floats as ids, which are not JSON but which Python writes and reads.

    Raises:
        DataError: it cannot be read or is not one; the text names the file and the place.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    what = f"{path}: not a COCO annotation file"
    decoded: GroundTruthFile = _decoded(content, GroundTruthFile, what, lenient=lenient)
    return decoded


def _decoded(content: Any, kind: Any, what: str, *, lenient: bool) -> Any:
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


def read_detections(path: Path, *, lenient: bool = False) -> dict[str, NDArray[Any]]:
    """Read a COCO result list.

    Args:
        path: the file.
        lenient: as for :func:`read_ground_truth`.

    Returns:
        The columns ``image_id``, ``category_id``, ``bbox`` (n, 4), ``score``.

    Raises:
        DataError: it cannot be read or is not one; the text names the file and the place.
    """
    try:
        with path.open("rb") as file:
            try:
                content: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (ValueError, OSError):  # an empty file, or one that cannot be mapped, such as a pipe
                content = file.read()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return _in_pieces(content)
    except (msgspec.DecodeError, OverflowError, RecursionError, _NotInPiecesError):
        pass  # a slip, text ids, or nested objects at a cut: once more, in one go and with the full message
    rows = _decoded(content, list[Detection], f"{path}: not a COCO result list", lenient=lenient)
    return {
        "image_id": identifiers([one.image_id for one in rows], f"{path}: image_id"),
        "category_id": identifiers([one.category_id for one in rows], f"{path}: category_id"),
        "bbox": boxes([one.bbox for one in rows], str(path)),
        "score": np.array([one.score for one in rows], np.float64),
    }


class _NotInPiecesError(Exception):
    """The bytes do not begin as a list."""


def _in_pieces(content: Any) -> dict[str, NDArray[Any]]:
    decoder = msgspec.json.Decoder(list[_Detection])
    view = memoryview(content)
    begin = content.find(b"[") + 1
    if begin == 0 or bytes(content[:begin]).strip() != b"[":
        raise _NotInPiecesError
    image, category, box, score = (attrgetter(name) for name in ("image_id", "category_id", "bbox", "score"))
    parts: list[tuple[NDArray[Any], ...]] = []
    last = False
    while not last:
        cut = _CUT.search(content, begin + _PIECE) if begin + _PIECE < len(content) else None
        last = cut is None
        piece = view[begin : cut.start() + 1] if cut else view[begin:]
        rows = decoder.decode(b"".join((b"[", piece, b"]" if cut else b"")))
        n = len(rows)
        parts.append(
            (
                np.fromiter(map(image, rows), np.int64, n),
                np.fromiter(map(category, rows), np.int64, n),
                np.fromiter(chain.from_iterable(map(box, rows)), np.float64, 4 * n).reshape(n, 4),
                np.fromiter(map(score, rows), np.float64, n),
            )
        )
        begin = cut.end() - 1 if cut else len(content)
    names = ("image_id", "category_id", "bbox", "score")
    return {name: np.concatenate(column) for name, column in zip(names, zip(*parts, strict=True), strict=True)}


def identifiers(ids: Sequence[Identifier], what: str) -> NDArray[Any]:
    """Return ids as an array.

    Raises:
        DataError: some are numbers and some are text, or one does not fit 64 bits.
    """
    kinds = set(map(type, ids))
    if len(kinds) > 1:
        raise DataError(f"{what}: some ids are numbers and some are text; 1 and '1' are different ids")
    try:
        return np.array(ids) if kinds == {str} else np.array(ids, np.int64)
    except OverflowError as error:
        beyond = next(one for one in ids if abs(int(one)) >= 2**63)
        raise DataError(f"{what}: {beyond} does not fit 64 bits; give such ids as text") from error


def boxes(rows: Sequence[Sequence[float]], what: str) -> NDArray[np.float64]:
    """Return boxes as (n, 4) float64.

    Raises:
        DataError: one has not four numbers.
    """
    if set(map(len, rows)) - {4}:
        index, row = next((index, row) for index, row in enumerate(rows) if len(row) != 4)
        raise DataError(f"{what}: bbox of entry {index}: got {len(row)} numbers, expected 4: x, y, width, height")
    return np.fromiter(chain.from_iterable(rows), np.float64, 4 * len(rows)).reshape(-1, 4)
