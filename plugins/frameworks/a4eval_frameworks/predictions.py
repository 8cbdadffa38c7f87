"""Predictions as metrics see them: rows of truth and prediction, each of a unit, and units drawn several times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence


COLUMNS = ("truth", "prediction", "score", "group", "document")
"""What a row may hold; ``truth`` it must."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """Rows in the order of their units.

    Args:
        unit: (n,) ids, ascending.
        row_unit: (r,) index into *unit*, ascending.
        columns: each (r,), the score maybe (r, classes); whichever of :data:`COLUMNS` there are.
    """

    unit: NDArray[Any]
    row_unit: NDArray[np.intp]
    columns: Mapping[str, NDArray[Any]]

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.row_unit)

    def of_rows(self, rows: NDArray[Any]) -> Predictions:
        """Return those of some rows, by index or mask; all units stay."""
        return replace(
            self, row_unit=self.row_unit[rows], columns={name: one[rows] for name, one in self.columns.items()}
        )

    def repeated(self, weights: NDArray[np.float64]) -> Predictions:
        """Return the rows with each unit as often as it weighs, every copy as a unit of its own.

        Raises:
            ValueError: a weight is no count.

        >>> rows = Predictions(np.array([7, 8]), np.array([0, 1, 1]), {"truth": np.array([1, 0, 1])})
        >>> twice = rows.repeated(np.array([0.0, 2.0]))
        >>> twice.row_unit.tolist(), twice.columns["truth"].tolist()
        ([0, 0, 1, 1], [0, 1, 0, 1])
        """
        counts = weights.astype(np.intp)
        if (counts != weights).any() or (counts < 0).any():
            raise ValueError("weights: the metric takes none, so its units can only be counted: expected whole numbers")
        copies = np.repeat(np.arange(len(self.unit)), counts)
        first = np.searchsorted(self.row_unit, np.arange(len(self.unit) + 1))
        sizes = np.diff(first)[copies]
        row_unit = np.repeat(np.arange(len(copies)), sizes)
        within = np.arange(len(row_unit)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        drawn = self.of_rows(np.repeat(first[copies], sizes) + within)
        return replace(drawn, unit=np.arange(len(copies)), row_unit=row_unit)


def gathered(batches: Sequence[Mapping[str, Any]]) -> Predictions:
    """Return the rows of batches ``predictions`` in the order of their units; those of one unit as they came."""
    units = [np.asarray(batch["unit"]) for batch in batches]
    unit, index = np.unique(np.concatenate(units), return_inverse=True)
    places = np.split(index, np.cumsum([len(one) for one in units])[:-1])
    row_unit = np.concatenate([place[batch["row_unit"]] for place, batch in zip(places, batches, strict=True)])
    order = np.argsort(row_unit, kind="stable")
    columns = {
        name: np.concatenate([batch[f"row_{name}"] for batch in batches])[order]
        for name in COLUMNS
        if all(f"row_{name}" in batch for batch in batches)
    }
    return Predictions(unit, row_unit[order], columns)
