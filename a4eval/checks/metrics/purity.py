"""A metric says what it will give, gives it as often as it is asked, and changes nothing of what it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.metrics.case import MetricCase, bits, difference
from a4eval.checks.metrics.units import copied
from a4eval.checks.trees import same_bits
from a4eval.contracts import Contrasted, Tabular, Value, Weighable

_CALLS = 8


def naming(case: MetricCase) -> Finding:
    """Hold the names of the values against those that were promised before any data."""
    promised = list(replace(case.metric).names)
    look = "names: a property of the parameters alone, and the keys of what compute returns"
    twice = [name for name, times in Counter(promised).items() if times > 1]
    if twice:
        return Finding("names", "failed", where=twice[0], meaning="it is promised twice", look_at=look)
    found = case.fed(case.batches).compute()
    meaning = ""
    if not isinstance(found, Mapping):
        meaning = f"compute returned {type(found).__name__}, expected a dict of a4eval.Value by name"
    elif list(found) != promised:
        meaning = f"promised {promised}, given {list(found)}"
    elif not promised and not isinstance(case.metric, (Tabular, Contrasted)):
        meaning = "it gives neither a value nor a table"
    if meaning:
        return Finding("names", "failed", meaning=meaning, look_at=look)
    for name, value in found.items():
        if not isinstance(value, Value) or not isinstance(value.value, (int, float)):
            kind = type(value.value if isinstance(value, Value) else value).__name__
            meaning = f"it is {kind}, expected an a4eval.Value with a float"
            return Finding("names", "failed", where=name, meaning=meaning, look_at="float(…) around numpy's numbers")
    if list(case.fed(case.batches[:1]).names) != promised:
        return Finding("names", "failed", meaning="the names change with the data", look_at=look)
    return Finding("names", "passed")


def twice(case: MetricCase) -> Finding:
    """Compute again, with weights in between and with other objects about in memory: the same bits."""
    metric = case.fed(case.batches)
    first = bits(metric)
    if isinstance(metric, Weighable) and first:
        n = len(metric.units)
        metric.compute(np.arange(n, dtype=np.float64) % 2 + 1)
    look = "state that compute changes: sort in place, pop, +=; random numbers; id and the order of sets"
    about: list[object] = []
    for call in range(_CALLS):
        name, error = difference(metric.compute(), first)
        if name:
            meaning = "another call gives something else"
            return Finding("compute_twice", "failed", error, 0.0, name, meaning, look)
        about += [object() for _ in range(call + 1)]  # what is made next lies elsewhere
    return Finding("compute_twice", "passed", 0.0, 0.0)


def unchanged(case: MetricCase) -> Finding:
    """Say whether batches and weights are what they were."""
    metric, given = replace(case.metric), [copied(batch) for batch in case.batches]
    for batch in given:
        metric.update(batch)
    metric.compute()
    look = "sort, +=, clip with out= and item assignment on the batch's own arrays"
    if isinstance(metric, Weighable) and list(metric.names):
        weights = np.arange(len(metric.units), dtype=np.float64) % 3 + 1
        metric.compute(weights)
        if not np.array_equal(weights, np.arange(len(weights)) % 3 + 1.0):
            meaning = "they were changed in place"
            return Finding("inputs_unchanged", "failed", where="weights", meaning=meaning, look_at=look)
    for batch, before in zip(given, case.batches, strict=True):
        where = same_bits({name: np.asarray(column) for name, column in before.items()}, batch)
        if where:
            meaning = "it was changed in place"
            return Finding("inputs_unchanged", "failed", where=where, meaning=meaning, look_at=look)
    return Finding("inputs_unchanged", "passed")


def tables(case: MetricCase) -> Finding:
    """Ask for the tables twice, of the whole and of merged shards: the same rows, which share their columns."""
    if not isinstance(case.metric, Tabular):
        return not_applicable("tables", "the metric has no tables")
    metric = case.fed(case.batches)
    first = metric.tables()
    look = "tables: the order of rows and of sets, keys that only some rows have, state that it changes"
    for name, rows in first.items():
        if len({tuple(row) for row in rows}) > 1:
            return Finding("tables", "failed", where=name, meaning="its rows have different columns", look_at=look)
    merged = case.fed(case.pieces[1:])
    merged.merge(case.fed(case.pieces[:1]))
    for what, again in (("a second call", metric.tables()), ("merged shards", merged.tables())):
        for name, rows in first.items():
            if name not in again or not _same_rows(rows, again[name]):
                return Finding("tables", "failed", where=name, meaning=f"{what} give other rows", look_at=look)
    return Finding("tables", "passed")


def _same_rows(one: list[dict[str, object]], other: list[dict[str, object]]) -> bool:
    return repr(one) == repr(other)  # by repr NaN is NaN
