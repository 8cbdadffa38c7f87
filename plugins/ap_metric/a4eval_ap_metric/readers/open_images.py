"""The reader ``open_images``: Open Images' CSV files and its hierarchy of classes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from a4eval import DataError, param
from a4eval_ap_metric.detections.box_formats import to_xywh
from a4eval_ap_metric.detections.checks import CheckedBatch
from a4eval_ap_metric.identifiers import dense
from a4eval_ap_metric.readers.batch import detection_batch
from a4eval_ap_metric.readers.columns import read_columns
from a4eval_ap_metric.readers.files import text
from a4eval_ap_metric.readers.hierarchy import ancestors, with_ancestors
from a4eval_ap_metric.readers.images import WithImages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from a4eval import Batch, Run

_BOX = ("XMin", "YMin", "XMax", "YMax")


@dataclass
class OpenImages(WithImages):
    """Boxes, image-level labels and detections in Open Images' CSV; boxes stay shares of their image."""

    batch: ClassVar[str] = "detection"

    ground_truth: Path = param(help="boxes: ImageID, LabelName, XMin, XMax, YMin, YMax, IsGroupOf")
    detections: Path = param(help="detections: ImageID, LabelName, XMin, XMax, YMin, YMax, Score")
    labels: Path | None = param(None, help="verified image-level labels: ImageID, LabelName, Confidence (0 or 1)")
    hierarchy: Path | None = param(None, help="JSON of classes; truths and labels count for their ancestors as well")

    def sources(self) -> Sequence[Path]:
        """The files given."""
        given = (self.ground_truth, self.detections, self.labels, self.hierarchy)
        return [*(one for one in given if one is not None), *self._further_files()]

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all images as one batch."""
        above = {} if self.hierarchy is None else _hierarchy(self.hierarchy)
        truth = _boxes(self.ground_truth, "IsGroupOf")
        row, names = with_ancestors(truth["class"].tolist(), above)
        truth = {name: column[row] for name, column in truth.items()} | {"class": np.array(names, np.str_)}
        truth["crowd"] = truth.pop("IsGroupOf")
        found = _boxes(self.detections, "Score")
        found["score"] = found.pop("Score")
        warnings: list[str] = []
        files = {"truth": str(self.ground_truth), "detection": str(self.detections)}
        batch = detection_batch(truth, found, names=files, warnings=warnings)
        if self.labels is not None:
            batch = CheckedBatch(batch | _verified(self.labels, above, batch["unit"]))
        for warning in warnings:
            run.warn(warning)
        yield from self._divided(batch)


def _boxes(path: Path, more: str) -> dict[str, NDArray[Any]]:
    wanted = {"unit": "ImageID", "class": "LabelName"} | {name: name for name in (*_BOX, more)}
    table = read_columns(path, wanted, ids=("unit", "class"))
    if more == "IsGroupOf":
        _refuse_but(
            np.isin(table[more], (-1, 0, 1)), table[more], f"{path}: column {more!r}", "0, 1 or -1 for not known"
        )
    box = to_xywh(np.stack([table[name] for name in _BOX], axis=1), "xyxy")
    return {
        "unit": table["unit"].astype(np.str_),
        "class": table["class"].astype(np.str_),
        "box": box,
        more: table[more],
    }


def _verified(path: Path, above: Mapping[str, Sequence[str]], unit: NDArray[Any]) -> dict[str, NDArray[Any]]:
    wanted = {"unit": "ImageID", "class": "LabelName", "confidence": "Confidence"}
    table = read_columns(path, wanted, ids=("unit", "class"))
    image, names = table["unit"].astype(np.str_), table["class"].astype(np.str_)
    # a class that is there is there as each of its ancestors; one that is not says nothing of them
    confidence = table["confidence"]
    _refuse_but((confidence >= 0) & (confidence <= 1), confidence, f"{path}: column 'Confidence'", "0 to 1")
    there = confidence > 0
    row, present = with_ancestors(names[there].tolist(), above)
    image = np.concatenate([image[there][row], image[~there]])
    names = np.concatenate([np.array(present, np.str_), names[~there]])
    known = dense(image, unit)
    if not (known >= 0).any():
        got = f"images such as {image[0]}" if len(image) else "no row"
        raise DataError(f"{path}: got {got}, expected labels of the images that have boxes, such as {unit[0]}")
    return {"verified_unit": known[known >= 0], "verified_class": names[known >= 0]}


def _refuse_but(possible: NDArray[np.bool_], values: NDArray[np.float64], what: str, expected: str) -> None:
    """Refuse values that are not possible, naming the row of the first."""
    if not possible.all():
        row = int(np.argmin(possible))
        raise DataError(f"{what}: row {row + 1}: got {values[row]:g}, expected {expected}")


def _hierarchy(path: Path) -> dict[str, list[str]]:
    try:
        return ancestors(json.loads(text(path)))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise DataError(f"{path}: not a hierarchy of LabelName and Subcategory: {error!r}") from error
