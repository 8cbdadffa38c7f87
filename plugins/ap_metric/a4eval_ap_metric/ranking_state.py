"""What a ranking metric remembers between batches: rankings by query, in the order of the queries' ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from a4eval_ap_metric.identifiers import dense, distinct
from a4eval_ap_metric.sorting import small_integer_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_COLUMNS = ("unit", "row_unit", "score", "relevance")


class Ranking(NamedTuple):
    """One query's items.

    Args:
        query: its id.
        score: (n,) float64.
        relevance: (n,) float64.
    """

    query: Any
    score: NDArray[np.float64]
    relevance: NDArray[np.float64]


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
        columns = {name: np.asarray(batch[name]) for name in _COLUMNS}
        rows = columns["row_unit"]
        for name in _COLUMNS[1:]:
            if columns[name].shape != (len(rows),):
                raise ValueError(f"column {name!r}: got shape {columns[name].shape}, expected ({len(rows)},)")
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(columns["unit"]):
            raise ValueError(f"column 'row_unit': expected indices into the {len(columns['unit'])} units")
        self.batches.append(columns)

    def units(self) -> NDArray[Any]:
        """Return the distinct query ids, ascending."""
        return distinct([batch["unit"] for batch in self.batches])

    def rankings(self) -> Iterator[Ranking]:
        """Yield the queries' rankings, by ascending id; items of a query stay in the order they came."""
        if not self.batches:
            return
        units = self.units()
        unit = np.concatenate([dense(one["unit"], units).take(one["row_unit"]) for one in self.batches])
        order = small_integer_order(unit, len(units))
        score = np.concatenate([one["score"] for one in self.batches]).astype(np.float64).take(order)
        relevance = np.concatenate([one["relevance"] for one in self.batches]).astype(np.float64).take(order)
        bounds = np.searchsorted(unit.take(order), np.arange(len(units) + 1))
        for index, query in enumerate(units):
            rows = slice(bounds[index], bounds[index + 1])
            yield Ranking(query.item(), score[rows], relevance[rows])
