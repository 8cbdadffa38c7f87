"""The metrics on rankings: ``average_precision``, its range over ties, trec_eval's measures, and the table of ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from a4eval import Row, Value, check_ranges, param
from a4eval_ap_metric import ranking_charts as charts
from a4eval_ap_metric.metrics.expected_rows import expected_rows
from a4eval_ap_metric.metrics.ranking_state import Ranking, RankingState
from a4eval_ap_metric.rankings.average_precision import (
    Interpolation,
    average_precision_of_points,
    points_of_groups,
    points_of_items,
    precision_recall_by_rank,
)
from a4eval_ap_metric.rankings.graded import (
    expected_reciprocal_rank,
    inferred_average_precision,
    pairs_in_order,
    rank_biased_precision,
)
from a4eval_ap_metric.rankings.ties import Policy, ranking_order, tie_range
from a4eval_ap_metric.rankings.trec_measures import (
    COUNTS,
    CUTOFFS,
    FAMILIES,
    LEVELS,
    average_measures,
    measure_names,
    ranking_measures,
    weighted_sums,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from a4eval import Chart


@dataclass
class _RankingMetric:
    """What the metrics share: one row of numbers a query, and means over queries."""

    batch: ClassVar[str] = "ranking"
    names: ClassVar[Sequence[str]] = ()
    may_be_missing: ClassVar[Sequence[str]] = ("relevance",)
    """NaN means that nobody judged the item."""

    _state: RankingState = field(default_factory=RankingState, init=False, repr=False)

    @property
    def units(self) -> NDArray[Any]:
        """The query ids, in the order ``weights`` refers to."""
        return self._state.units()

    def update(self, batch: Mapping[str, Any]) -> None:
        """Take in a batch of rankings."""
        self._state.add(batch)

    def merge(self, other: _RankingMetric) -> None:
        """Take in the rankings of *other*."""
        for batch in other._state.batches:
            self._state.add(batch)

    def stupid_predictions(self, batch: Mapping[str, Any], rng: np.random.Generator) -> dict[Any, dict[str, Any]]:
        """Return the batch with the grades for scores, with one score, with random ones and in the worst order."""
        grade = np.nan_to_num(np.asarray(batch["relevance"], np.float64))
        scores = {
            "truth": grade,
            "constant": np.zeros(len(grade)),
            "random": rng.random(len(grade)),
            "reversed": -grade,
        }
        found: dict[Any, dict[str, Any]] = {kind: {**batch, "score": score} for kind, score in scores.items()}
        if "document" in batch:  # by which ties are broken: by chance, then
            found["constant"]["document"] = rng.permutation(batch["document"])
        return found

    def of_query(self, ranking: Ranking) -> Sequence[float]:
        """Return the values of one query, in the order of ``names``; NaN where they are undefined."""
        raise NotImplementedError

    def per_query(self) -> NDArray[np.float64]:
        """Return (n_units, n_names) the values of each query."""
        rows = [self.of_query(one) for one in self._state.rankings()]
        return np.array(rows, np.float64).reshape(len(rows), len(self.names))

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the mean over the queries for which a value is defined."""
        table = self.per_query()
        weight = np.ones(len(table)) if weights is None else np.asarray(weights, np.float64)
        values = self._average(table, weight[None])[0]
        counts = weight @ ~np.isnan(table) if len(table) else np.zeros(len(self.names))
        return {
            name: Value(float(value), higher_is_better=None if name in COUNTS else True, n=int(n))
            for name, value, n in zip(self.names, values, counts, strict=True)
        }

    def compute_many(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the means of many resamples: for each name (r,) float64.

        Args:
            weights: (r, n_units) how often each query counts.
        """
        values = self._average(self.per_query(), np.asarray(weights, np.float64))
        return dict(zip(self.names, values.T, strict=True))

    def tables(self) -> dict[str, list[Row]]:
        """Return the table ``ties`` where equal scores have different grades: each value, and its mean over orders."""
        rows = expected_rows(self._state.rankings(), self.of_query, self.per_query(), self._average, self.names)
        return {"ties": rows} if rows else {}

    def charts(self) -> dict[str, Chart]:
        """Return no chart: a table of two numbers is read."""
        return {}

    def _average(self, table: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        if weights.shape[1] != len(table):
            raise ValueError(f"weights: got {weights.shape[1]} of them, expected {len(table)}, one per unit")
        defined = ~np.isnan(table)
        with np.errstate(invalid="ignore"):  # no query at all: 0 / 0 is NaN
            means: NDArray[np.float64] = weighted_sums(np.where(defined, table, 0), weights) / weighted_sums(
                defined.astype(np.float64), weights
            )
        return means


def _n_relevant(ranking: Ranking) -> int | None:
    return None if ranking.judged is None else int(np.count_nonzero(ranking.judged > 0))


def _grades(ranking: Ranking) -> NDArray[np.float64]:
    """Return the grades; what nobody judged is not relevant."""
    return np.where(np.isnan(ranking.relevance), 0.0, ranking.relevance)


@dataclass
class AveragePrecision(_RankingMetric):
    """The mean over queries of the average precision of their rankings."""

    names: ClassVar[Sequence[str]] = ("average_precision",)

    interpolation: Interpolation = param("step", help="which definition of average precision")
    ties: Policy = param("order", help="equal scores rank in the order given, by document id (trec), or as one group")
    cutoff: int | None = param(
        None, help="only the first so many items of a ranking count; recall stays that of all", minimum=1
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.cutoff is not None and self.ties == "group":
            raise ValueError("cutoff: a group of equal scores cannot be cut; set ties to order or trec")

    def of_query(self, ranking: Ranking) -> Sequence[float]:
        """Return the average precision, NaN where nothing is relevant."""
        grades, n_relevant = _grades(ranking), _n_relevant(ranking)
        order = ranking_order(ranking.score, ties=self.ties, documents=ranking.document)
        if n_relevant is None:
            n_relevant = int(np.count_nonzero(grades > 0))
        order = order[: self.cutoff]
        relevant = grades[order] > 0
        points = points_of_groups(ranking.score[order], relevant) if self.ties == "group" else points_of_items(relevant)
        return (average_precision_of_points(*points, n_relevant, self.interpolation),)


@dataclass
class AveragePrecisionRange(_RankingMetric):
    """The lowest and highest average precision over all orders of equal scores, each as a mean over queries."""

    names: ClassVar[Sequence[str]] = ("lowest", "highest")

    interpolation: Interpolation = param("step", help="which definition of average precision")

    def stupid_predictions(self, batch: Mapping[str, Any], rng: np.random.Generator) -> dict[Any, dict[str, Any]]:
        """Return all but the constant, whose highest value is by definition the best there is."""
        return {kind: one for kind, one in super().stupid_predictions(batch, rng).items() if kind != "constant"}

    def tables(self) -> dict[str, list[Row]]:
        """Return none: the two values say what ties do."""
        return {}

    def of_query(self, ranking: Ranking) -> Sequence[float]:
        """Return the lowest and the highest."""
        grades, n_relevant = _grades(ranking), _n_relevant(ranking)
        return tie_range(ranking.score, grades, interpolation=self.interpolation, n_relevant=n_relevant)


@dataclass
class TrecEval(_RankingMetric):
    """trec_eval's measures, by its names."""

    cutoffs: list[int] = param(
        default_factory=lambda: list(CUTOFFS), help="ranks for P, recall, success, …", unit="1", minimum=1
    )
    relevance_level: float = param(1.0, help="the lowest grade that is relevant (trec_eval -l)", above=-inf, below=inf)
    ties: Policy = param("trec", help="how equal scores rank: by document id (trec) or in the order given")

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.cutoffs or len(set(self.cutoffs)) < len(self.cutoffs):
            raise ValueError(f"cutoffs: got {self.cutoffs}, expected distinct ranks")
        if self.ties == "group":
            raise ValueError("ties: trec_eval's measures need an order, got 'group', expected trec or order")

    @property
    def names(self) -> Sequence[str]:  # type: ignore[override]  # depends on the cutoffs
        """The measures' names."""
        return measure_names(self.cutoffs)

    def of_query(self, ranking: Ranking) -> Sequence[float]:
        """Return all measures."""
        order = ranking_order(ranking.score, ties=self.ties, documents=ranking.document)
        judged = ranking.relevance[~np.isnan(ranking.relevance)] if ranking.judged is None else ranking.judged
        grades = ranking.relevance[order]
        return list(ranking_measures(grades, judged, level=self.relevance_level, cutoffs=self.cutoffs).values())

    def tables(self) -> dict[str, list[Row]]:
        """Return ``ties``, and the measures that belong together: ``recall`` and ``cutoffs``."""
        at = {name: one.value for name, one in self.compute().items()}
        recall: list[Row] = [{"recall": float(one), "precision": at[f"iprec_at_recall_{one}"]} for one in LEVELS]
        cutoffs = [{"cutoff": one, **{of: at[f"{of}_{one}"] for of in FAMILIES}} for one in sorted(self.cutoffs)]
        return {**super().tables(), "recall": recall, "cutoffs": cutoffs}

    def charts(self) -> dict[str, Chart]:
        """Return the charts of both."""
        return {"recall": charts.interpolated("recall"), "cutoffs": charts.at_cutoffs("cutoffs", FAMILIES)}

    def _average(self, table: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        if weights.shape[1] != len(table):
            raise ValueError(f"weights: got {weights.shape[1]} of them, expected {len(table)}, one per unit")
        return average_measures(table, weights, self.names)


@dataclass
class GradedRanking(_RankingMetric):
    """Measures that model a reader, or what was not judged: ERR, RBP, infAP and pairs in order."""

    names: ClassVar[Sequence[str]] = ("err", "rbp", "inf_ap", "pairs_in_order")

    cutoff: int | None = param(20, help="err: the reader looks at so many items; null for all", unit="1", minimum=1)
    highest_grade: float = param(4.0, help="err: the highest grade of the scale", above=0, below=inf)
    persistence: float = param(0.8, help="rbp: the chance that the reader goes on to the next item", above=0, below=1)
    relevance_level: float = param(1.0, help="rbp, inf_ap: the lowest grade that is relevant", above=-inf, below=inf)
    ties: Policy = param("order", help="how equal scores rank: in the order given or by document id (trec)")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.ties == "group":
            raise ValueError("ties: these measures need an order, got 'group', expected trec or order")

    def of_query(self, ranking: Ranking) -> Sequence[float]:
        """Return the four measures; those of a query without relevant items are 0, pairs NaN if all grades agree."""
        order = ranking_order(ranking.score, ties=self.ties, documents=ranking.document)
        judged = ranking.relevance[~np.isnan(ranking.relevance)] if ranking.judged is None else ranking.judged
        grades, level = ranking.relevance[order], self.relevance_level
        return (
            expected_reciprocal_rank(grades, highest=self.highest_grade, cutoff=self.cutoff),
            rank_biased_precision(grades >= level, persistence=self.persistence),
            inferred_average_precision(grades, int(np.count_nonzero(judged >= level)), level=level),
            pairs_in_order(ranking.score, ranking.relevance, judged),
        )


@dataclass
class PrecisionRecallByRank(_RankingMetric):
    """A table of precision and recall after each item of each ranking; it gives no number."""

    def per_query(self) -> NDArray[np.float64]:
        """Return (n_units, 0) nothing: the table is the result."""
        return np.empty((len(self.units), 0))

    def tables(self) -> dict[str, list[Row]]:
        """Return the table ``ranks``: query, rank, relevance, precision, recall."""
        rows: list[Row] = []
        for one in self._state.rankings():
            precision, recall = precision_recall_by_rank(one.score, _grades(one))
            order = np.argsort(-one.score, kind="stable")
            rows += [
                {"query": one.query, "rank": rank + 1, "relevance": float(relevance), "precision": p, "recall": r}
                for rank, (relevance, p, r) in enumerate(
                    zip(one.relevance[order], precision.tolist(), recall.tolist(), strict=True)
                )
            ]
        return {"ranks": rows}

    def charts(self) -> dict[str, Chart]:
        """Return precision over recall, a line for each query."""
        return {"ranks": charts.ranks("ranks")}
