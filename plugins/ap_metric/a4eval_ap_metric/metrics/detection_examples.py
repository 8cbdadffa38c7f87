"""The metric ``detection_examples``: the images whose errors cost most, and those on which two detectors differ."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from a4eval import A4evalError, DataError, Row, Value, check_ranges, param
from a4eval_ap_metric.charts import BACKGROUND
from a4eval_ap_metric.measures.errors import KINDS
from a4eval_ap_metric.measures.worst import worst_images
from a4eval_ap_metric.metrics.base import only_whole
from a4eval_ap_metric.metrics.examined import Examined, examined
from a4eval_ap_metric.metrics.examined_whole import ExaminedWhole
from a4eval_ap_metric.metrics.in_parts import MetricInParts
from a4eval_ap_metric.metrics.marks import FOUND, mark_rows
from a4eval_ap_metric.thumbnails import packed, small_copy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from a4eval import Run
    from a4eval_ap_metric.detections.data import DetectionData

PICTURES, MARKS = "pictures", "marks"
"""The names of the two tables."""


@dataclass
class DetectionExamples(MetricInParts[Examined]):
    """Tables of what is right and wrong on the images whose errors cost most; it gives no number.

    In ``compare`` the images are those with objects that one detector found and the other missed.
    """

    names: ClassVar[Sequence[str]] = ()

    images: int = param(6, help="how many images", minimum=1)
    marks: int = param(20, help="boxes of an image at most: errors first, by what they cost", minimum=1)
    side: int = param(
        320,
        help="of the longer side of a picture, where the reader is given images, at most",
        unit="pixels",
        minimum=16,
        maximum=2000,
    )
    room: int = param(
        23_000,
        help="for all pictures together: they are made smaller to fit, and the last left out",
        unit="bytes",
        minimum=0,
    )
    foreground: float = param(0.5, help="IoU from which a detection is right, as for tide", above=0, maximum=1)
    background: float = param(0.1, help="IoU up to which a detection is on nothing, as for tide", above=0, maximum=1)
    score: float = param(
        0.25,
        help="detections below have no place in a confusion matrix, as for confusion_matrix",
        above=-inf,
        below=inf,
    )
    max_detections: int = param(100, help="the best so many of each class of an image count", minimum=1)

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.images * self.marks > 2500:
            raise ValueError(f"images, marks: got {self.images} × {self.marks}, expected at most 2500 boxes in all")
        if self.background >= self.foreground:
            raise ValueError(f"background: got {self.background}, expected less than foreground, {self.foreground}")

    def kept(self, data: DetectionData) -> Examined:
        """Return what is known of some whole images, and what pictures of them need."""
        sides = [self._state.unit_column(f"unit_{side}", np.nan) for side in ("width", "height")]
        return examined(
            data,
            np.array(sides, np.float64).T,
            [str(one) for one in self._state.unit_column("unit_image", "")],
            foreground=self.foreground,
            background=self.background,
            score=self.score,
            max_detections=self.max_detections,
        )

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return nothing: the tables are the result."""
        only_whole(weights)
        return {}

    def tables(self) -> dict[str, list[Row]]:
        """Return ``pictures``, a row an image, and ``marks``, a row a box with its outcome, error and cost."""
        pictures, marks = [], []
        for image, why in self._worst().items():
            truths, detections = self._whole.sides(image)
            cost = np.concatenate([one.cost[one.kind < len(KINDS)] for one in (truths, detections)])
            pictures.append(
                {
                    **self._picture(image),
                    "cost": float(cost.sum()),
                    "errors": len(cost),
                    "chosen for": "all its errors" if why == "all" else why,
                }
            )
            rows = mark_rows(truths, detections, self._whole.names, self.marks)
            marks += [{"picture": pictures[-1]["picture"], **row} for row in rows]
        return {PICTURES: pictures, MARKS: _alike(marks)}

    def contrast(self, other: DetectionExamples, run: Run) -> dict[str, list[Row]]:
        """Return the same tables of the images with objects that one found and the other missed, the worst first.

        Args:
            other: fed with the second detector's detections on the same images and truths.
            run: for the pictures.

        Raises:
            DataError: the truths differ.
        """
        first, second = self._whole, other._whole
        truths, same = first.truths, second.truths
        if not all(np.array_equal(truths[one], same[one]) for one in ("id", "unit", "class", "box", "crowd")):
            raise DataError("first and second have different truths, so what one of them missed cannot be said")
        used, also = (one["outcome"] == FOUND for one in (truths, same))
        lost, gained = used & ~also, also & ~used
        flip = np.select([lost, gained], ["lost", "gained"], "")
        unit, n = truths["unit"], len(self.image_ids)
        costs = [np.bincount(unit[flips], one["worth"][flips], n) for flips, one in ((lost, same), (gained, truths))]
        counts = [np.bincount(unit[flips], minlength=n) for flips in (lost, gained)]
        order = np.lexsort((np.arange(n), -costs[1], -costs[0]))
        chosen = [image for image in order.tolist() if counts[0][image] + counts[1][image]][: self.images]
        pictures, marks = [], []
        for image in chosen:
            pictures.append(
                {
                    **self._picture(image),
                    "lost": int(counts[0][image]),
                    "gained": int(counts[1][image]),
                    "cost of lost": float(costs[0][image]),
                    "worth of gained": float(costs[1][image]),
                }
            )
            for pane, one in (("first", first), ("second", second)):
                rows = mark_rows(*one.sides(image), one.names, self.marks, flip[unit == image])
                marks += [{"picture": pictures[-1]["picture"], "pane": pane, **row} for row in rows]
        self._save(chosen, run)
        return {PICTURES: pictures, MARKS: _alike(marks)}

    def illustrate(self, run: Run) -> None:
        """Save small copies of the images, if the reader knows where they are."""
        self._save(list(self._worst()), run)

    def _save(self, chosen: Sequence[int], run: Run) -> None:
        copies = {}
        for image in run.track(chosen, "pictures"):
            path, size = self._whole.file_and_size(image)
            if not path:
                continue
            try:
                copies[path] = small_copy(Path(path), self.side, size)
            except A4evalError as error:
                run.warn(f"pictures: {error}")
        for path, content in zip(copies, packed(list(copies.values()), self.room), strict=False):
            run.artifact(self._file(path)).write_bytes(content)

    def _file(self, path: str) -> str:
        name = hashlib.sha256(f"{self.side} {path}".encode("utf-8", "surrogateescape")).hexdigest()
        return f"thumbnails/{name[:16]}.webp"

    def _picture(self, image: int) -> Row:
        path, (width, height) = self._whole.file_and_size(image)
        name = str(self.image_ids[image].item())
        return {"picture": name, "file": self._file(path) if path else None, "width": width, "height": height}

    def _worst(self) -> dict[int, str]:
        if "worst" not in self._cache:
            self._cache["worst"] = worst_images(*self._whole.errors(), self.images)
        found: dict[int, str] = self._cache["worst"]
        return found

    @property
    def _whole(self) -> ExaminedWhole:
        parts = self._matched_parts
        if "whole" not in self._cache:
            names = [*self.class_names, BACKGROUND]
            self._cache["whole"] = ExaminedWhole(parts, self.image_ids, self.classes, names)
        found: ExaminedWhole = self._cache["whole"]
        return found


def _alike(rows: list[Row]) -> list[Row]:
    """Return the rows without the columns in which none has anything."""
    empty = {name for row in rows for name in row} - {
        name for row in rows for name, one in row.items() if one not in (None, "")
    }
    return [{name: one for name, one in row.items() if name not in empty - {"error", "score"}} for row in rows]
