"""Nothing, one unit, and NaN: an error or NaN, never a plausible number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.metrics.case import REFUSALS, MetricCase, difference
from a4eval.checks.metrics.units import copied, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from a4eval.contracts import Batch, Value


def empty(case: MetricCase) -> Finding:
    """Compute from no batch, and from a batch without units."""
    look = "divisions by a number of units that is 0, and defaults such as 0.0; NaN is what is undefined"
    for what, batches in (("no batch at all", []), ("a batch without units", [select(case.batches[0], [])])):
        try:
            found = case.fed(batches).compute()
        except REFUSALS:
            continue
        except Exception as error:  # noqa: BLE001  (a stranger's metric may raise anything)
            meaning = f"it ends in {type(error).__name__}: {error}"
            return Finding("empty", "failed", where=what, meaning=meaning, look_at=look)
        name = _plausible(found)
        if name:
            meaning = f"{name} is {found[name].value}, as if there were data"
            return Finding("empty", "failed", where=what, meaning=meaning, look_at=look)
    return Finding("empty", "passed")


def one_unit(case: MetricCase) -> Finding:
    """Compute from one unit: a number, NaN or a refusal."""
    piece = select(case.batches[0], [0])
    try:
        case.fed([piece]).compute()
    except REFUSALS as error:
        return Finding("one_unit", "passed", where=f"it refuses it: {error}")
    return Finding("one_unit", "passed")


def missing(case: MetricCase) -> Finding:
    """Put NaN into each real column, one entry and all of them.

    Columns that the metric names in ``may_be_missing``, where NaN has a meaning, are left out.
    """
    allowed = getattr(case.metric, "may_be_missing", ())
    tried = 0
    for column in case.batches[0]:
        values = np.asarray(case.batches[0][column])
        if values.dtype.kind != "f" or not values.size or column in allowed:
            continue
        for what, changed, others in _spoilt(case, column):
            tried += 1
            name = _taken(case, changed, others)
            if name:
                meaning = f"{what} is NaN and {name} is a plausible number all the same"
                look = "comparisons and sorting, to which NaN is just another number; or state it in may_be_missing"
                return Finding("missing", "failed", where=column, meaning=meaning, look_at=look)
    return Finding("missing", "passed") if tried else not_applicable("missing", "there are no columns of real numbers")


def _taken(case: MetricCase, changed: Batch, others: Sequence[Batch]) -> str:
    """Return a value that is a finite number for a spoilt batch though it depends on what was spoilt."""
    try:
        found = case.fed([changed, *case.batches[1:]]).compute()
    except REFUSALS:
        return ""
    for other in others:
        try:
            moved = case.fed([other, *case.batches[1:]]).compute()
        except REFUSALS:
            continue
        for name, value in moved.items():
            depends = difference({name: value}, {name: case.whole[name]}, 1e-9)[0]
            if depends and np.isfinite(found[name].value):
                return str(name)
    return ""


def _spoilt(case: MetricCase, column: str) -> Iterator[tuple[str, Batch, Sequence[Batch]]]:
    """Yield what is spoilt, the batch with NaN, and the batch with other numbers in the same places."""
    first, rng = case.batches[0], case.rng(f"missing {column}")
    values = np.asarray(first[column])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    reach = (high - low) or 1.0
    entries = np.argwhere(np.isfinite(values))
    for place in rng.permutation(entries)[:4]:
        index = tuple(int(one) for one in place)
        others = [_with(first, column, index, number) for number in (high + 0.1 * reach, low, (low + high) / 2)]
        yield f"{column}{list(index)}", _with(first, column, index, np.nan), others
    everywhere = tuple(slice(None) for _ in values.shape)
    shuffled = [_with(first, column, everywhere, rng.permutation(values, axis=0)) for _ in range(2)]
    yield f"all of {column}", _with(first, column, everywhere, np.nan), shuffled


def _with(batch: Batch, column: str, index: Any, value: Any) -> dict[str, Any]:
    changed = copied(batch)
    changed[column][index] = value
    return changed


def _plausible(found: Mapping[str, Value]) -> str:
    """Return the name of a value that looks like a result; a count of 0 is none, but a mean or a share of 0 is one."""
    for name, value in found.items():
        number = float(value.value)
        counts = value.higher_is_better is None or value.unit != "1"
        if np.isnan(number) or (number == 0 and counts):
            continue
        return name
    return ""
