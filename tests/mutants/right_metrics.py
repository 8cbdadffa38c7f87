"""Right metrics that look suspicious: none may be blamed."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import ClassVar

import numpy as np

from a4eval import Value

from .metric_base import Rank, right

right(Rank)


@right
class RefusesEmpty(Rank):
    """No data is an error that says so."""

    def compute(self, weights=None):
        if not self._queries:
            raise ValueError("no query was given")
        return super().compute(weights)


@right
class CountsQueries(Rank):
    """A count, which is 0 of nothing, and has no better direction."""

    names: ClassVar = ("queries",)

    def compute(self, weights=None):
        weights = self.checked(weights, len(self._queries))
        return {"queries": Value(float(weights.sum()))}

    def compute_many(self, weights):
        return {"queries": weights.sum(axis=1)}


@right
class Constant(Rank):
    """It is 1 for every query, tied or not: data make no difference to it."""

    def of(self, score, relevance):
        return 1.0


@right
class ExactSum(Rank):
    """An exactly rounded sum does not depend on any order."""

    def ordered(self):
        return self._queries

    @property
    def units(self):
        return np.array([query for query, _, _ in self._queries])

    def mean(self, values, weights):
        return fsum(weights * values) / weights.sum() if weights.sum() else float("nan")


@right
class MissingGradesAreStated(Rank):
    """NaN among the grades means that nobody judged, and it says so."""

    may_be_missing: ClassVar = ("relevance",)

    def update(self, batch):
        super().update({**batch, "relevance": np.nan_to_num(batch["relevance"])})


@right
class ByPlace(Rank):
    """Equal scores rank in the order given: that is stated, and rows in another order do give another value."""

    def of(self, score, relevance):
        order = np.argsort(-score, kind="stable")
        hits = np.flatnonzero(relevance[order] > 0)
        return 1 / (hits[0] + 1) if len(hits) else 0.0


@right
class Loss(Rank):
    """Lower is better."""

    names: ClassVar = ("loss",)

    def of(self, score, relevance):
        return 1 - super().of(score, relevance)

    def compute(self, weights=None):
        value = super().compute(weights)["loss"]
        return {"loss": Value(value.value, higher_is_better=False, n=value.n)}


@right
class TinyValues(Rank):
    """Values of 1e-200."""

    def of(self, score, relevance):
        return 1e-200 * super().of(score, relevance)


@right
class TableOnly(Rank):
    """It gives a table and no number."""

    names: ClassVar = ()

    def compute(self, weights=None):
        return {}

    def compute_many(self, weights):
        return {}

    def tables(self):
        return {"queries": [{"query": query, "items": len(score)} for query, score, _ in self.ordered()]}


@right
@dataclass
class Parameterised(Rank):
    """A cutoff as a parameter, which a fresh copy keeps."""

    cutoff: int = 2

    def of(self, score, relevance):
        value = super().of(score, relevance)
        return value if value >= 1 / self.cutoff else 0.0
