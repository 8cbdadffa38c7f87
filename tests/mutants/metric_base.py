"""A right metric of rankings, small, that the wrong ones are made of, and the batches it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from a4eval import Value

WRONG: dict[str, type] = {}
RIGHT: dict[str, type] = {}


def wrong(metric):
    """Collect a metric with a bug; its docstring says which."""
    WRONG[metric.__name__] = metric
    return metric


def right(metric):
    """Collect a metric that is right but looks suspicious; its docstring says why."""
    RIGHT[metric.__name__] = metric
    return metric


def rankings(rng, n=9):
    """Return a batch of n queries with three to six items each; some scores are equal, all of the second query.

    The first two queries have one relevant item each.
    """
    rows = np.repeat(np.arange(n), rng.integers(3, 7, n))
    relevance = (rng.random(len(rows)) < 0.4).astype(float)
    relevance[rows < 2] = 0
    relevance[np.unique(rows, return_index=True)[1]] = 1
    score = np.round(rng.random(len(rows)), 1)
    score[rows == 1] = 0.5
    return {
        "unit": np.arange(10, 10 + n),
        "row_unit": rows,
        "score": score,
        "relevance": relevance,
    }


def reciprocal_rank(score, relevance):
    """Return the expected reciprocal rank of the first relevant item where equal scores are in random order."""
    found = 0.0
    for value in np.unique(score)[::-1]:
        above, group = int(np.sum(score > value)), relevance[score == value] > 0
        hits, size = int(group.sum()), len(group)
        if hits:
            chance, left = 0.0, 1.0
            for place in range(size - hits + 1):
                first = left * hits / (size - place)
                chance += first / (above + place + 1)
                left -= first
            return found + chance
    return found


@dataclass
class Rank:
    """The mean over queries of the reciprocal rank of the first relevant item."""

    batch: ClassVar[str] = "ranking"
    names: ClassVar = ("reciprocal_rank",)
    _queries: list = field(default_factory=list, init=False, repr=False)

    def __post_init__(self):
        """For the wrong ones: a dataclass calls only what it knew when it was made."""

    @property
    def units(self):
        return np.array([query for query, _, _ in self.ordered()])

    def ordered(self):
        """Return id, scores and relevance of each query, by id."""
        return sorted(self._queries, key=lambda one: one[0])

    def update(self, batch):
        if not (np.isfinite(batch["score"]).all() and np.isfinite(batch["relevance"]).all()):
            raise ValueError("scores and relevance must be finite")
        for place, query in enumerate(batch["unit"].tolist()):
            rows = batch["row_unit"] == place
            self._queries.append((query, np.array(batch["score"][rows]), np.array(batch["relevance"][rows])))

    def merge(self, other):
        self._queries = self._queries + other._queries

    def per_query(self):
        """Return the value of each query, in the order of the ids."""
        return np.array([self.of(score, relevance) for _, score, relevance in self.ordered()])

    def of(self, score, relevance):
        """Return the value of one query."""
        return reciprocal_rank(score, relevance)

    def checked(self, weights, n):
        """Return weights as an array, ones where there are none."""
        if weights is None:
            return np.ones(n)
        if len(weights) != n:
            raise ValueError(f"got {len(weights)} weights for {n} units")
        return np.asarray(weights, float)

    def mean(self, values, weights):
        """Return the weighted mean, NaN of nothing."""
        total = weights.sum()
        return float(weights @ values / total) if total else float("nan")

    def compute(self, weights=None):
        values = self.per_query()
        weights = self.checked(weights, len(values))
        value = self.mean(values, weights)
        return {self.names[0]: Value(value, higher_is_better=True, n=int(weights.sum()))}

    def compute_many(self, weights):
        values = self.per_query()
        return {self.names[0]: np.array([self.mean(values, row) for row in weights])}

    def stupid_predictions(self, batch, rng):
        """Return the batch with other scores."""
        truth = batch["relevance"]
        scores = {
            "truth": truth,
            "constant": np.full(len(truth), 0.5),
            "random": rng.random(len(truth)),
            "reversed": -truth,
        }
        return {kind: {**batch, "score": score} for kind, score in scores.items()}
