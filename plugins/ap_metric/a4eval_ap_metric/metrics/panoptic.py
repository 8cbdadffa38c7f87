"""The metric ``panoptic_quality``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from a4eval import Row, Value
from a4eval_ap_metric import charts
from a4eval_ap_metric.identifiers import all_apart, dense, distinct
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
        """The image ids, in the order ``weights`` refers to.

        Raises:
            DataError: an image came in two batches.
        """
        return all_apart([one["unit"] for one in self._batches])

    @property
    def classes(self) -> NDArray[Any]:
        """The class ids, ascending."""
        return distinct([one["class"] for one in self._batches])

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the means over all classes, over things and over stuff; NaN where there is none."""
        rows = None if weights is None else np.asarray(weights, np.float64)[None]
        n = len(self.units) if weights is None else int(np.sum(weights))
        values = self._means(self._sums(rows))
        return {name: Value(float(value), higher_is_better=True, n=n) for name, (value,) in values.items()}

    def compute_many(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the means of many resamples: for each name (r,) float64.

        Args:
            weights: (r, n_units) how often each image counts.
        """
        return self._means(self._sums(np.asarray(weights, np.float64)))

    def _sums(self, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return (4, r, k) sum of IoU, found, wrong and missed of each class, once for each row of *weights*."""
        units, classes = self.units, self.classes
        rows = np.ones((1, len(units))) if weights is None else weights
        if rows.shape[1] != len(units):
            raise ValueError(f"weights: got {rows.shape[1]} of them, expected {len(units)}, one per unit")
        if not self._batches:
            return np.zeros((4, len(rows), 0))
        unit = np.concatenate([dense(one["unit"], units).take(one["count_unit"]) for one in self._batches])
        order = np.argsort(unit, kind="stable")  # of images, whatever batches they came in
        unit = unit[order]

        def joined(name: str) -> NDArray[Any]:
            return np.concatenate([one[name] for one in self._batches])[order]

        of_class = dense(joined("count_class"), classes)
        counts = [joined(f"count_{name}").astype(np.float64) for name in _COUNTS]
        weighed = (row.take(unit) for row in rows)
        sums = [[np.bincount(of_class, weight * one, len(classes)) for one in counts] for weight in weighed]
        return np.moveaxis(np.array(sums, np.float64).reshape(len(rows), 4, len(classes)), 1, 0)

    def _means(self, sums: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the means (r,) over classes of sums (4, r, k)."""
        thing = np.zeros(len(self.classes), bool)
        for one in self._batches:
            thing[dense(one["class"], self.classes)] = one["class_thing"]
        quality = _qualities(sums)
        return {
            f"{of}{kind}": np.array([mean_where_defined(row[mine]) for row in values])
            for kind, mine in (("", np.ones(len(thing), bool)), ("th", thing), ("st", ~thing))
            for of, values in zip(("PQ", "SQ", "RQ"), quality, strict=True)
        }

    def tables(self) -> dict[str, list[Row]]:
        """Return the table ``classes``: PQ, SQ, RQ, and how many segments were found, wrong and missed."""
        counts = self._sums()[:, 0]
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
    """Return PQ, SQ and RQ (…, k) of sums (4, …, k), NaN for one without segments."""
    overlap, found, wrong, missed = counts
    all_of_them = found + wrong / 2 + missed / 2
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN we want
        recognition = found / all_of_them
        quality = overlap / all_of_them
    segmentation = np.where(all_of_them > 0, overlap / np.maximum(found, 1e-300) * (found > 0), np.nan)
    return quality, segmentation, recognition
