"""The readers ``ranking`` (written into the config) and ``ranking_table`` (CSV, Parquet, Arrow)."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from a4eval import DataError, check_ranges, param
from a4eval_ap_metric.identifiers import of_one_kind
from a4eval_ap_metric.rankings.doubts import ranking_doubts
from a4eval_ap_metric.readers.columns import read_columns
from a4eval_ap_metric.readers.divisible import Divisible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from a4eval import Batch, Run


@dataclass
class InlineRanking:
    """One ranking whose relevance, and scores if need be, stand in the config."""

    batch: ClassVar[str] = "ranking"

    relevance: list[float] = param(help="relevance of the items; relevant is what is above 0", above=-inf, below=inf)
    scores: list[float] | None = param(
        None, help="scores of the items; without them they are ranked as given", above=-inf, below=inf
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.relevance:
            raise ValueError("relevance: got an empty list, expected at least one item")
        if self.scores is not None and len(self.scores) != len(self.relevance):
            raise ValueError(f"scores: got {len(self.scores)} for {len(self.relevance)} items, expected one for each")

    def sources(self) -> Sequence[Path]:
        """No files."""
        return list[Path]()

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield the ranking as query 0."""
        n = len(self.relevance)
        batch = {
            "unit": np.zeros(1, np.int64),
            "row_unit": np.zeros(n, np.int64),
            "score": np.arange(n, 0, -1, dtype=np.float64) if self.scores is None else np.array(self.scores),
            "relevance": np.array(self.relevance, np.float64),
        }
        for doubt in ranking_doubts(batch):
            run.warn(doubt)
        yield batch


@dataclass
class RankingTable(Divisible):
    """Rankings from a flat table, one row an item."""

    batch: ClassVar[str] = "ranking"

    path: Path = param(help="table: .csv, .parquet, .arrow or .feather")
    query: str = param("query", help="column of the query's id")
    score: str = param("score", help="column of the score, higher is better")
    relevance: str = param("relevance", help="column of the relevance; relevant is what is above 0")
    document: str | None = param(None, help="column of the item's id, for ties: trec")

    def sources(self) -> Sequence[Path]:
        """The table."""
        return [self.path, *self._further_files()]

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield all queries as one batch."""
        names = {"query": self.query, "score": self.score, "relevance": self.relevance}
        if self.document is not None:
            names["document"] = self.document
        columns = read_columns(self.path, names, ids=("query", "document"))
        for name in ("score", "relevance"):
            if not np.isfinite(columns[name]).all():
                row = int(np.argmax(~np.isfinite(columns[name]))) + 1
                raise DataError(f"{self.path}: column {names[name]!r}: row {row} is not a finite number")
        for name in ("query", "document"):
            if name in columns:
                (columns[name],) = of_one_kind((name, columns[name]))
        unit, row_unit = np.unique(columns.pop("query"), return_inverse=True)
        if not len(unit):
            raise DataError(f"{self.path}: got no row, expected one for each item of a ranking")
        batch = {"unit": unit, "row_unit": row_unit, **columns}
        for doubt in ranking_doubts(batch):
            run.warn(doubt)
        yield from self._divided(batch)
