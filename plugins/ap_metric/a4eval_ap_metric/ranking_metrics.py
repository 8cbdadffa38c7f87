"""The metrics on rankings: ``average_precision`` and ``precision_recall_by_rank``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from a4eval import Row, Value, param
from a4eval_ap_metric.ranking import Interpolation, Ties, average_precision, precision_recall_by_rank
from a4eval_ap_metric.ranking_state import RankingState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass
class AveragePrecision:
    """The mean over queries of the average precision of their rankings."""

    batch: ClassVar[str] = "ranking"
    names: ClassVar[Sequence[str]] = ("average_precision",)

    interpolation: Interpolation = param("step", help="which definition of average precision")
    ties: Ties = param("order", help="how equal scores rank: in the order given, or together as a group")
    _state: RankingState = field(default_factory=RankingState, init=False, repr=False)

    @property
    def units(self) -> NDArray[Any]:
        """The query ids, in the order ``weights`` refers to."""
        return self._state.units()

    def update(self, batch: Mapping[str, Any]) -> None:
        """Take in a batch of rankings."""
        self._state.add(batch)

    def merge(self, other: AveragePrecision) -> None:
        """Take in the rankings of *other*."""
        self._state.batches += other._state.batches

    def per_query(self) -> NDArray[np.float64]:
        """Return (n_units,) the average precision of each query, NaN where nothing is relevant."""
        return np.array(
            [
                average_precision(one.score, one.relevance, interpolation=self.interpolation, ties=self.ties)
                for one in self._state.rankings()
            ]
        )

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the mean over the queries that have something relevant."""
        values = self.per_query()
        if weights is None:
            weights = np.ones(len(values))
        value = self._means(values, np.asarray(weights)[None])[0]
        n = int(np.asarray(weights)[~np.isnan(values)].sum())
        return {"average_precision": Value(float(value), higher_is_better=True, n=n)}

    def compute_many(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the mean of many resamples: for ``average_precision`` (r,) float64.

        Args:
            weights: (r, n_units) how often each query counts.
        """
        return {"average_precision": self._means(self.per_query(), np.asarray(weights))}

    @staticmethod
    def _means(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        if weights.shape[1] != len(values):
            raise ValueError(f"weights: got {weights.shape[1]} of them, expected {len(values)}, one per unit")
        defined = ~np.isnan(values)
        with np.errstate(invalid="ignore"):  # no query at all: 0 / 0 is NaN
            means: NDArray[np.float64] = (weights[:, defined] * values[defined]).sum(axis=1) / weights[:, defined].sum(
                axis=1
            )
        return means


@dataclass
class PrecisionRecallByRank:
    """A table of precision and recall after each item of each ranking; it gives no number."""

    batch: ClassVar[str] = "ranking"
    names: ClassVar[Sequence[str]] = ()

    _state: RankingState = field(default_factory=RankingState, init=False, repr=False)

    @property
    def units(self) -> NDArray[Any]:
        """The query ids, in the order ``weights`` refers to."""
        return self._state.units()

    def update(self, batch: Mapping[str, Any]) -> None:
        """Take in a batch of rankings."""
        self._state.add(batch)

    def merge(self, other: PrecisionRecallByRank) -> None:
        """Take in the rankings of *other*."""
        self._state.batches += other._state.batches

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return nothing: the table is the result."""
        del weights
        return {}

    def tables(self) -> dict[str, list[Row]]:
        """Return the table ``ranks``: query, rank, relevance, precision, recall."""
        rows: list[Row] = []
        for one in self._state.rankings():
            precision, recall = precision_recall_by_rank(one.score, one.relevance)
            order = np.argsort(-one.score, kind="stable")
            rows += [
                {"query": one.query, "rank": rank + 1, "relevance": float(relevance), "precision": p, "recall": r}
                for rank, (relevance, p, r) in enumerate(
                    zip(one.relevance[order], precision.tolist(), recall.tolist(), strict=True)
                )
            ]
        return {"ranks": rows}
