"""What a ranking metric remembers between batches: rankings by query, in the order of the queries' ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.identifiers import dense, distinct
from a4eval_ap_metric.sorting import small_integer_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_COLUMNS = ("unit", "row_unit", "score", "relevance")
_JUDGED = ("judged_unit", "judged_relevance")


class Ranking(NamedTuple):
    """One query's items.

    Args:
        query: its id.
        score: (n,) float64.
        relevance: (n,) float64, NaN where nobody judged.
        document: (n,) ids, None if the batches have none.
        judged: (j,) grades of all judged items; None if those retrieved are all there are.
    """

    query: Any
    score: NDArray[np.float64]
    relevance: NDArray[np.float64]
    document: NDArray[Any] | None
    judged: NDArray[np.float64] | None


@dataclass(slots=True)
class RankingState:
    """Batches as they came."""

    batches: list[dict[str, NDArray[Any]]] = field(default_factory=list)

    def add(self, batch: Mapping[str, Any]) -> None:
        """Keep the columns of *batch*.

        Raises:
            ValueError: a column is missing, or has not the shape or range it must have.
        """
        for name in _COLUMNS:
            if name not in batch:
                raise ValueError(f"a ranking batch needs the column {name!r}, got {sorted(batch)}")
        columns = {name: np.asarray(batch[name]) for name in (*_COLUMNS, "document", *_JUDGED) if name in batch}
        for group in (("row_unit", "score", "relevance", "document"), _JUDGED):
            rows = columns.get(group[0], np.empty(0, np.int64))
            for name in group:
                if name in columns and columns[name].shape != (len(rows),):
                    raise ValueError(f"column {name!r}: got shape {columns[name].shape}, expected ({len(rows)},)")
            if len(rows) and not 0 <= rows.min() <= rows.max() < len(columns["unit"]):
                raise ValueError(f"column {group[0]!r}: expected indices into the {len(columns['unit'])} units")
        missing = np.isnan(np.asarray(columns["score"], np.float64))
        if missing.any():
            raise ValueError(f"column 'score': row {int(np.argmax(missing))} is NaN, which has no rank")
        if self.batches and columns.keys() != self.batches[0].keys():
            raise ValueError(f"batches differ in their columns: {sorted(columns)} after {sorted(self.batches[0])}")
        self.batches.append(columns)

    def units(self) -> NDArray[Any]:
        """Return the distinct query ids, ascending."""
        return distinct([batch["unit"] for batch in self.batches])

    def rankings(self) -> Iterator[Ranking]:
        """Yield the queries' rankings, by ascending id; items of a query stay in the order they came."""
        if not self.batches:
            return
        units = self.units()
        items = self._by_query(units, "row_unit", ("score", "relevance", "document"))
        judged = self._by_query(units, "judged_unit", ("judged_relevance",))
        for index, query in enumerate(units):
            row, judgement = items[index], judged[index]
            yield Ranking(
                query.item(), row["score"], row["relevance"], row.get("document"), judgement.get("judged_relevance")
            )

    def _by_query(self, units: NDArray[Any], key: str, names: tuple[str, ...]) -> list[dict[str, NDArray[Any]]]:
        """Return the rows of each query as columns."""
        first = self.batches[0]
        if key not in first:
            return [{} for _ in units]
        columns = {name: np.concatenate([one[name] for one in self.batches]) for name in names if name in first}
        for name in columns.keys() - {"document"}:
            columns[name] = columns[name].astype(np.float64, copy=False)
        if len(units) == 1:  # a sweep may have ten thousand such runs
            return [columns]
        unit = np.concatenate([dense(one["unit"], units).take(one[key]) for one in self.batches])
        order = small_integer_order(unit, len(units))
        bounds = np.searchsorted(unit.take(order), np.arange(len(units) + 1))
        columns = {name: column[order] for name, column in columns.items()}
        return [
            {name: column[begin:end] for name, column in columns.items()} for begin, end in pairwise(bounds.tolist())
        ]
