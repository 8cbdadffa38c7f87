"""The reader ``box_text``: a folder of text files, one an image, one line a box (YOLO and its relatives)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np

from a4eval import DataError, param
from a4eval_ap_metric.detections.box_formats import BoxFormat, to_xywh
from a4eval_ap_metric.identifiers import texts
from a4eval_ap_metric.readers.batch import detection_batch
from a4eval_ap_metric.readers.columns import read_columns
from a4eval_ap_metric.readers.files import files, found_elsewhere, is_number, lines, numbers, stem
from a4eval_ap_metric.readers.images import WithImages
from a4eval_ap_metric.readers.selection import list_file
from a4eval_ap_metric.readers.yolo import class_names, images_in, named, outline_box, sizes_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from a4eval import Batch, Run

ScorePlace: TypeAlias = Literal["last", "second"]


def read_box_files(
    folder: Path, n_numbers: int, *, outlines: bool = False, but: Collection[str] = ()
) -> tuple[list[str], list[str], NDArray[np.float64], list[str]]:
    """Read ``class number number …`` lines of every ``.txt`` of a folder.

    Args:
        folder: the image's id is the name of its file without ``.txt``.
        n_numbers: how many numbers follow the class.
        outlines: in place of a box's four numbers a polygon may stand, whose box is taken.
        but: images whose files are not opened.

    Returns:
        Image and class of each line, its numbers (n, n_numbers), and where it stands.

    Raises:
        DataError: the folder or a file cannot be read, or a line is not what it should be.
    """
    images: list[str] = []
    classes: list[str] = []
    rows: list[list[float]] = []
    places: list[str] = []
    for path in files(folder, ".txt"):
        if stem(path) in but:
            continue
        for where, fields in lines(path):
            name, values = _class_and_numbers(where, fields, n_numbers, outlines=outlines)
            images.append(stem(path))
            classes.append(name)
            rows.append(values)
            places.append(where)
    return images, classes, np.array(rows, np.float64).reshape(-1, n_numbers), places


def _class_and_numbers(where: str, fields: list[str], n_numbers: int, *, outlines: bool) -> tuple[str, list[float]]:
    """Return the class, which may be several words (``traffic light``), and the numbers behind it."""
    first = 1 + max(index for index, one in enumerate(fields) if index == 0 or not is_number(one))
    name = " ".join(fields[:first])
    more = n_numbers - 4
    corners = len(fields) - first - more
    if outlines and corners >= 6 and corners % 2 == 0:
        values = numbers(where, fields[first:])
        return name, [*outline_box(values[:corners]), *values[corners:]]
    if len(fields) - first != n_numbers:
        raise DataError(
            f"{where}: got {len(fields) - first} numbers after the class, expected {n_numbers}; class {name!r}"
        )
    return name, numbers(where, fields[first:])


def image_sizes(path: Path) -> dict[str, tuple[float, float]]:
    """Read a table ``image, width, height`` (pixels)."""
    columns = read_columns(path, {"image": "image", "width": "width", "height": "height"}, ids=("image",))
    sizes = zip(columns["width"].tolist(), columns["height"].tolist(), strict=True)
    return dict(zip(columns["image"].astype(np.str_).tolist(), sizes, strict=True))


@dataclass
class BoxText(WithImages):
    """Boxes from text files: ``class box`` for the truth, with a score for detections.

    A part opens all files of truths, which say what classes there are, and those of its own images' detections.
    """

    batch: ClassVar[str] = "detection"
    may_be_empty: ClassVar[bool] = True
    """An image without objects."""

    ground_truth: Path = param(help="folder of .txt files, one an image, a line: class and four numbers")
    detections: Path = param(help="folder of .txt files, a line: class, four numbers and a score")
    format: BoxFormat = param("cxcywh", help="what the four numbers are; YOLO's are centre and size")
    relative: bool = param(True, help="the numbers are shares of the image's width and height, as YOLO's")
    score: ScorePlace = param("last", help="where the score stands: last on the line, or second, after the class")
    sizes: Path | None = param(None, help="table image, width, height in pixels; when relative, it or images is needed")
    names: Path | None = param(None, help="data.yaml, or a file with a name a line: what classes given as indices mean")

    def __post_init__(self) -> None:
        if self.relative and self.sizes is None and self.images is None:
            raise ValueError(
                "sizes: relative boxes need the images' sizes: set sizes, or images to their folder, or relative=false "
                "for pixels"
            )

    def sources(self) -> Sequence[Path]:
        """All files read."""
        read = [*files(self.ground_truth, ".txt"), *files(self.detections, ".txt"), *self._further_files()]
        return [*read, *(one for one in (self.sizes, self.names) if one is not None)]

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all images as one batch; images are those with a file of truths, in ``images`` or in ``image_list``."""
        here = {} if self.images is None else images_in(self.images)
        sizes = self._sizes(here) if self.relative else None
        units, truth = self._truth(sizes)
        images = sorted({*units, *here, *self._listed()})
        elsewhere = self._elsewhere(images)
        found = self._found(sizes, units, truth["class"], elsewhere)
        warnings: list[str] = []
        batch = detection_batch(
            truth,
            found,
            units=texts(images, "the names of images"),
            names={"truth": str(self.ground_truth), "detection": str(self.detections)},
            warnings=warnings,
            more_elsewhere=found_elsewhere(self.detections, found, elsewhere),
        )
        for warning in warnings:
            run.warn(warning)
        yield from self._divided(batch)

    def _sizes(self, here: Mapping[str, Path]) -> dict[str, tuple[float, float]]:
        return image_sizes(self.sizes) if self.sizes is not None else sizes_of(here)

    def _truth(self, sizes: Mapping[str, tuple[float, float]] | None) -> tuple[list[str], dict[str, Any]]:
        """Return the images that have a file of truths, and the columns of the truths."""
        images, classes, boxes, places = read_box_files(self.ground_truth, 4, outlines=self._outlines)
        columns = {"unit": images, "class": self._named(classes), "box": self._boxes(images, boxes, sizes)}
        columns["place"] = places
        return [stem(path) for path in files(self.ground_truth, ".txt")], _as_text(columns)

    def _found(
        self,
        sizes: Mapping[str, tuple[float, float]] | None,
        units: Sequence[str],
        known: NDArray[np.str_],
        elsewhere: Collection[str],
    ) -> dict[str, Any]:
        """Return the columns of the detections.

        Args:
            sizes: width and height of images; None for pixels.
            units: the images with truths; other formats need them, and the classes.
            known: the classes of the truths.
            elsewhere: images that are not asked for.
        """
        del units, known
        outlines = self._outlines and self.score == "last"
        images, classes, rows, places = read_box_files(self.detections, 5, outlines=outlines, but=elsewhere)
        score, boxes = (rows[:, 4], rows[:, :4]) if self.score == "last" else (rows[:, 0], rows[:, 1:])
        columns = {"unit": images, "class": self._named(classes), "box": self._boxes(images, boxes, sizes)}
        return _as_text(columns | {"score": score, "place": places})

    @property
    def _outlines(self) -> bool:
        return self.relative and self.format == "cxcywh"

    def _listed(self) -> set[str]:
        """Return the images of a list: one without a file of truths is background."""
        return {stem(Path(" ".join(fields))) for path in list_file(self.image_list) for _, fields in lines(path)}

    def _named(self, classes: list[str]) -> list[str]:
        return classes if self.names is None else named(classes, class_names(self.names), str(self.names))

    def _boxes(
        self, images: list[str], boxes: NDArray[np.float64], sizes: Mapping[str, tuple[float, float]] | None
    ) -> NDArray[np.float64]:
        if sizes is None:
            return to_xywh(boxes, self.format)
        missing = sorted(set(images) - set(sizes))
        if missing:
            raise DataError(f"{self.sizes or self.images}: there is no size of image {missing[0]!r}")
        return to_xywh(boxes, self.format, np.array([sizes[one] for one in images]).reshape(-1, 2))


def _as_text(columns: dict[str, Any]) -> dict[str, Any]:
    return columns | {name: texts(columns[name], f"the texts of {name}s") for name in ("unit", "class")}
