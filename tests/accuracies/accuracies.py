"""A reader and a metric simple enough to know the answer, and runs of them on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from a4eval import Component, Value, hookimpl

A4EVAL_API = 1


@dataclass
class Hits:
    """Right or wrong by unit."""

    batch: ClassVar[str] = "hits"
    hits: list[float]
    ids: list[int] | None = None
    video: list[int] | None = None

    def sources(self):
        return []

    def batches(self, run):
        ids = list(range(len(self.hits))) if self.ids is None else self.ids
        yield {"unit": ids, "hit": self.hits, **({"video": self.video} if self.video else {})}


@dataclass
class Trained:
    """What a model of some skill, trained from the run's seed, gets right on the same units as every other."""

    batch: ClassVar[str] = "hits"
    skill: float = 0.0
    length: int = 1
    of_seeds: float = 0.1
    of_units: float = 0.1
    units: int = 20

    def sources(self):
        return []

    def batches(self, run):
        units = np.random.default_rng([3, self.length]).normal(0, self.of_units, self.units)
        training = np.random.default_rng([run.seed, self.length, round(1000 * self.skill) % 1000])
        hits = self.skill + units + training.normal(0, self.of_seeds) + training.normal(0, 0.01, self.units)
        yield {"unit": list(range(self.units)), "hit": hits.tolist()}


@dataclass
class Accuracy:
    """The weighted mean, and that of the halves of the units as parts."""

    batch: ClassVar[str] = "hits"
    names: ClassVar = ("accuracy", "error")
    _seen: dict = field(default_factory=dict, init=False)

    @property
    def units(self):
        return np.array(sorted(self._seen))

    def update(self, batch):
        self._seen.update(zip(batch["unit"], batch["hit"], strict=True))

    def merge(self, other):
        self._seen.update(other._seen)

    def compute(self, weights=None):
        found = self.compute_many(np.ones((1, len(self._seen))) if weights is None else weights[None])
        n = len(self._seen)
        better = {"accuracy": True, "error": False}
        return {name: Value(float(one[0]), higher_is_better=better[name], n=n) for name, one in found.items()}

    def compute_many(self, weights):
        hits = np.array([self._seen[unit] for unit in self.units.tolist()], float)
        mean = (weights * hits).sum(axis=1) / weights.sum(axis=1)
        return {"accuracy": mean, "error": 1 - mean}

    def compute_parts(self, weights):
        hits = np.array([self._seen[unit] for unit in self.units.tolist()], float)
        half = len(hits) // 2
        with np.errstate(invalid="ignore"):
            return {
                name: (weights[:, part] * hits[part]).sum(axis=1) / weights[:, part].sum(axis=1)
                for name, part in (("early", slice(half)), ("late", slice(half, None)))
            }


@hookimpl
def a4eval_components():
    return [
        Component(kind="reader", name="hits", factory="accuracies:Hits", summary="hits"),
        Component(kind="reader", name="trained", factory="accuracies:Trained", summary="hits of a trained model"),
        Component(kind="metric", name="accuracy_of_hits", factory="accuracies:Accuracy", summary="their share"),
    ]
