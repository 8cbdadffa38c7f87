"""Shards merged in any order and any split are the whole, bit for bit."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from a4eval.checks.finding import Finding
from a4eval.checks.metrics.case import MetricCase, difference
from a4eval.checks.metrics.units import count, select

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK = "merge: every field of the state; sums that depend on the order, where values could be kept and put in order"

_SHUFFLES = 6


def merging(case: MetricCase) -> Finding:
    """Merge shards of one unit, of halves and at random, in order, in reverse and shuffled, and merge merged ones."""
    for what, merged in _merged(case):
        name, error = difference(merged.compute(), case.whole)
        if name:
            meaning = f"{what} give something else than all data at once"
            return Finding("merge", "failed", error, 0.0, name, meaning, _LOOK)
    return Finding("merge", "passed", 0.0, 0.0)


def updating(case: MetricCase) -> Finding:
    """Feed small batches one after another, asking for the values in between: the end must be the whole."""
    metric = replace(case.metric)
    for piece in case.pieces:
        metric.update(piece)
        _ask(metric)
    name, error = difference(metric.compute(), case.whole)
    look = "caches that update and merge do not clear; numbers taken from the last batch alone"
    if name:
        meaning = "many small batches, with values asked for in between, give something else than all data at once"
        return Finding("update", "failed", error, 0.0, name, meaning, look)
    uneven = [part for batch in case.batches for part in (select(batch, [0]), select(batch, range(1, count(batch))))]
    name, error = difference(case.fed(uneven).compute(), case.whole)
    if name:
        meaning = "a batch of one unit and one of the others give something else than all data at once"
        return Finding("update", "failed", error, 0.0, name, meaning, look)
    first, *rest = (case.fed([piece]) for piece in case.pieces)
    for other in rest:
        _ask(first)
        _ask(other)
        first.merge(other)
    name, error = difference(first.compute(), case.whole)
    if name:
        meaning = "values that were asked for before a merge are still given after it"
        return Finding("update", "failed", error, 0.0, name, meaning, look)
    return Finding("update", "passed", 0.0, 0.0)


def _ask(metric: Any) -> None:
    try:
        metric.compute()
    except Exception:  # noqa: BLE001  (too few data for a value is no fault here)
        return


def kept(case: MetricCase) -> Finding:
    """Say whether merging leaves the other one as it was."""
    pieces = case.pieces
    one, other = case.fed(pieces[:1]), case.fed(pieces[1:] or pieces)
    before = other.compute()
    one.merge(other)
    one.update(pieces[0] if len(pieces) < 2 else select(pieces[0], range(0)))
    name, error = difference(other.compute(), before)
    if name:
        meaning = "merging a metric into another changes it"
        return Finding("merge_keeps", "failed", error, 0.0, name, meaning, "lists that both hold: copy, or use +")
    return Finding("merge_keeps", "passed", 0.0, 0.0)


def pickled(case: MetricCase) -> Finding:
    """Send it through pickle and through copy, as a shard on another machine is, and merge and compute there."""
    half = len(case.pieces) // 2
    for what, send in (("pickled and back", _through_pickle), ("copied deeply", copy.deepcopy)):
        one, other = send(case.fed(case.pieces[:half])), send(case.fed(case.pieces[half:]))
        one.merge(other)
        name, error = difference(one.compute(), case.whole)
        if name:
            meaning = f"{what} it is another metric"
            look = "__getstate__ and __reduce__, and fields that pickle leaves out"
            return Finding("pickle", "failed", error, 0.0, name, meaning, look)
    return Finding("pickle", "passed", 0.0, 0.0)


def fresh(case: MetricCase) -> Finding:
    """Say whether ``dataclasses.replace`` gives one without state."""
    used = case.fed(case.batches)
    _ask(used)
    again = replace(used)
    for batch in case.batches:
        again.update(batch)
    name, error = difference(again.compute(), case.whole)
    if name:
        meaning = "a fresh copy of a used metric still holds what that one took in"
        look = "state in init=False fields with a default_factory, not in class attributes or defaults"
        return Finding("fresh", "failed", error, 0.0, name, meaning, look)
    return Finding("fresh", "passed", 0.0, 0.0)


def _merged(case: MetricCase) -> Iterator[tuple[str, Any]]:
    rng, pieces = case.rng("merge"), case.pieces
    n = len(pieces)
    orders = [("in order", list(range(n))), ("in reverse", list(range(n))[::-1])]
    # sums in two orders are often the same by luck
    orders += [("shuffled", rng.permutation(n).tolist()) for _ in range(_SHUFFLES)]
    for how, order in orders:
        yield f"shards of one piece each, merged {how},", _all(case, [[pieces[i]] for i in order])
    cut = int(rng.integers(0, n + 1))
    yield "two shards, the first one empty,", _all(case, [[], pieces])
    yield "two shards, merged the other way round,", _all(case, [pieces[cut:], pieces[:cut]])
    thirds = rng.integers(3, size=n)
    shards = [[one for one, third in zip(pieces, thirds, strict=True) if third == k] for k in range(3)]
    yield "three shards at random", _all(case, shards)
    right = case.fed(shards[1])
    right.merge(case.fed(shards[2]))
    left = case.fed(shards[0])
    left.merge(right)
    yield "a shard and two merged ones", left


def _all(case: MetricCase, shards: list[list[Any]]) -> Any:
    first, *rest = (case.fed(shard) for shard in shards)
    for other in rest:
        first.merge(other)
    return first


def _through_pickle(metric: Any) -> Any:
    return pickle.loads(pickle.dumps(metric))  # noqa: S301  (our own bytes)
