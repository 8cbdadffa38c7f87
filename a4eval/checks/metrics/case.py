"""What a check of a metric is given: the metric, and batches to feed it with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from a4eval.checks.metrics.units import copied, count, select
from a4eval.contracts import Batch, Value
from a4eval.errors import A4evalError

REFUSALS = (ValueError, A4evalError)
"""With these a metric refuses data; anything else is a crash."""

ROUNDING = 1e-12
"""How far two ways to the same number may be apart, as a share of it, where they need not add in the same order."""


@dataclass
class MetricCase:
    """A metric and data.

    Args:
        metric: only ever used as a pattern: each check makes fresh ones of it.
        batches: at least one, with at least one unit.
        seed: from which every check draws, each by itself.
        source: what may know stupid predictions for the batches, such as their reader.
        most_units: so many units are taken one by one; more are taken in groups.
    """

    metric: Any
    batches: Sequence[Batch]
    seed: int = 0
    source: Any = None
    most_units: int = 24

    def rng(self, stream: str) -> np.random.Generator:
        """Return a generator of its own for a name."""
        return np.random.default_rng([self.seed, *stream.encode()])

    def fed(self, batches: Iterable[Batch]) -> Any:
        """Return a fresh metric that has taken in copies of batches."""
        metric = replace(self.metric)
        for batch in batches:
            metric.update(copied(batch))
        return metric

    @cached_property
    def whole(self) -> dict[str, Value]:
        """The values of all batches."""
        found: dict[str, Value] = self.fed(self.batches).compute()
        return found

    @cached_property
    def pieces(self) -> list[dict[str, Any]]:
        """The batches cut into small ones, a unit each where there are not too many."""
        size = max(1, -(-sum(map(count, self.batches)) // self.most_units))
        return [
            select(batch, range(start, min(start + size, count(batch))))
            for batch in self.batches
            for start in range(0, count(batch), size)
        ]


def difference(got: Mapping[str, Value], expected: Mapping[str, Value], rounding: float = 0.0) -> tuple[str, float]:
    """Return the value that differs most and by how much; ``("", 0)`` when none does.

    Args:
        got: values.
        expected: what they should be; NaN is as good as NaN.
        rounding: allowed difference as a share of the value; 0 for the same bits and the same n.
    """
    worst, name = 0.0, ""
    for one in {**expected, **got}:
        if one not in got or one not in expected:
            return one, float("inf")
        a, b = float(got[one].value), float(expected[one].value)
        if a == b or (np.isnan(a) and np.isnan(b)):
            if rounding == 0 and got[one].n != expected[one].n:
                return f"n of {one}", float(abs((got[one].n or 0) - (expected[one].n or 0)))
            continue
        error = abs(a - b) if np.isfinite(a) and np.isfinite(b) else float("inf")
        if error >= worst and (error == float("inf") or error > rounding * max(abs(a), abs(b))):
            worst, name = error, one
    return name, worst


def bits(metric: Any) -> dict[str, Value]:
    """Return the values of a metric, each as a Value.

    Raises:
        TypeError: it gives something else.
    """
    found = metric.compute()
    for name, value in found.items():
        if not isinstance(value, Value):
            raise TypeError(f"{name} is {type(value).__name__}, expected a4eval.Value")
    return dict(found)
