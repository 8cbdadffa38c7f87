"""The reader ``panoptic``: COCO's panoptic format, a JSON file and a folder of PNG files for each side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import numpy as np

from a4eval import DataError, param, require
from a4eval_ap_metric.identifiers import as_ids, dense, texts
from a4eval_ap_metric.matching.panoptic import VOID, panoptic_counts
from a4eval_ap_metric.readers.divisible import Divisible
from a4eval_ap_metric.readers.files import as_utf8, content, files
from a4eval_ap_metric.readers.yolo import IMAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from a4eval import Batch, Run

_Id = int | str


class _Segment(msgspec.Struct):
    id: int
    category_id: _Id
    iscrowd: int | bool = 0


class _Annotation(msgspec.Struct):
    image_id: _Id
    file_name: str
    segments_info: list[_Segment]


class _Category(msgspec.Struct):
    id: _Id
    name: str = ""
    isthing: int | bool = 1


class _Truth(msgspec.Struct):
    annotations: list[_Annotation]
    categories: list[_Category]


class _Found(msgspec.Struct):
    annotations: list[_Annotation]


@dataclass
class Panoptic(Divisible):
    """Panoptic segmentations; segments are matched image by image, and only counts are kept.

    A part opens the PNG files of its own images alone.
    """

    batch: ClassVar[str] = "panoptic"

    ground_truth: Path = param(help="JSON file with annotations and categories")
    detections: Path = param(help="JSON file with annotations")
    truth_folder: Path | None = param(None, help="folder of its PNG files; by default ground_truth without .json")
    detection_folder: Path | None = param(None, help="likewise, of detections")

    def sources(self) -> Sequence[Path]:
        """The two JSON files, and the PNG files of both folders."""
        maps = [one for folder in self._folders for one in files(folder, ".png")]
        return [self.ground_truth, self.detections, *maps, *self._further_files()]

    @property
    def _folders(self) -> tuple[Path, Path]:
        return (
            self.truth_folder or self.ground_truth.with_suffix(""),
            self.detection_folder or self.detections.with_suffix(""),
        )

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all images as one batch."""
        truth = _decoded(self.ground_truth, _Truth)
        found = {one.image_id: one for one in _decoded(self.detections, _Found).annotations}
        folder, found_folder = self._folders
        known = {one.id for one in truth.categories}
        images = [one.image_id for one in truth.annotations]
        judged = set(images)
        strange = [one for one in found if one not in judged]
        if strange or len(judged) < len(images):
            what = f"image_id {strange[0]!r} is not in" if strange else "an image_id stands twice in"
            raise DataError(f"{self.detections if strange else self.ground_truth}: {what} {self.ground_truth}")
        if not images:
            run.warn(f"{self.ground_truth}: there is no image: panoptic quality is undefined")
        rows: list[tuple[Any, ...]] = []
        absent = sum(one not in found for one in images)
        unit = as_ids(images, f"{self.ground_truth}: image_id")
        mine = set(np.argsort(unit, kind="stable")[self._mine(len(images))].tolist())
        for place, one in enumerate(truth.annotations):
            if place not in mine:
                continue
            ids, segments = _segments(folder, one, known, self.ground_truth)
            other = found.get(one.image_id)
            found_ids = np.zeros_like(ids)
            found_segments: dict[int, tuple[_Id, bool]] = {}
            if other is not None:
                found_ids, found_segments = _segments(found_folder, other, known, self.detections)
            if ids.shape != found_ids.shape:
                raise DataError(f"{found_folder}: image {one.image_id!r}: got {found_ids.shape}, expected {ids.shape}")
            classes = {index: name for index, (name, _) in found_segments.items()}
            counts = panoptic_counts(ids, found_ids, segments, classes)
            rows += [(one.image_id, name, n.overlap, n.found, n.wrong, n.missed) for name, n in counts.items()]
        if absent:
            run.warn(f"{self.detections}: {absent} of {len(images)} images have no annotation: all in them is missed")
        yield from self._divided(_batch(truth, unit, rows, str(self.ground_truth)))


def _batch(truth: _Truth, unit: NDArray[Any], rows: list[tuple[Any, ...]], what: str) -> dict[str, Any]:
    category = as_ids([one.id for one in truth.categories], f"{what}: id")
    order, by_class = np.argsort(unit, kind="stable"), np.argsort(category, kind="stable")
    columns = list(zip(*rows, strict=True)) or [()] * 6
    names = texts([one.name or str(one.id) for one in truth.categories], f"{what}: names")
    return {
        "unit": unit[order],
        "class": category[by_class],
        "class_name": names[by_class],
        "class_thing": np.array([bool(one.isthing) for one in truth.categories], bool)[by_class],
        "count_unit": dense(as_ids(list(columns[0]), "image_id"), unit[order]) if rows else np.zeros(0, np.int32),
        "count_class": as_ids(list(columns[1]), "category_id") if rows else category[:0],
        **{
            f"count_{name}": np.array(columns[place], np.float64)
            for place, name in enumerate(("overlap", "found", "wrong", "missed"), 2)
        },
    }


def _segments(
    folder: Path, one: _Annotation, known: set[_Id], what: Path
) -> tuple[NDArray[np.int64], dict[int, tuple[_Id, bool]]]:
    """Return the id of each pixel's segment, and class and crowd flag of each id."""
    path = folder / one.file_name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"{what}: file_name {one.file_name!r} leads out of {folder}")
    ids = _map(path)
    segments = {segment.id: (segment.category_id, bool(segment.iscrowd)) for segment in one.segments_info}
    strange = sorted({str(name) for name, _ in segments.values() if name not in known})
    if strange:
        raise DataError(f"{what}: image {one.image_id!r}: category_id {strange[0]} is not among the categories")
    there = set(np.unique(ids).tolist()) - {VOID}
    if there != segments.keys():
        odd = min(there ^ segments.keys())
        here, there_not = (path, "segments_info") if odd in there else ("segments_info", path)
        raise DataError(f"{what}: image {one.image_id!r}: segment {odd} is in {here} and not in {there_not}")
    return ids, segments


def _map(path: Path) -> NDArray[np.int64]:
    image: Any = require("PIL.Image", IMAGES)
    try:
        with image.open(path, formats=["PNG"]) as opened:
            colours = np.asarray(opened.convert("RGB"), np.int64)
    except (OSError, ValueError, SyntaxError, image.DecompressionBombError) as error:
        raise DataError(f"{path}: is no PNG: {getattr(error, 'strerror', None) or error}") from error
    ids: NDArray[np.int64] = colours @ np.array([1, 256, 256**2])
    return ids


def _decoded(path: Path, kind: Any) -> Any:
    try:
        return msgspec.json.decode(as_utf8(path, content(path)), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path}: not a COCO panoptic file: {error}") from error
