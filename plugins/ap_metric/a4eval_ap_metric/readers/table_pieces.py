"""Two Parquet tables in the order of their images, as batches of whole images."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from a4eval import DataError
from a4eval_ap_metric.identifiers import distinct
from a4eval_ap_metric.readers.batch import detection_batch
from a4eval_ap_metric.readers.row_groups import Bound, RowGroup, between, groups_between, rows_before

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from a4eval import Batch, Run

Columns: TypeAlias = dict[str, NDArray[Any]]
_NUMBER = re.compile(r"[\d.,]+")


@dataclass(frozen=True)
class TablePieces:
    """What to read, and how.

    Args:
        truth: the row groups of the truths.
        found: those of the detections.
        bounds: the images of each piece, from one up to another.
        read_truth: the truths of some row groups.
        read_found: the detections of some.
        read_classes: the classes of the truths of some.
        whole: whether these are all pieces there are.
    """

    truth: Sequence[RowGroup]
    found: Sequence[RowGroup]
    bounds: Sequence[tuple[Bound, Bound]]
    read_truth: Callable[[Sequence[int]], Columns]
    read_found: Callable[[Sequence[int]], Columns]
    read_classes: Callable[[Sequence[int]], NDArray[Any]]
    whole: bool

    def batches(self, names: Mapping[str, str], run: Run) -> Iterator[Batch]:
        """Yield a batch a piece, and warn of what was doubtful in any in the end.

        Args:
            names: as for :func:`detection_batch`.
            run: the run.

        Raises:
            DataError: a table is not what it should be, or no image has both truths and detections.
        """
        classes = distinct([distinct([self.read_classes([one])]) for one in range(len(self.truth))])
        doubts: dict[str, list[str]] = {}
        met = False
        for low, high in self.bounds:
            groups = groups_between(self.truth, low, high)
            truth = _rows(self.read_truth(groups), low, high, names["truth"], rows_before(self.truth, groups))
            groups = groups_between(self.found, low, high)
            found = _rows(self.read_found(groups), low, high, names["detection"], rows_before(self.found, groups))
            units = distinct([truth["unit"], found["unit"]])
            met = met or len(units) < len(distinct([truth["unit"]])) + len(distinct([found["unit"]]))
            notes: list[str] = []
            batch = detection_batch(truth, found, units=units, classes=classes, names=names, warnings=notes)
            for one in notes:
                doubts.setdefault(_NUMBER.sub("", one), []).append(one)
            yield batch
        for same in doubts.values():
            run.warn(f"{same[0]} (so in {len(same)} of {len(self.bounds)} pieces of the tables)")
        if not met:
            nothing = f"{names['detection']}: no image has both detections and truths in {names['truth']}"
            if self.whole:
                raise DataError(nothing)
            run.warn(nothing)


@dataclass(frozen=True)
class _Places:
    """Where rows stand in a table."""

    table: str
    number: NDArray[np.intp]

    def __getitem__(self, row: int) -> str:
        return f"{self.table}: entry {self.number[row]}"


def _rows(columns: Columns, low: Bound, high: Bound, table: str, first: int) -> dict[str, Any]:
    inside = between(columns["unit"], low, high)
    rows = columns if inside.all() else {name: np.asarray(one)[inside] for name, one in columns.items()}
    return {**rows, "place": _Places(table, first + np.flatnonzero(inside))}
