"""The metric ``panoptic_quality``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from a4eval import Row, Value
from a4eval_ap_metric import charts
from a4eval_ap_metric.identifiers import dense, distinct
from a4eval_ap_metric.measures.coco import mean_where_defined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval import Chart

_COUNTS = ("overlap", "found", "wrong", "missed")
_COLUMNS = ("unit", "class", "class_thing", "count_unit", "count_class", *(f"count_{one}" for one in _COUNTS))


@dataclass
class PanopticQuality:
    """PQ = SQ × RQ: the mean IoU of the segments that were found, and the F1 of finding them, as means over classes."""

    batch: ClassVar[str] = "panoptic"
    names: ClassVar[Sequence[str]] = tuple(f"{of}{kind}" for kind in ("", "th", "st") for of in ("PQ", "SQ", "RQ"))

    _batches: list[dict[str, NDArray[Any]]] = field(default_factory=list, init=False, repr=False, compare=False)

    def update(self, batch: Mapping[str, Any]) -> None:
        """Take in a batch of images.

        Raises:
            ValueError: a column is missing.
        """
        for name in _COLUMNS:
            if name not in batch:
                raise ValueError(f"a panoptic batch needs the column {name!r}, got {sorted(batch)}")
        for name in _COUNTS:
            if not np.isfinite(np.asarray(batch[f"count_{name}"], np.float64)).all():
                raise ValueError(f"column 'count_{name}': got a number that is not finite")
        self._batches.append({name: np.asarray(batch[name]) for name in (*_COLUMNS, "class_name") if name in batch})

    def merge(self, other: PanopticQuality) -> None:
        """Take in the images of *other*."""
        self._batches += other._batches

    @property
    def units(self) -> NDArray[Any]:
        """The image ids, in the order ``weights`` refers to."""
        return distinct([one["unit"] for one in self._batches])

    @property
    def classes(self) -> NDArray[Any]:
        """The class ids, ascending."""
        return distinct([one["class"] for one in self._batches])

    def per_class(self, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return (4, k) sum of IoU, found, wrong and missed of each class.

        Args:
            weights: (n_units,) how often each image counts.
        """
        units, classes = self.units, self.classes
        weight = np.ones(len(units)) if weights is None else np.asarray(weights, np.float64)
        if weight.shape != (len(units),):
            raise ValueError(f"weights: got {weight.shape[-1]} of them, expected {len(units)}, one per unit")
        rows = [
            (dense(one["unit"], units).take(one["count_unit"]), dense(one["count_class"], classes), one)
            for one in self._batches
        ]
        order = np.argsort(np.concatenate([unit for unit, _, _ in rows] or [np.zeros(0, int)]), kind="stable")

        def joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
            return np.concatenate(parts)[order] if parts else np.zeros(0, np.int64)

        unit, of_class = joined([one for one, _, _ in rows]), joined([one for _, one, _ in rows])
        counts = [joined([one[f"count_{name}"] for _, _, one in rows]) for name in _COUNTS]
        sums = [np.bincount(of_class, weight[unit] * one, len(classes)) for one in counts]
        return np.array(sums, np.float64).reshape(4, len(classes))

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the means over all classes, over things and over stuff; NaN where there is none."""
        counts = self.per_class(weights)
        quality = _qualities(counts)
        thing = np.zeros(len(self.classes), bool)
        for one in self._batches:
            thing[dense(one["class"], self.classes)] = one["class_thing"]
        n = len(self.units) if weights is None else int(np.sum(weights))
        groups = {"": np.ones(len(thing), bool), "th": thing, "st": ~thing}
        return {
            f"{of}{kind}": Value(mean_where_defined(values[mine]), higher_is_better=True, n=n)
            for kind, mine in groups.items()
            for of, values in zip(("PQ", "SQ", "RQ"), quality, strict=True)
        }

    def tables(self) -> dict[str, list[Row]]:
        """Return the table ``classes``: PQ, SQ, RQ, and how many segments were found, wrong and missed."""
        counts = self.per_class()
        names = {one: str(one) for one in self.classes.tolist()}
        for one in self._batches:
            names |= dict(
                zip(one["class"].tolist(), one.get("class_name", one["class"]).astype(str).tolist(), strict=True)
            )
        columns = zip(names.values(), *(one.tolist() for one in (*_qualities(counts), *counts[1:])), strict=True)
        keys = ("class", "PQ", "SQ", "RQ", "found", "wrong", "missed")
        rows = [dict(zip(keys, row, strict=True)) for row in columns]
        return {"classes": [row | {"truths": row["found"] + row["missed"]} for row in rows]}

    def charts(self) -> dict[str, Chart]:
        """Return PQ by class."""
        return {"classes": charts.by_class("classes", "PQ", "Panoptic quality by class")}


def _qualities(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return PQ, SQ and RQ (k,) of each class, NaN for one without segments."""
    overlap, found, wrong, missed = counts
    all_of_them = found + wrong / 2 + missed / 2
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN we want
        recognition = found / all_of_them
        quality = overlap / all_of_them
    segmentation = np.where(all_of_them > 0, overlap / np.maximum(found, 1e-300) * (found > 0), np.nan)
    return quality, segmentation, recognition
