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
from a4eval_ap_metric.readers.files import files, found_elsewhere, lines, numbers, stem
from a4eval_ap_metric.readers.images import WithImages
from a4eval_ap_metric.readers.voc import class_of_file
from a4eval_ap_metric.readers.yolo import class_names, named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from a4eval import Batch, Run

_HEAD = ("imagesource:", "gsd:")
_Rows = tuple[list[str], list[str], list[list[float]], list[str]]


def read_dota_labels(folder: Path, *, but: Collection[str] = ()) -> tuple[_Rows, set[str]]:
    """Read ``x1 y1 x2 y2 x3 y3 x4 y4 class difficult`` lines.

    Args:
        folder: the image's id is the name of its file without ``.txt``.
        but: images of which nothing but the classes is taken.

    Returns:
        Image, class, eight numbers and the flag, and the place of each line; and all classes.

    Raises:
        DataError: the folder or a file cannot be read, or a line is not what it should be.
    """
    images, classes, rows, places = [], [], [], []
    known: set[str] = set()
    for path in files(folder, ".txt"):
        image = stem(path)
        for where, fields in lines(path):
            if fields[0].lower().startswith(_HEAD):
                continue
            if len(fields) not in (9, 10):
                raise DataError(f"{where}: got {len(fields)} fields, expected 10: x1 y1 … x4 y4 class difficult")
            known.add(fields[8])
            if image not in but:
                images.append(image)
                classes.append(fields[8])
                rows.append(numbers(where, [*fields[:8], *(fields[9:] or ["0"])]))
                places.append(where)
    return (images, classes, rows, places), known


def read_dota_results(folder: Path, classes: Collection[str], *, but: Collection[str] = ()) -> _Rows:
    """Read ``Task1_CLASS.txt`` with lines ``image score x1 y1 … x4 y4``.

    Args:
        folder: of the files.
        classes: those of the ground truth, which say what of a file's name is the class.
        but: images whose lines are left out.

    Returns:
        Image, class, numbers, the score last, and the place of each line.

    Raises:
        DataError: the folder or a file cannot be read, or a line is not what it should be.
    """
    images, of_class, rows, places = [], [], [], []
    for path in files(folder, ".txt"):
        name = class_of_file(stem(path), classes)
        for where, fields in lines(path, but=but):
            if len(fields) != 10:
                raise DataError(f"{where}: got {len(fields)} fields, expected 10: image score x1 y1 … x4 y4")
            images.append(fields[0])
            of_class.append(name)
            values = numbers(where, fields[1:])
            rows.append([*values[1:], values[0]])
            places.append(where)
    return images, of_class, rows, places


@dataclass
class OrientedText(WithImages):
    """Oriented boxes, each by its four corners.

    A part of DOTA's files converts the lines of its own images; of YOLO's it opens all labels, and of the results the
    files of its own images.
    """

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
        images = sorted(stem(path) for path in files(self.ground_truth, ".txt"))
        elsewhere = self._elsewhere(images)
        if self.format == "dota":
            labels, classes = read_dota_labels(self.ground_truth, but=elsewhere)
            truth = self._columns(labels) | {"difficult": np.array([row[8] for row in labels[2]], np.float64)}
            found = self._columns(read_dota_results(self.detections, classes, but=elsewhere))
        else:
            truth, found = self._of_yolo(self.ground_truth, 8), self._of_yolo(self.detections, 9, but=elsewhere)
            classes = set(truth["class"].tolist())
        warnings: list[str] = []
        batch = detection_batch(
            truth,
            found,
            units=texts(images, "the names of images"),
            classes=texts(sorted(classes), "the names of classes"),
            names={"truth": str(self.ground_truth), "detection": str(self.detections)},
            warnings=warnings,
            more_elsewhere=found_elsewhere(self.detections, found, elsewhere),
        )
        for warning in warnings:
            run.warn(warning)
        yield from self._divided(batch)

    def _of_yolo(self, folder: Path, n_numbers: int, *, but: Collection[str] = ()) -> dict[str, Any]:
        images, classes, rows, places = read_box_files(folder, n_numbers, but=but)
        sizes = image_sizes(self.sizes) if self.sizes is not None else {}
        missing = sorted(set(images) - set(sizes))
        if missing:
            raise DataError(f"{self.sizes}: there is no size of image {missing[0]!r}")
        if self.names is not None:
            classes = named(classes, class_names(self.names), str(self.names))
        scale = np.array([sizes[one] for one in images], np.float64).reshape(-1, 2)
        rows[:, :8] *= np.tile(scale, 4)
        return self._columns((images, classes, rows.tolist(), places))

    @staticmethod
    def _columns(given: _Rows) -> dict[str, Any]:
        images, classes, rows, places = given
        table = np.array(rows, np.float64).reshape(len(rows), -1) if rows else np.zeros((0, 9))
        corners = table[:, :8].reshape(-1, 4, 2)
        low, high = corners.min(axis=1), corners.max(axis=1)
        columns = {
            "unit": texts(images, "the names of images"),
            "class": texts(classes, "the names of classes"),
            "box": np.concatenate([low, high - low], axis=1),
            "corners": corners.reshape(-1, 8),
            "area": np.abs(signed_area(corners)),
            "place": places,
        }
        return columns | ({"score": table[:, 8]} if table.shape[1] > 8 else {})
