"""The component ``pytrec_eval``: measures of trec_eval, query by query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import param, require
from a4eval_frameworks.metrics.prediction_metric import PredictionMetric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from a4eval_frameworks.predictions import Predictions

_REQUIREMENT = "a4eval-frameworks[pytrec_eval]"
_NO_MEANS = re.compile(r"(num_|gm_|runid|relstring)")
"""Counts, names, and logarithms whose mean is not what trec_eval prints."""


@dataclass(kw_only=True)
class TrecMetric(PredictionMetric):
    """Measures of trec_eval by pytrec_eval, whose mean over the queries is taken: a unit is a query, a row a document.

    Equal scores are ordered by the document's id, the greatest first; without a column ``document`` by their place.
    """

    measures: list[str] = param(help="as trec_eval prints them: map, recip_rank, ndcg_cut_10, P_5")
    relevance_level: int = param(1, help="from which relevance on a document counts as relevant")
    per_unit: bool = param(True, help="always: a query is a unit")

    def __post_init__(self) -> None:
        known = require("pytrec_eval", _REQUIREMENT).supported_measures
        if not self.measures:
            raise ValueError("measures is empty: name at least one")
        if self.values is not None or not self.per_unit:
            raise ValueError("values, per_unit: leave them out, pytrec_eval's are named by measures, each by query")
        for name in self.measures:
            if _NO_MEANS.match(name) or not (name in known or re.sub(r"_[\d.]+$", "", name) in known):
                raise ValueError(
                    f"measures: got {name!r}, expected one of trec_eval's means, such as map or ndcg_cut_10"
                )

    @property
    def called(self) -> str:
        """Its name."""
        return "pytrec_eval"

    @property
    def names(self) -> Sequence[str]:
        """The measures."""
        return self.measures

    @property
    def takes_weights(self) -> bool:
        """Says no: queries are weighed, not rows."""
        return False

    def better(self) -> bool | None:
        """Return True: what is a mean here is to be high."""
        return True

    def needs(self, columns: Mapping[str, Any]) -> Sequence[str]:
        """Return the truth and the score."""
        del columns
        return ["truth", "score"]

    def stupid_predictions(self, batch: Any, rng: np.random.Generator) -> dict[Any, Any]:
        """Return also one score for all, which may not beat chance, and the worst order."""
        found: dict[Any, Any] = super().stupid_predictions(batch, rng)
        score = np.asarray(batch["row_score"])
        truth = np.asarray(batch["row_truth"])
        return {
            **found,
            "constant": {**batch, "row_score": 0 * score},
            "reversed": {**batch, "row_score": -1.0 * truth},
        }

    def measure(self, rows: Predictions, weights: NDArray[np.float64] | None) -> dict[str, float]:
        """Evaluate one query."""
        del weights
        truth, score = rows.columns["truth"], rows.columns["score"]
        if truth.dtype.kind not in "iu" or score.ndim > 1:
            raise ValueError("truth must be whole numbers, the relevance, and score one number a row")
        if "document" in rows.columns:
            names = [str(one) for one in rows.columns["document"]]
        else:
            names = [f"{place:09d}" for place in range(rows.rows)]
        if len(set(names)) < rows.rows:
            twice = next(one for one in names if names.count(one) > 1)
            raise ValueError(f"document {twice!r} stands twice in query {rows.unit[rows.row_unit[0]]!s}")
        evaluator = require("pytrec_eval", _REQUIREMENT).RelevanceEvaluator(
            {"q": dict(zip(names, truth.tolist(), strict=True))},
            {re.sub(r"_([\d.]+)$", r".\1", name) for name in self.measures},
            relevance_level=self.relevance_level,
        )
        found: dict[str, float] = evaluator.evaluate({"q": dict(zip(names, score.tolist(), strict=True))})["q"]
        return {name: found[name] for name in self.measures}
