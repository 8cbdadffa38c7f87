"""What a detection metric remembers between batches, and the one order it is put in at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.detections.data import DetectionData
from a4eval_ap_metric.identifiers import as_ids, dense, distinct, of_one_kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


TRUTH = ("truth_unit", "truth_class", "truth_box", "truth_area", "truth_crowd")
FLAGS = ("truth_uncounted", "truth_difficult", "truth_ignored")
FEDERATED = (
    "class_frequency",
    *(f"{of}_{what}" for of in ("negative", "not_exhaustive", "verified") for what in ("unit", "class")),
)
SHOWN = ("unit_width", "unit_height", "unit_image")
"""What is known of the images themselves, which only pictures need."""
SHAPES = tuple(f"{side}_{of}" for of in ("mask", "keypoints", "corners") for side in ("truth", "detection"))
DETECTION = ("detection_unit", "detection_class", "detection_box", "detection_score")

_NOTHING: dict[str, NDArray[Any]] = {
    "unit": np.empty(0, np.int64),
    **{name: np.empty((0, 4) if name.endswith("box") else 0, np.int64) for name in (*TRUTH, *DETECTION)},
}


@dataclass(slots=True)
class DetectionState:
    """Batches as they came.

    The images are put in the order of their ids, so shards merged in any order are the whole, bit for bit.
    """

    batches: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    n_detections: int = 0
    _ids: dict[str, NDArray[Any]] = field(default_factory=dict)

    def add(self, *batches: dict[str, NDArray[Any]]) -> None:
        """Take in checked batches."""
        self.batches += batches
        self.n_detections += sum(len(one["detection_unit"]) for one in batches)
        self._ids.clear()

    @staticmethod
    def checked(batch: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        """Return the columns of *batch* that are to be kept.

        Raises:
            ValueError: a column is missing, or has not the shape or range it must have.
        """
        columns = {}
        for name in ("unit", *TRUTH, *DETECTION):
            if name not in batch:
                raise ValueError(f"a detection batch needs the column {name!r}, got {sorted(batch)}")
            columns[name] = np.asarray(batch[name])
        for name in ("class", "class_name", *FLAGS, "detection_area", *SHOWN, *SHAPES, *FEDERATED):
            if name in batch:
                columns[name] = np.asarray(batch[name])
        for name in ("unit", "class", "truth_class", "detection_class"):
            if name in columns:
                (columns[name],) = of_one_kind((name, as_ids(columns[name], f"column {name!r}")))
        for group in (TRUTH, DETECTION):
            _check_rows(columns, group)
        return columns

    def units(self) -> NDArray[Any]:
        """Return the distinct image ids, ascending."""
        if "unit" not in self._ids:
            self._ids["unit"] = distinct([batch["unit"] for batch in self.batches])
        return self._ids["unit"]

    def classes(self) -> NDArray[Any]:
        """Return the distinct class ids, ascending."""
        if "class" not in self._ids:
            keys = ("class", "truth_class", "detection_class")
            self._ids["class"] = distinct([batch[key] for batch in self.batches for key in keys if key in batch])
        return self._ids["class"]

    def data(self) -> DetectionData:
        """Return everything with dense images and classes."""
        units, classes = self.units(), self.classes()
        batches = self.batches or [_NOTHING]
        ascending = len(batches) == 1 and np.array_equal(batches[0]["unit"], units)  # then rows point there already
        maps = [] if ascending else [dense(batch["unit"], units) for batch in batches]

        def column(name: str) -> NDArray[Any]:
            parts = [batch[name] for batch in batches]
            return parts[0] if len(parts) == 1 else np.concatenate(parts)

        def unit(name: str) -> NDArray[Any]:
            if ascending:
                return column(name)
            return np.concatenate([known.take(batch[name]) for known, batch in zip(maps, batches, strict=True)])

        return DetectionData(
            n_units=len(units),
            n_classes=len(classes),
            truth_unit=unit("truth_unit"),
            truth_class=dense(column("truth_class"), classes),
            truth_box=column("truth_box").astype(np.float64, copy=False),
            truth_area=column("truth_area").astype(np.float64, copy=False),
            truth_crowd=column("truth_crowd").astype(bool, copy=False),
            detection_unit=unit("detection_unit"),
            detection_class=dense(column("detection_class"), classes),
            detection_box=column("detection_box").astype(np.float64, copy=False),
            detection_score=column("detection_score").astype(np.float64, copy=False),
            truth_uncounted=self.flags("truth_uncounted"),
            truth_ignored=self.flags("truth_ignored"),
            detection_area=column("detection_area") if all("detection_area" in one for one in batches) else None,
            shapes={name: column(name) for name in SHAPES if all(name in one for one in batches)},
        )

    def flags(self, name: str) -> NDArray[np.bool_] | None:
        """Return a column of flags of the truths, False for batches without it; None if none has it."""
        if not any(name in batch for batch in self.batches):
            return None
        parts = [np.asarray(batch.get(name, np.zeros(len(batch["truth_unit"])))) for batch in self.batches]
        return np.concatenate(parts).astype(bool)

    def unit_column(self, name: str, missing: Any) -> list[Any]:
        """Return a column that goes with ``unit``, in the order of :meth:`units`; *missing* where a batch has none."""
        known: dict[Any, Any] = {}
        for batch in self.batches:
            if name in batch:
                known |= dict(zip(batch["unit"].tolist(), batch[name].tolist(), strict=True))
        return [known.get(one, missing) for one in self.units().tolist()]

    def class_names(self) -> list[str]:
        """Return the names of the classes, in the order of :meth:`classes`; the id where there is no name."""
        names = self.class_column("class_name")
        return [name or str(one) for name, one in zip(names, self.classes().tolist(), strict=True)]

    def pairs(self, name: str) -> NDArray[np.int64]:
        """Return pairs of image and class, such as ``negative``, as dense ``class × n_units + unit``."""
        units, classes = self.units(), self.classes()
        found = [np.zeros(0, np.int64)]
        for batch in self.batches:
            unit = dense(batch["unit"], units).take(batch[f"{name}_unit"])
            of_class = dense(batch[f"{name}_class"], classes).astype(np.int64)
            found.append((of_class * len(units) + unit)[of_class >= 0])
        return np.unique(np.concatenate(found))

    def class_column(self, name: str) -> list[str]:
        """Return a column that goes with ``class``, in the order of :meth:`classes`; empty where a class has none."""
        known = {
            one: value
            for batch in self.batches
            if name in batch and "class" in batch
            for one, value in zip(batch["class"].tolist(), batch[name].tolist(), strict=True)
        }
        return [str(known.get(one, "")) for one in self.classes().tolist()]


def _check_rows(columns: Mapping[str, NDArray[Any]], group: Sequence[str]) -> None:
    n = len(columns[group[0]])
    for name in group:
        expected = (n, 4) if name.endswith("_box") else (n,)
        if columns[name].shape != expected:
            raise ValueError(f"column {name!r}: got shape {columns[name].shape}, expected {expected}")
    unit = columns[group[0]]
    if n and not 0 <= unit.min() <= unit.max() < len(columns["unit"]):
        raise ValueError(f"column {group[0]!r}: expected indices into the {len(columns['unit'])} units")
