"""Weights are counts: a unit given twice weighs 2, one that is absent 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.metrics.case import REFUSALS, ROUNDING, MetricCase, difference
from a4eval.checks.metrics.units import count, repeated, select
from a4eval.contracts import Value, Weighable, WeighableMany
from a4eval.plurals import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NO_UNITS = "the metric cannot weigh its units: it has no units"


def weighing(case: MetricCase) -> Finding:
    """Hold weights against the data they stand for: ones, one unit twice, one left out, at random."""
    if not isinstance(case.metric, Weighable) or not list(case.metric.names):
        return not_applicable("weights", _NO_UNITS)
    metric, rng = case.fed(case.batches), case.rng("weights")
    turned = case.fed([select(batch, range(count(batch))[::-1]) for batch in reversed(case.batches)])
    ids = list(np.asarray(metric.units).tolist())
    given = [one for batch in case.batches for one in np.asarray(batch["unit"]).tolist()]
    look = "units: the order that weights refer to; sums and counts that leave the weights out"
    if sorted(map(str, set(given))) != sorted(map(str, ids)):
        meaning = f"units has {counted(len(ids), 'id')}, the data has {len(set(given))}"
        return Finding("weights", "failed", where="units", meaning=meaning, look_at=look)
    n = len(ids)
    tried: list[tuple[str, NDArray[np.float64]]] = [("weights of one", np.ones(n))]
    for k in rng.permutation(n)[:3]:
        tried += [("a unit that weighs 2", np.ones(n) + np.eye(n)[k])]
        tried += [("a unit that weighs nothing", np.ones(n) - np.eye(n)[k])] if n > 1 else []
    tried += [("weights from 0 to 2", rng.integers(0, 3, n).astype(np.float64)) for _ in range(3)]
    for what, weights in tried:
        if not weights.any():
            continue
        expected = _counted(case, ids, weights)
        of = dict(zip(ids, weights.tolist(), strict=True))
        for one, how in ((metric, ""), (turned, " where units came in another order")):
            own = np.array([of[unit] for unit in np.asarray(one.units).tolist()])
            got = one.compute(own)
            name, error = difference(got, expected, ROUNDING)
            name = name or next((f"n of {name}" for name in expected if got[name].n != expected[name].n), "")
            if name:
                meaning = f"{what} does not give what the data it stands for gives{how}"
                return Finding("weights", "failed", error, ROUNDING, name, meaning, look)
    return _wrong_length(metric, n) or Finding("weights", "passed", 0.0, ROUNDING)


def _wrong_length(metric: Any, n: int) -> Finding | None:
    for length in (n + 1, 1 if n > 1 else 0):
        try:
            metric.compute(np.ones(length))
        except REFUSALS:
            continue
        except Exception as error:  # noqa: BLE001  (a stranger's metric may raise anything)
            meaning = f"{counted(length, 'weight')} for {counted(n, 'unit')} end in {type(error).__name__}: {error}"
        else:
            meaning = f"{counted(length, 'weight')} for {counted(n, 'unit')} are taken without a word"
        look = "compute: compare the number of weights with that of the units, and raise a ValueError"
        return Finding("weights", "failed", meaning=meaning, look_at=look)
    return None


def many(case: MetricCase) -> Finding:
    """Hold ``compute_many`` against ``compute``, weights by weights."""
    if not isinstance(case.metric, WeighableMany) or not list(case.metric.names):
        return not_applicable("compute_many", "the metric has no compute_many")
    metric, rng = case.fed(case.batches), case.rng("compute_many")
    n = len(metric.units)
    weights = rng.integers(0, 3, (6, n)).astype(np.float64)
    weights[0], weights[:, 0] = 1, np.maximum(weights[:, 0], 1)
    together = metric.compute_many(weights.copy())
    look = "compute_many: the axes of the weights, names, and what compute does besides"
    if set(together) != set(metric.names):
        meaning = f"it gives {sorted(together)}, compute gives {sorted(metric.names)}"
        return Finding("compute_many", "failed", meaning=meaning, look_at=look)
    for index, row in enumerate(weights):
        got = {name: Value(float(np.asarray(values)[index])) for name, values in together.items()}
        name, error = difference(got, metric.compute(row.copy()), ROUNDING)
        if name:
            meaning = "it gives something else than compute for the same weights"
            return Finding("compute_many", "failed", error, ROUNDING, name, meaning, look)
    return Finding("compute_many", "passed", 0.0, ROUNDING)


def order(case: MetricCase) -> Finding:
    """Give the units in another order, in other batches."""
    rng = case.rng("order")
    for what in ("reverse", "another"):
        batches = []
        for batch in reversed(case.batches):
            n = count(batch)
            batches.append(select(batch, range(n)[::-1] if what == "reverse" else rng.permutation(n).tolist()))
        name, error = difference(case.fed(batches).compute(), case.whole, ROUNDING)
        if name:
            meaning = f"the units in {what} order give something else"
            look = "ties that are broken by position, and what is taken from the first or last unit"
            return Finding("order", "failed", error, ROUNDING, name, meaning, look)
    return Finding("order", "passed", 0.0, ROUNDING)


def _counted(case: MetricCase, ids: list[Any], weights: NDArray[np.float64]) -> dict[str, Value]:
    """Compute from data in which each unit stands as often as it weighs."""
    times = dict(zip(ids, weights.astype(int).tolist(), strict=True))
    found: dict[str, Value] = case.fed(repeated(case.batches, times)).compute()
    return found
