"""The reader ``oriented_text``: oriented boxes in DOTA's and YOLO's text files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from a4eval import DataError, param
from a4eval_ap_metric.identifiers import texts
from a4eval_ap_metric.matching.oriented import signed_area
from a4eval_ap_metric.readers.batch import detection_batch
from a4eval_ap_metric.readers.box_text import image_sizes, read_box_files
from a4eval_ap_metric.readers.files import files, lines, numbers, stem
from a4eval_ap_metric.readers.images import WithImages
from a4eval_ap_metric.readers.voc import class_of_file
from a4eval_ap_metric.readers.yolo import class_names, named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from a4eval import Batch, Run

_HEAD = ("imagesource:", "gsd:")
_Rows = tuple[list[str], list[str], list[list[float]]]


def read_dota_labels(folder: Path) -> _Rows:
    """Read ``x1 y1 x2 y2 x3 y3 x4 y4 class difficult`` lines: image, class, and eight numbers and the flag of each.

    Raises:
        DataError: the folder or a file cannot be read, or a line is not what it should be.
    """
    images, classes, rows = [], [], []
    for path in files(folder, ".txt"):
        for where, fields in lines(path):
            if fields[0].lower().startswith(_HEAD):
                continue
            if len(fields) not in (9, 10):
                raise DataError(f"{where}: got {len(fields)} fields, expected 10: x1 y1 … x4 y4 class difficult")
            images.append(stem(path))
            classes.append(fields[8])
            rows.append(numbers(where, [*fields[:8], *(fields[9:] or ["0"])]))
    return images, classes, rows


def read_dota_results(folder: Path, classes: Collection[str]) -> _Rows:
    """Read ``Task1_CLASS.txt`` with lines ``image score x1 y1 … x4 y4``: image, class, and numbers, the score last.

    Raises:
        DataError: the folder or a file cannot be read, or a line is not what it should be.
    """
    images, of_class, rows = [], [], []
    for path in files(folder, ".txt"):
        name = class_of_file(stem(path), classes)
        for where, fields in lines(path):
            if len(fields) != 10:
                raise DataError(f"{where}: got {len(fields)} fields, expected 10: image score x1 y1 … x4 y4")
            images.append(fields[0])
            of_class.append(name)
            values = numbers(where, fields[1:])
            rows.append([*values[1:], values[0]])
    return images, of_class, rows


@dataclass
class OrientedText(WithImages):
    """Oriented boxes, each by its four corners."""

    batch: ClassVar[str] = "detection"
    may_be_empty: ClassVar[bool] = True
    """An image without objects, or a class of which nothing was found."""

    ground_truth: Path = param(help="folder of label files, one an image")
    detections: Path = param(help="folder of result files: of DOTA one a class, Task1_CLASS.txt; of YOLO one an image")
    format: Literal["dota", "yolo"] = param(
        "dota", help="dota: corners in pixels, class, difficult; yolo: class, corners as shares, and a score"
    )
    sizes: Path | None = param(None, help="table image, width, height in pixels; needed for yolo")
    names: Path | None = param(None, help="yolo: data.yaml, or a file with a name a line")

    def __post_init__(self) -> None:
        if self.format == "yolo" and self.sizes is None:
            raise ValueError("sizes: YOLO's corners are shares of the image: set sizes, a table image, width, height")

    def sources(self) -> Sequence[Path]:
        """All files read."""
        read = [*files(self.ground_truth, ".txt"), *files(self.detections, ".txt"), *self._further_files()]
        return [*read, *(one for one in (self.sizes, self.names) if one is not None)]

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all images as one batch; images are those that have a file of labels."""
        if self.format == "dota":
            labels = read_dota_labels(self.ground_truth)
            truth, found = self._columns(labels), self._columns(read_dota_results(self.detections, set(labels[1])))
            truth["difficult"] = np.array([row[8] for row in labels[2]], np.float64)
        else:
            truth, found = (self._of_yolo(*one) for one in ((self.ground_truth, 8), (self.detections, 9)))
        warnings: list[str] = []
        batch = detection_batch(
            truth,
            found,
            units=texts([stem(path) for path in files(self.ground_truth, ".txt")], "the names of images"),
            names={"truth": str(self.ground_truth), "detection": str(self.detections)},
            warnings=warnings,
        )
        for warning in warnings:
            run.warn(warning)
        yield from self._divided(batch)

    def _of_yolo(self, folder: Path, n_numbers: int) -> dict[str, Any]:
        images, classes, rows = read_box_files(folder, n_numbers)
        sizes = image_sizes(self.sizes) if self.sizes is not None else {}
        missing = sorted(set(images) - set(sizes))
        if missing:
            raise DataError(f"{self.sizes}: there is no size of image {missing[0]!r}")
        if self.names is not None:
            classes = named(classes, class_names(self.names), str(self.names))
        scale = np.array([sizes[one] for one in images], np.float64).reshape(-1, 2)
        rows[:, :8] *= np.tile(scale, 4)
        return self._columns((images, classes, rows.tolist()))

    @staticmethod
    def _columns(given: _Rows) -> dict[str, Any]:
        images, classes, rows = given
        table = np.array(rows, np.float64).reshape(len(rows), -1) if rows else np.zeros((0, 9))
        corners = table[:, :8].reshape(-1, 4, 2)
        low, high = corners.min(axis=1), corners.max(axis=1)
        columns = {
            "unit": texts(images, "the names of images"),
            "class": texts(classes, "the names of classes"),
            "box": np.concatenate([low, high - low], axis=1),
            "corners": corners.reshape(-1, 8),
            "area": np.abs(signed_area(corners)),
        }
        return columns | ({"score": table[:, 8]} if table.shape[1] > 8 else {})
