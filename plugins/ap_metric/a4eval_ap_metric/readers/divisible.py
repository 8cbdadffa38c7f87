"""Readers that can give a part of their units: images or queries, in order, with all that belongs to them."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from a4eval import param
from a4eval_ap_metric.detections.checks import CheckedBatch
from a4eval_ap_metric.readers.clusters import cluster_labels, is_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from a4eval import Batch

_OF_ROWS = ("score", "relevance", "document")
"""The columns of a ranking's items, which have no prefix."""


@dataclass(kw_only=True)
class Divisible:
    """What all of these readers share."""

    clusters: str | None = param(
        None,
        help="which units belong together, for interval.clusters=cluster: a table with the columns image (or query) "
        "and cluster, or a pattern whose first group is taken from the name of an image's file",
    )
    _part: tuple[int, int] = field(default=(0, 1), init=False, repr=False)

    def part(self, index: int, count: int) -> Self:
        """Return a reader of one part of the units.

        Args:
            index: which, from 0.
            count: of how many.
        """
        one = copy(self)
        one._part = (index, count)  # noqa: SLF001  (our own)
        return one

    def _mine(self, n: int) -> slice:
        """Return which of *n* units in their order are of this part."""
        index, count = self._part
        return slice(index * n // count, (index + 1) * n // count)

    def _further_files(self) -> list[Path]:
        """Return the files that are read whatever the format: the table of the clusters, if there is one."""
        return [Path(self.clusters)] if self.clusters is not None and is_table(self.clusters) else []

    def _chosen(self, batch: Batch) -> Batch:
        """Return the units, and what else, that the config asks for."""
        return batch

    def _added(self, batch: Batch) -> dict[str, Any]:
        """Return the columns of units that the config asks for."""
        return {} if self.clusters is None else {"unit_cluster": cluster_labels(self.clusters, batch)}

    def _divided(self, batch: Batch) -> Iterator[Batch]:
        index, count = self._part
        batch = self._chosen(batch)
        if added := self._added(batch):
            batch = CheckedBatch({**batch, **added}) if isinstance(batch, CheckedBatch) else {**batch, **added}
        part = part_of(batch, index, count)
        if index == 0 or len(part["unit"]):
            yield part


def part_of(batch: Mapping[str, Any], index: int, count: int) -> Mapping[str, Any]:
    """Return a part of a batch by its units.

    Args:
        batch: a detection or ranking batch.
        index: which part, from 0.
        count: of how many; they differ by one unit at most.

    >>> batch = {"unit": np.array([7, 8, 9]), "row_unit": np.array([0, 2, 2]), "score": np.array([0.1, 0.2, 0.3])}
    >>> part_of(batch, 1, 2)
    {'unit': array([8, 9]), 'row_unit': array([1, 1]), 'score': array([0.2, 0.3])}
    """
    if count == 1:
        return batch
    n = len(batch["unit"])
    place = np.arange(n)
    return of_units(batch, (index * n // count <= place) & (place < (index + 1) * n // count))


def of_units(batch: Mapping[str, Any], chosen: NDArray[np.bool_]) -> Mapping[str, Any]:
    """Return some units of a batch, and all that belongs to them.

    Args:
        batch: a detection or ranking batch: ``unit``, columns ``unit_…`` beside it, tables with a column
            ``<table>_unit`` of indices into ``unit``, and columns that belong to no unit, such as ``class``.
        chosen: (n,) bool, one a unit.
    """
    tables = [name.removesuffix("unit") for name in batch if name.endswith("_unit")]
    part = rows_of(batch, {table: chosen[batch[f"{table}unit"]] for table in tables})
    place = np.cumsum(chosen) - 1
    moved = {f"{table}unit": place[one].astype(one.dtype) for table in tables if (one := part[f"{table}unit"]).size}
    units = {name: np.asarray(one)[chosen] for name, one in batch.items() if name == "unit" or name.startswith("unit_")}
    return _checked_as(batch, {**part, **moved, **units})


def rows_of(batch: Mapping[str, Any], rows: Mapping[str, NDArray[Any]]) -> Mapping[str, Any]:
    """Return some rows of the tables of a batch.

    Args:
        batch: a detection or ranking batch.
        rows: for each table, by the beginning of its columns' names such as ``truth_``, a mask or an order.
    """

    def cut(name: str, column: NDArray[Any]) -> Any:
        if name in _OF_ROWS:
            return column[rows["row_"]]
        return next((column[chosen] for table, chosen in rows.items() if name.startswith(table)), column)

    return _checked_as(batch, {name: cut(name, np.asarray(column)) for name, column in batch.items()})


def _checked_as(batch: Mapping[str, Any], part: dict[str, Any]) -> Mapping[str, Any]:
    return CheckedBatch(part) if isinstance(batch, CheckedBatch) and batch.unchanged else part
