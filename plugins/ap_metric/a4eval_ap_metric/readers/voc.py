"""The reader ``voc``: PASCAL VOC's annotation files (XML) and result files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from xml.etree import ElementTree as ET

import numpy as np

from a4eval import DataError, param
from a4eval_ap_metric.detections.box_formats import to_xywh
from a4eval_ap_metric.readers.batch import detection_batch
from a4eval_ap_metric.readers.divisible import Divisible
from a4eval_ap_metric.readers.files import content, files, lines, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from a4eval import Batch, Run


def read_annotations(folder: Path) -> tuple[list[str], dict[str, Any]]:
    """Read every ``.xml`` of a folder.

    Returns:
        The image ids (the files' names), and the columns ``unit``, ``class``, ``box`` (xywh, pixels; the far edge is
        an inclusive pixel), ``difficult``.

    Raises:
        DataError: there is no such folder, or a file is not a VOC annotation.
    """
    images, units, classes, boxes, difficult = [], [], [], [], []
    for path in files(folder, ".xml"):
        images.append(path.stem)
        try:
            root = ET.fromstring(content(path))  # noqa: S314  (expat defines no entity outside the file)
        except ET.ParseError as error:
            raise DataError(f"{path}: is not XML: {error}") from error
        for number, one in enumerate(root.iter("object"), 1):
            name = one.findtext("name")
            corners = [one.findtext(f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")]
            try:
                box = [float(corner or "missing") for corner in corners]
            except ValueError as error:
                raise DataError(f"{path}: object {number}: bndbox is {corners}, expected four numbers") from error
            if not name:
                raise DataError(f"{path}: object {number} has no name")
            units.append(path.stem)
            classes.append(name.strip())
            boxes.append(box)
            difficult.append((one.findtext("difficult") or "0").strip() == "1")
    return images, {
        "unit": np.array(units, np.str_),
        "class": np.array(classes, np.str_),
        "box": to_xywh(boxes, "xyxy"),
        "difficult": np.array(difficult, bool),
    }


def read_results(paths: Sequence[Path]) -> dict[str, Any]:
    """Read result files, ``…_CLASS.txt`` with lines ``image score xmin ymin xmax ymax``.

    Raises:
        DataError: a line is not what it should be.
    """
    units, classes, rows = [], [], []
    for path in paths:
        for where, fields in lines(path):
            values = numbers(where, fields[1:])
            if len(values) != 5:
                raise DataError(f"{where}: got {len(fields)} fields, expected 6: image score xmin ymin xmax ymax")
            units.append(fields[0])
            classes.append(path.stem.rpartition("_")[2])
            rows.append(values)
    table = np.array(rows, np.float64).reshape(-1, 5)
    return {
        "unit": np.array(units, np.str_),
        "class": np.array(classes, np.str_),
        "box": to_xywh(table[:, 1:], "xyxy"),
        "score": table[:, 0],
    }


@dataclass
class Voc(Divisible):
    """Boxes in PASCAL VOC's own formats."""

    batch: ClassVar[str] = "detection"

    ground_truth: Path = param(help="folder of annotation files (.xml), one an image")
    detections: Path = param(help="folder of result files, …_CLASS.txt: image score xmin ymin xmax ymax")

    def sources(self) -> Sequence[Path]:
        """All files read."""
        return [*files(self.ground_truth, ".xml"), *files(self.detections, ".txt")]

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all images as one batch."""
        images, truth = read_annotations(self.ground_truth)
        warnings: list[str] = []
        batch = detection_batch(
            truth,
            read_results(files(self.detections, ".txt")),
            units=np.array(images, np.str_),
            names={"truth": str(self.ground_truth), "detection": str(self.detections)},
            warnings=warnings,
        )
        for warning in warnings:
            run.warn(warning)
        yield from self._divided(batch)
