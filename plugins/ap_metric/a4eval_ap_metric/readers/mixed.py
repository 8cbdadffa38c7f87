"""The reader ``mixed``: truths in one format and detections in another."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from a4eval import DataError, param
from a4eval_ap_metric.identifiers import texts
from a4eval_ap_metric.readers.box_text import BoxText
from a4eval_ap_metric.readers.coco_json import read_ground_truth, refuse_odd_crowds
from a4eval_ap_metric.readers.coco_results import read_detections
from a4eval_ap_metric.readers.files import files
from a4eval_ap_metric.readers.voc import read_annotations, read_results
from a4eval_ap_metric.readers.yolo import class_names

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from a4eval_ap_metric.readers.coco_json import GroundTruth

_Format = Literal["coco", "voc", "text"]


@dataclass(kw_only=True)
class Mixed(BoxText):
    """Truths and detections of different formats.

    An image is known by the name of its file without ending, a class by its name; a number in COCO's results is the
    image of this number, leading zeros or not, and the class of this index in ``names``.
    """

    batch: ClassVar[str] = "detection"

    truth_format: _Format = param(
        help="of ground_truth: coco (JSON), voc (folder of XML) or text (folder, as box_text)"
    )
    detection_format: _Format = param(help="of detections: coco (results JSON), voc (…_CLASS.txt) or text")

    def __post_init__(self) -> None:
        if "text" in (self.truth_format, self.detection_format) and self.truth_format != "coco":
            super().__post_init__()

    def sources(self) -> Sequence[Path]:
        """All files read."""
        ending = {"voc": ".xml", "text": ".txt"}
        truths = (
            [self.ground_truth] if self.truth_format == "coco" else files(self.ground_truth, ending[self.truth_format])
        )
        found = [self.detections] if self.detection_format == "coco" else files(self.detections, ".txt")
        more = [one for one in (self.sizes, self.names) if one is not None]
        return [*truths, *found, *more, *self._further_files()]

    @cached_property
    def _coco(self) -> GroundTruth:
        return read_ground_truth(self.ground_truth)

    @cached_property
    def _image_names(self) -> dict[Any, str]:
        """The names of COCO's images by their ids.

        Raises:
            DataError: two images have one id or one name.
        """
        names = [(one.id, stem_of(one.file_name) or str(one.id)) for one in self._coco.images]
        _refuse_repeated([one for one, _ in names], f"{self.ground_truth}: an image id")
        _refuse_repeated(
            [name for _, name in names], f"{self.ground_truth}: a name of an image, without folder and ending,"
        )
        return dict(names)

    def _sizes(self, here: Mapping[str, Path]) -> dict[str, tuple[float, float]]:
        if "text" not in (self.truth_format, self.detection_format):
            return {}
        if self.sizes is not None or self.truth_format != "coco":
            return super()._sizes(here)
        given = {self._image_names[one.id]: (one.width, one.height) for one in self._coco.images}
        return {
            name: (float(width), float(height))
            for name, (width, height) in given.items()
            if isinstance(width, int | float) and isinstance(height, int | float)
        }

    def _elsewhere(self, images: Sequence[str]) -> set[str]:
        """None: whether the classes fit is told by all detections."""
        del images
        return set()

    def _truth(self, sizes: Mapping[str, tuple[float, float]] | None) -> tuple[list[str], dict[str, Any]]:
        if self.truth_format == "text":
            return super()._truth(sizes)
        if self.truth_format == "voc":
            return read_annotations(self.ground_truth)
        refuse_odd_crowds(self._coco, self.ground_truth)
        columns = self._coco.annotations
        categories = {one.id: one.name or str(one.id) for one in self._coco.categories}
        _refuse_repeated([one.id for one in self._coco.categories], f"{self.ground_truth}: a category id")
        _refuse_repeated(list(categories.values()), f"{self.ground_truth}: a name of a category")
        unknown = [one for one in columns["image_id"].tolist() if one not in self._image_names]
        strange = [one for one in columns["category_id"].tolist() if one not in categories]
        if unknown or strange:
            what = f"image_id {unknown[0]!r}" if unknown else f"category_id {strange[0]!r}"
            raise DataError(f"{self.ground_truth}: annotations: {what} is not among its images and categories")
        box = columns["bbox"]
        area = np.where(self._coco.lacks_area, box[:, 2] * box[:, 3], columns["area"])
        return list(self._image_names.values()), {
            "unit": texts([self._image_names[one] for one in columns["image_id"].tolist()], "the names of images"),
            "class": texts([categories[one] for one in columns["category_id"].tolist()], "the names of categories"),
            "box": box,
            "area": area,
            "crowd": columns["iscrowd"].astype(bool),
        }

    def _found(
        self,
        sizes: Mapping[str, tuple[float, float]] | None,
        units: Sequence[str],
        known: NDArray[np.str_],
        elsewhere: Collection[str],
    ) -> dict[str, Any]:
        if self.detection_format == "text":
            found = super()._found(sizes, units, known, elsewhere)
        elif self.detection_format == "voc":
            found = read_results(files(self.detections, ".txt"), set(known.tolist()))
        else:
            found = self._coco_results(units)
        if len(known) and len(found["class"]) and not np.isin(found["class"], known).any():
            raise DataError(
                f"{self.detections}: got classes such as {str(found['class'][0])!r}, none of which is in "
                f"{self.ground_truth}, which has classes such as {str(known[0])!r}: set names to what the numbers mean"
            )
        return found

    def _coco_results(self, units: Sequence[str]) -> dict[str, Any]:
        notes: list[str] = []
        rows, _ = read_detections(self.detections, notes)
        for note in notes:
            warnings.warn(note, stacklevel=2)
        images_there = set(units)
        numbered = [(str(int(one)), one) for one in units if one.isascii() and one.isdigit()]
        by_number = dict(numbered)
        names = {} if self.names is None else {str(i): one for i, one in enumerate(class_names(self.names))}
        images = [str(one) for one in rows["image_id"].tolist()]
        classes = [str(one) for one in rows["category_id"].tolist()]
        if len(by_number) < len(numbered):
            used = set(images) - images_there
            meant = [number for number, _ in numbered if number in used]
            _refuse_repeated(meant, f"{self.detections}: image_id: an image of this number, leading zeros or not,")
        return {
            "unit": texts([one if one in images_there else by_number.get(one, one) for one in images], "images"),
            "class": texts([names.get(one, one) for one in classes], "classes"),
            "box": rows["bbox"],
            "score": rows["score"],
        }


def _refuse_repeated(values: Sequence[Any], what: str) -> None:
    twice = [one for one, n in Counter(values).items() if n > 1]
    if twice:
        raise DataError(f"{what} occurs twice: {twice[0]!r}")


def stem_of(name: Any) -> str:
    """Return the name of a file without folder and ending; empty where there is none."""
    return PurePath(name).stem if isinstance(name, str) else ""
