"""The metric ``box_statistics``: what the boxes of a data set, or of a detector, are like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from a4eval import DataError, Value, check_ranges, param
from a4eval_box_metrics.analysis.histograms import (
    SIZES,
    aspect_histogram,
    duplicate_rows,
    near_duplicate_rows,
    size_histogram,
)
from a4eval_box_metrics.boxes.columns import columns
from a4eval_box_metrics.images import all_apart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval import Row

_NAMES = (
    "boxes",
    "images_without",
    "small",
    "medium",
    "large",
    "side_median",
    "aspect_median",
    "without_area",
    "out_of_image",
    "duplicates",
    "near_duplicates",
)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What is kept of some whole images: 17 bytes a box, 18 of more than 255 classes, and an id an image.

    Args:
        unit: ids of the images.
        classes: (k,) distinct.
        of_class: (n,) place of each box in them.
        width: (n,) float64, pixels.
        height: (n,) float64, pixels.
        outside: how many leave their image, NaN where the size of one is not known.
        duplicates: how many.
        near: how many near duplicates.
        empty: images without a box.
    """

    unit: NDArray[Any]
    classes: NDArray[Any]
    of_class: NDArray[np.unsignedinteger[Any]]
    width: NDArray[np.float64]
    height: NDArray[np.float64]
    outside: float
    duplicates: int
    near: int
    empty: int


@dataclass
class BoxStatistics:
    """Sizes, aspect ratios, boxes that leave the image, and duplicates."""

    batch: ClassVar[str] = "detection"

    of: Literal["truth", "detection"] = param("truth", help="whose boxes")
    near_duplicate: float = param(
        0.9, help="IoU from which a box of the same image and class is a near duplicate", above=0, maximum=1
    )
    tolerance: float = param(
        1.0, help="how far a box may leave its image without being counted", unit="pixels", minimum=0
    )
    _parts: list[_Part] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def names(self) -> Sequence[str]:
        """The names of the values."""
        return _NAMES

    def update(self, batch: Mapping[str, Any]) -> None:
        """Take in the boxes of a batch, whose images are whole.

        Where it has the columns ``unit_width`` and ``unit_height`` (pixels, by image), boxes outside are counted.

        Raises:
            DataError: a box is unsound.
        """
        boxes = np.asarray(batch[f"{self.of}_box"], np.float64).reshape(-1, 4)
        try:
            found = columns(boxes, "xywh", what=f"{self.of} boxes")
        except ValueError as error:
            raise DataError(str(error)) from error
        unit = np.asarray(batch[f"{self.of}_unit"], np.intp)
        classes, of_class = np.unique(np.asarray(batch[f"{self.of}_class"]), return_inverse=True)
        group = unit * (len(classes) + 1) + of_class
        n = len(batch["unit"])
        self._parts.append(
            _Part(
                unit=np.asarray(batch["unit"]),
                classes=classes,
                of_class=of_class.astype(np.min_scalar_type(len(classes))),
                width=found.width.copy(),  # it may be a column of the boxes, which need not stay
                height=found.height.copy(),
                outside=float(self._outside(batch, found.x1, found.y1, found.x2, found.y2, unit).sum()),
                duplicates=int(duplicate_rows(group, boxes).sum()),
                near=int(near_duplicate_rows(group, boxes, self.near_duplicate).sum()),
                empty=int(np.count_nonzero(np.bincount(unit, minlength=n) == 0)),
            )
        )

    def _outside(self, batch: Mapping[str, Any], *corners_and_unit: NDArray[Any]) -> NDArray[np.float64]:
        """Return 1, 0 or, where the image's size is not known, NaN for each box."""
        x1, y1, x2, y2, unit = corners_and_unit
        if "unit_width" not in batch or "unit_height" not in batch:
            return np.full(len(unit), np.nan)
        width, height = (np.asarray(batch[f"unit_{side}"], np.float64)[unit] for side in ("width", "height"))
        slack = self.tolerance
        leaves = (x1 < -slack) | (y1 < -slack) | (x2 > width + slack) | (y2 > height + slack)
        return np.where(np.isnan(width + height), np.nan, leaves)

    def merge(self, other: BoxStatistics) -> None:
        """Take in the boxes of *other*, which has the same parameters."""
        self._parts += other._parts

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return counts, and shares of sizes by the box's own area.

        Raises:
            DataError: an image came in two batches.
            ValueError: weights were given; these are facts of the data, not estimates.
        """
        if weights is not None:
            raise ValueError("box_statistics describes the data as it is and takes no weights")
        all_apart([one.unit for one in self._parts])
        width, height = self._column("width"), self._column("height")
        n, area = len(width), width * height
        aspect = width[area > 0] / height[area > 0]
        counts = {
            "boxes": n,
            "images_without": sum(one.empty for one in self._parts),
            "without_area": int((area == 0).sum()),
            "out_of_image": sum(one.outside for one in self._parts) if n else float("nan"),
            "duplicates": sum(one.duplicates for one in self._parts),
            "near_duplicates": sum(one.near for one in self._parts),
        }
        values = {
            name: Value(float(count), "images" if name == "images_without" else "boxes", n=n)
            for name, count in counts.items()
        }
        for name, (low, high) in SIZES.items():
            values[name] = Value(_mean((area >= low) & (area < high)), n=n)
        values["side_median"] = Value(float(np.median(np.sqrt(area))) if n else float("nan"), "pixels", n=n)
        values["aspect_median"] = Value(float(np.median(aspect)) if len(aspect) else float("nan"), n=len(aspect))
        return {name: values[name] for name in _NAMES}

    def tables(self) -> dict[str, list[Row]]:
        """Return histograms of size and aspect ratio, and the boxes of each class."""
        width, height = self._column("width"), self._column("height")
        area = width * height
        classes = np.unique(np.concatenate([one.classes for one in self._parts] or [np.empty(0)]))
        places = [np.searchsorted(classes, one.classes)[one.of_class] for one in self._parts]
        of_class = np.concatenate(places or [np.empty(0, np.intp)])
        count = np.bincount(of_class, minlength=len(classes))
        rows = np.split(np.argsort(of_class, kind="stable"), np.cumsum(count)[:-1])
        by_class: list[Row] = [
            {"class": one.item(), "boxes": len(mine), "side_median": float(np.median(np.sqrt(area[mine])))}
            for one, mine in zip(classes, rows, strict=False)
        ]
        aspect = width[area > 0] / height[area > 0]
        return {"size": size_histogram(np.sqrt(area)), "aspect": aspect_histogram(aspect), "by_class": by_class}

    def _column(self, name: str) -> NDArray[np.float64]:
        return np.concatenate([getattr(part, name) for part in self._parts] or [np.empty(0)])


def _mean(chosen: NDArray[np.bool_]) -> float:
    return float(chosen.mean()) if len(chosen) else float("nan")
