"""The reader ``predictions``: a file with a row for each prediction."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from a4eval import DataError, param
from a4eval_frameworks.readers.cells import Cells, read_cells
from a4eval_frameworks.readers.columns import ids, labels, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from a4eval import Batch, Run


@dataclass(kw_only=True)
class PredictionTable:
    """Predictions from CSV, JSON lines, npz or Parquet, a row each; a column that has its usual name need not be named.

    ``truth`` and ``prediction`` are labels or numbers, ``score`` numbers; without a column ``unit`` every row is a
    unit of its own.
    """

    batch: ClassVar[str] = "predictions"

    path: Path = param(help="the file: .csv, .jsonl, .ndjson, .npz or .parquet")
    truth: str | None = param(None, help="column of what is true: labels, numbers or relevances; usually truth")
    prediction: str | None = param(None, help="column of the label or number predicted; usually prediction")
    score: str | list[str] | None = param(None, help="column of the score; or of each class, in order; usually score")
    unit: str | None = param(None, help="column of what the row belongs to: a query, a patient; usually unit")
    cluster: str | None = param(None, help="column of what units belong together, for interval.clusters=cluster")
    group: str | None = param(None, help="column of groups, each of which gets a value of its own; usually group")
    document: str | None = param(None, help="column of the item's id, by which pytrec_eval breaks ties")
    labels: Literal["auto", "text"] = param("auto", help="text: labels that look like numbers are text all the same")
    _part: tuple[int, int] = field(default=(0, 1), init=False, repr=False)

    def sources(self) -> Sequence[Path]:
        """The file."""
        return [self.path]

    def part(self, index: int, count: int) -> Self:
        """Return a reader of one part of the units, *index* (from 0) of *count*."""
        one = copy(self)
        one._part = (index, count)  # noqa: SLF001  (of the same class)
        return one

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all rows of this part as one batch."""
        del run
        batch = self._read()
        index, count = self._part
        if count > 1:
            n = len(batch["unit"])
            batch = _cut(batch, index * n // count, (index + 1) * n // count)
        if index == 0 or len(batch["unit"]):
            yield batch

    def _read(self) -> dict[str, Any]:
        given = {"truth": self.truth, "prediction": self.prediction, "unit": self.unit, "cluster": self.cluster}
        given |= {"group": self.group, "document": self.document}
        scores = self.score if isinstance(self.score, list) else [self.score or "score"]
        named = {name: column or name for name, column in given.items()}
        cells = read_cells(self.path, {*named.values(), *scores})
        explicit = [*filter(None, given.values()), *(scores if self.score else []), named["truth"]]
        for column in explicit:
            if column not in cells.columns:
                raise DataError(f"{self.path}: has no column {column!r}; it has {', '.join(cells.columns) or 'none'}")
        there = {name: column for name, column in named.items() if column in cells.columns}
        text = self.labels == "text"
        batch = {
            f"row_{name}": labels(cells, there[name], text=text) for name in ("truth", "prediction") if name in there
        }
        _check_kinds(cells, there, batch)
        batch |= {f"row_{name}": ids(cells, there[name]) for name in ("group", "document") if name in there}
        if set(scores) <= set(cells.columns):
            columns = [numbers(cells, one) for one in scores]
            batch["row_score"] = columns[0] if len(columns) == 1 else np.stack(columns, 1)
        if "prediction" not in there and "row_score" not in batch:
            raise DataError(f"{self.path}: has neither a column 'prediction' nor one 'score'; name one of them")
        return _by_unit(cells, there, batch)


def _by_unit(cells: Cells, there: dict[str, str], rows: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Return the batch: rows in the order of their units."""
    n = len(rows["row_truth"])
    given = ids(cells, there["unit"]) if "unit" in there else np.arange(n)
    unit, first, row_unit = np.unique(given, return_index=True, return_inverse=True)
    order = np.argsort(row_unit, kind="stable")
    batch = {"unit": unit, "row_unit": row_unit[order], **{name: one[order] for name, one in rows.items()}}
    if "cluster" in there:
        cluster = ids(cells, there["cluster"])
        differs = cluster != cluster[first][row_unit]
        if differs.any():
            row = int(np.argmax(differs))
            before = cluster[first][row_unit][row]
            cells.refuse(there["cluster"], row, f"got {cluster[row]!s}, but its unit {given[row]!s} was in {before!s}")
        batch["unit_cluster"] = cluster[first]
    return batch


def _check_kinds(cells: Cells, there: dict[str, str], batch: dict[str, NDArray[Any]]) -> None:
    """Make sure that truth and prediction are both text or both numbers."""
    if "row_prediction" not in batch:
        return
    truth, prediction = batch["row_truth"], batch["row_prediction"]
    if (truth.dtype.kind == "U") != (prediction.dtype.kind == "U"):
        kind = "numbers" if truth.dtype.kind != "U" else "text"
        what = f"got {prediction[0].item()!r}, but the column {there['truth']!r} holds {kind}, as {truth[0].item()!r}"
        cells.refuse(there["prediction"], 0, what)


def _cut(batch: dict[str, Any], first: int, last: int) -> dict[str, Any]:
    inside = (first <= batch["row_unit"]) & (batch["row_unit"] < last)
    part = {name: one[inside] if name.startswith("row_") else one[first:last] for name, one in batch.items()}
    return {**part, "row_unit": part["row_unit"] - first}
