"""The reader ``detection_table``: truths and detections in flat tables, CSV, Parquet or Arrow."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from a4eval import param
from a4eval_ap_metric.detections.box_formats import BoxFormat, to_xywh
from a4eval_ap_metric.readers.batch import detection_batch
from a4eval_ap_metric.readers.columns import column_names, read_columns
from a4eval_ap_metric.readers.images import WithImages
from a4eval_ap_metric.readers.row_groups import ROWS, ordered_row_groups, pieces, rows_before
from a4eval_ap_metric.readers.table_pieces import TablePieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from a4eval import Batch, Run

_FLAGS = ("crowd", "difficult")
_OF_TRUTH = ("area", *_FLAGS)
_OF_TRUTH_TOO = {"iscrowd": "crowd", "is_crowd": "crowd", "isdifficult": "difficult", "is_difficult": "difficult"}
"""How other tables name these columns."""
_OPTIONAL = (*_OF_TRUTH, "width", "height")
_REQUIRED = ("image", "class", "box_1", "box_2", "box_3", "box_4")


@dataclass
class DetectionTable(WithImages):
    """Boxes from flat tables, one row a box."""

    batch: ClassVar[str] = "detection"

    ground_truth: Path = param(help="table of truths: .csv, .parquet, .arrow or .feather")
    detections: Path = param(help="table of detections, with a score")
    format: BoxFormat = param(help="what the four numbers of a box are; there is no default, so it must be said")
    relative: bool = param(False, help="the numbers are shares of the image's width and height")
    columns: dict[str, str] = param(
        default_factory=dict,
        help="our name to the files': image, class, score, box_1 … box_4; and area, crowd, difficult, width, height",
    )
    _known: tuple[str, ...] = field(default=(*_REQUIRED, "score", *_OPTIONAL), init=False, repr=False)

    def __post_init__(self) -> None:
        if self.relative and not {"width", "height"} <= set(self.columns):
            raise ValueError(
                "relative: set columns.width and columns.height, or relative=false, which leaves shares as they are "
                "(IoU stays the same, areas do not)"
            )
        for name in self.columns:
            if name not in self._known:
                raise ValueError(f"columns: got {name!r}, expected {', '.join(self._known)}")

    def sources(self) -> Sequence[Path]:
        """The two tables."""
        return [self.ground_truth, self.detections, *self._further_files()]

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield whole images; a class or an image is what occurs in a table.

        Parquet files in the order of their images come a piece at a time, anything else as one batch.
        """
        names = {"truth": str(self.ground_truth), "detection": str(self.detections)}
        warnings: list[str] = self._unread()
        if pieces := self._pieces():
            for warning in warnings:
                run.warn(warning)
            yield from pieces.batches(names, run)
            return
        batch = detection_batch(
            self._read(self.ground_truth, self._of_truth),
            self._read(self.detections, ["score"]),
            names=names,
            warnings=warnings,
        )
        for warning in warnings:
            run.warn(warning)
        yield from self._divided(batch)

    @property
    def _of_truth(self) -> list[str]:
        return [name for name in _OF_TRUTH if name in self.columns]

    def _unread(self) -> list[str]:
        """Return a warning of the columns of truths that nobody named, if there are some."""
        others = [one for one in column_names(self.ground_truth) if one not in self.columns.values()]
        there = {_OF_TRUTH_TOO.get(one.lower(), one.lower()): one for one in others}
        unread = {name: there[name] for name in _OF_TRUTH if name in there and name not in self.columns}
        if not unread:
            return []
        named = " ".join(f"task.data.columns.{name}={one}" for name, one in unread.items())
        return [f"{self.ground_truth}: columns that are not read: {', '.join(unread.values())}; to read them: {named}"]

    def _pieces(self) -> TablePieces | None:
        """Return the pieces that this part reads, if the tables can be read so."""
        if not self._every_image_alike:
            return None
        image, of_class = (self.columns.get(name, name) for name in ("image", "class"))
        truth, found = (
            ordered_row_groups(one, image, alike=[of_class]) for one in (self.ground_truth, self.detections)
        )
        if not truth or not found or type(truth[0].low) is not type(found[0].low):
            return None
        index, count = self._part
        bounds = pieces(found, ROWS)
        if len(bounds) < max(2, count):
            return None
        mine = bounds[index * len(bounds) // count : (index + 1) * len(bounds) // count]

        def read_truth(groups: Sequence[int]) -> dict[str, NDArray[Any]]:
            return self._read(self.ground_truth, self._of_truth, groups, rows_before(truth, groups))

        def read_found(groups: Sequence[int]) -> dict[str, NDArray[Any]]:
            return self._read(self.detections, ["score"], groups, rows_before(found, groups))

        def read_classes(groups: Sequence[int]) -> NDArray[Any]:
            first = rows_before(truth, groups)
            return read_columns(self.ground_truth, {"class": of_class}, ids=("class",), groups=groups, first=first)[
                "class"
            ]

        return TablePieces(truth, found, mine, read_truth, read_found, read_classes, whole=count == 1)

    def _read(
        self, path: Path, more: Sequence[str], groups: Sequence[int] | None = None, first: int = 0
    ) -> dict[str, NDArray[Any]]:
        sizes = ["width", "height"] if self.relative and "width" in self.columns else []
        names = {name: self.columns.get(name, name) for name in (*_REQUIRED, *more, *sizes)}
        table = read_columns(path, names, ids=("image", "class"), flags=_FLAGS, groups=groups, first=first)
        box = np.stack([table[f"box_{one}"] for one in (1, 2, 3, 4)], axis=1)
        size = np.stack([table["width"], table["height"]], axis=1) if sizes else None
        found = {name: table[name] for name in more}
        return found | {"unit": table["image"], "class": table["class"], "box": to_xywh(box, self.format, size)}
