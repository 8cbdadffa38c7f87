"""Metrics with a bug each."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from a4eval import Value

from .metric_base import Rank, wrong


@wrong
class TiesByLuck(Rank):
    """Equal scores are ordered so that the relevant come first: a constant scorer is perfect."""

    def of(self, score, relevance):
        order = np.lexsort((-relevance, -score))
        hits = np.flatnonzero(relevance[order] > 0)
        return 1 / (hits[0] + 1) if len(hits) else 0.0


@wrong
class HigherIsWorse(Rank):
    """The worst item is ranked first."""

    def of(self, score, relevance):
        return super().of(-score, relevance)


@wrong
class DirectionTurned(Rank):
    """It says that lower values are better."""

    def compute(self, weights=None):
        value = super().compute(weights)["reciprocal_rank"]
        return {"reciprocal_rank": Value(value.value, higher_is_better=False, n=value.n)}


@wrong
class TiesByAddress(Rank):
    """Equal scores are ordered by the address of their objects in memory."""

    def of(self, score, relevance):
        items = [(float(one), object(), rel) for one, rel in zip(score, relevance, strict=True)]
        random.Random(id(items[0][1]) if items else 0).shuffle(items)
        items.sort(key=lambda one: -one[0])
        return next((1 / (place + 1) for place, one in enumerate(items) if one[2] > 0), 0.0)


@wrong
class PerfectIsNotBest(Rank):
    """The first item is taken for a heading and skipped."""

    def of(self, score, relevance):
        rest = np.argsort(-score, kind="stable")[1:]
        return super().of(score[rest], relevance[rest])


@wrong
class MergeForgetsTheRest(Rank):
    """Only the first query of the other one is taken in."""

    def merge(self, other):
        self._queries = self._queries + other._queries[:1]


@wrong
class MergeReplaces(Rank):
    """The other's queries replace its own."""

    def merge(self, other):
        self._queries = list(other._queries)


@wrong
class MergeAveragesMeans(Rank):
    """The means of shards are averaged, whatever their sizes."""

    def __post_init__(self):
        self._means = []

    def merge(self, other):
        own = self._means or [self.mean(self.per_query(), np.ones(len(self._queries)))]
        self._means = [*own, other.compute()["reciprocal_rank"].value]
        self._queries = self._queries + other._queries

    def compute(self, weights=None):
        if weights is None and self._means:
            return {"reciprocal_rank": Value(float(np.mean(self._means)), higher_is_better=True)}
        return super().compute(weights)


@wrong
class MergeChangesTheOther(Rank):
    """Both hold one list afterwards."""

    def merge(self, other):
        other._queries += self._queries
        self._queries = other._queries


@wrong
class MergeDoublesTheOverlap(Rank):
    """What an empty one merges is taken twice."""

    def merge(self, other):
        twice = 1 if self._queries else 2
        self._queries = self._queries + other._queries * twice


@wrong
@dataclass
class RunningSum(Rank):
    """A running float32 sum: the order of shards shows in the last bits."""

    _sum: np.float32 = field(default=np.float32(0), init=False)

    def update(self, batch):
        before = len(self._queries)
        super().update(batch)
        for _, score, relevance in self._queries[before:]:
            self._sum = np.float32(self._sum + np.float32(self.of(score, relevance) * 0.1))

    def merge(self, other):
        super().merge(other)
        self._sum = np.float32(self._sum + other._sum)

    def compute(self, weights=None):
        if weights is not None:
            return super().compute(weights)
        n = len(self._queries)
        return {"reciprocal_rank": Value(float(self._sum) / n * 10 if n else float("nan"), higher_is_better=True)}


@wrong
class InOrderOfArrival(Rank):
    """Queries are summed as they came: shards in another order differ in the last bits."""

    def ordered(self):
        return self._queries

    def of(self, score, relevance):
        return super().of(score, relevance) * 1.1


@wrong
class LastBatchOnly(Rank):
    """Only the last batch counts."""

    def update(self, batch):
        self._queries = []
        super().update(batch)


@wrong
class MeanOfBatchMeans(Rank):
    """Batches are averaged, whatever their sizes."""

    def __post_init__(self):
        self._means = []

    def update(self, batch):
        before = len(self._queries)
        super().update(batch)
        new = [self.of(score, relevance) for _, score, relevance in self._queries[before:]]
        if new:
            self._means.append((before, float(np.mean(new))))

    def merge(self, other):
        super().merge(other)
        self._means = [*self._means, *other._means]

    def compute(self, weights=None):
        if weights is None and self._means:
            value = float(np.mean([one for _, one in self._means]))
            return {"reciprocal_rank": Value(value, higher_is_better=True)}
        return super().compute(weights)


@wrong
class StaleCache(Rank):
    """The value is kept when more data comes."""

    def __post_init__(self):
        self._cached = None

    def compute(self, weights=None):
        if weights is not None:
            return super().compute(weights)
        self._cached = self._cached or super().compute()
        return self._cached


@wrong
class CacheOutlivesMerge(Rank):
    """update clears the cache, merge does not."""

    def __post_init__(self):
        self._cached = None

    def update(self, batch):
        self._cached = None
        super().update(batch)

    def compute(self, weights=None):
        if weights is not None:
            return super().compute(weights)
        self._cached = self._cached or super().compute()
        return self._cached


@wrong
class SharedState(Rank):
    """The queries are kept in the class: every copy sees them."""

    kept: ClassVar[list] = []

    def __post_init__(self):
        self._queries = type(self).kept

    def merge(self, other):
        if self._queries is not other._queries:
            self._queries += other._queries


@wrong
class WeightsIgnored(Rank):
    """Weights change nothing."""

    def compute(self, weights=None):
        self.checked(weights, len(self._queries))
        return super().compute()


@wrong
class WeightsNotNormalised(Rank):
    """The weighted sum is divided by the number of units."""

    def mean(self, values, weights):
        return float(weights @ values / len(values)) if len(values) else float("nan")


@wrong
class WeightsInOrderOfArrival(Rank):
    """units is sorted, the values are not."""

    def per_query(self):
        return np.array([self.of(score, relevance) for _, score, relevance in self._queries])


@wrong
class WeightsAsFlags(Rank):
    """A unit that weighs 2 counts once."""

    def mean(self, values, weights):
        return super().mean(values, (weights > 0).astype(float))


@wrong
class WeightsOfAnyLength(Rank):
    """Weights that are too few or too many are cut or padded."""

    def checked(self, weights, n):
        return np.ones(n) if weights is None else np.resize(np.asarray(weights, float), n)


@wrong
class WeightsSorted(Rank):
    """The weights are sorted in place."""

    def compute(self, weights=None):
        if weights is not None:
            weights.sort()
        return super().compute(weights)


@wrong
class UnitsWithoutTheLast(Rank):
    """units leaves the last one out."""

    @property
    def units(self):
        return super().units[:-1]


@wrong
class ManyTransposed(Rank):
    """compute_many takes the weights by column."""

    def compute_many(self, weights):
        values = self.per_query()
        n = len(values)
        turned = np.resize(weights.T, (len(weights), n))
        return {"reciprocal_rank": np.array([self.mean(values, row) for row in turned])}


@wrong
class ManyWithoutWeights(Rank):
    """compute_many resamples, but divides by the number of units."""

    def compute_many(self, weights):
        return {"reciprocal_rank": weights @ self.per_query() / weights.shape[1]}


@wrong
class ManyWithOtherNames(Rank):
    """compute_many calls the value something else."""

    def compute_many(self, weights):
        return {"rank": super().compute_many(weights)["reciprocal_rank"]}


@wrong
class OtherNames(Rank):
    """The value is not called what was promised."""

    def compute(self, weights=None):
        return {"mrr": super().compute(weights)["reciprocal_rank"]}


@wrong
class NamesFromTheData(Rank):
    """The promise depends on what came."""

    @property
    def names(self):
        return ("reciprocal_rank",) if not self._queries else (f"rank_of_{len(self._queries)}",)


@wrong
class ArrayForNumber(Rank):
    """The value is an array of one number."""

    def compute(self, weights=None):
        value = super().compute(weights)["reciprocal_rank"]
        return {"reciprocal_rank": Value(np.array([value.value]), higher_is_better=True)}


@wrong
class BareNumber(Rank):
    """The value is a float, not a Value."""

    def compute(self, weights=None):
        return {"reciprocal_rank": super().compute(weights)["reciprocal_rank"].value}


@wrong
class ChangesTheBatch(Rank):
    """Scores are normalised in place."""

    def update(self, batch):
        batch["score"] -= batch["score"].min(initial=0)
        batch["score"] /= 10
        super().update(batch)


@wrong
class SortsTheBatch(Rank):
    """The ids are sorted in place."""

    def update(self, batch):
        super().update(batch)
        batch["unit"][::-1].sort()


@wrong
class ComputeEatsItsState(Rank):
    """compute pops the queries."""

    def compute(self, weights=None):
        found = super().compute(weights)
        self._queries = self._queries[1:]
        return found


@wrong
class RandomSubset(Rank):
    """Half of the queries are drawn at random in every call."""

    def compute(self, weights=None):
        values = self.per_query()
        weights = self.checked(weights, len(values)) * (np.random.default_rng().random(len(values)) < 0.5)
        return {"reciprocal_rank": Value(self.mean(values, weights), higher_is_better=True)}


@wrong
class ZeroOfNothing(Rank):
    """No data at all gives 0."""

    def mean(self, values, weights):
        return super().mean(values, weights) if weights.sum() else 0.0


@wrong
class OneOfNothing(Rank):
    """No data at all is perfect."""

    def mean(self, values, weights):
        return super().mean(values, weights) if weights.sum() else 1.0


@wrong
class CrashesOnNothing(Rank):
    """No data at all ends in an IndexError."""

    def compute(self, weights=None):
        self._queries[0]
        return super().compute(weights)


@wrong
class CrashesOnOneUnit(Rank):
    """One query ends in a ZeroDivisionError."""

    def compute(self, weights=None):
        1 / (len(self._queries) - 1)
        return super().compute(weights)


@wrong
class NanScoreIsLast(Rank):
    """NaN among the scores is sorted like a number."""

    def update(self, batch):
        super().update({**batch, "score": np.nan_to_num(batch["score"], nan=-1.0)})


@wrong
class NanRelevanceIsZero(Rank):
    """NaN among the grades is taken for not relevant, and nobody says so."""

    def update(self, batch):
        super().update({**batch, "relevance": np.nan_to_num(batch["relevance"])})


@wrong
class LeavesNanOut(Rank):
    """Queries with NaN are left out without a word."""

    def update(self, batch):
        good = np.isfinite(batch["score"]) & np.isfinite(batch["relevance"])
        rows = {name: batch[name][good] for name in ("row_unit", "score", "relevance")}
        super().update({"unit": batch["unit"], **rows})


@wrong
class NotPicklable(Rank):
    """A lambda in the state cannot be sent to another process."""

    def __post_init__(self):
        self._key = lambda one: one[0]


@wrong
class PickleForgets(Rank):
    """What is pickled is the parameters alone."""

    def __getstate__(self):
        return {"_queries": []}


@wrong
class PositionBreaksTies(Rank):
    """The first query of a batch gets its items' places as scores where they are tied: another order, another value."""

    def update(self, batch):
        before = len(self._queries)
        super().update(batch)
        if len(self._queries) > before:
            query, score, relevance = self._queries[before]
            self._queries[before] = (query, score * 0 - np.arange(len(score)), relevance)


@wrong
class FirstQueryCountsTwice(Rank):
    """The first query that came counts twice."""

    def compute(self, weights=None):
        weights = self.checked(weights, len(self._queries)).copy()
        if self._queries:
            weights[[one[0] for one in self.ordered()].index(self._queries[0][0])] *= 2
        return {"reciprocal_rank": Value(self.mean(self.per_query(), weights), higher_is_better=True)}


@wrong
class TableChangesItself(Rank):
    """Every call of tables numbers the rows on."""

    def __post_init__(self):
        self._calls = 0

    def tables(self):
        self._calls += 1
        return {"queries": [{"call": self._calls, "query": int(one)} for one in self.units]}


@wrong
class TableInOrderOfArrival(Rank):
    """The table's rows come as the shards came."""

    def tables(self):
        return {"queries": [{"query": query} for query, _, _ in self._queries]}


@wrong
class RaggedTable(Rank):
    """Only some rows have the column best."""

    def tables(self):
        rows = [{"query": query} for query, _, _ in self.ordered()]
        rows[0]["best"] = True
        return {"queries": rows}
