"""The rows that a view draws: its table after ``fold`` and ``filter``."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from a4eval.charts import unescaped
from a4eval.drawing.beyond import BeyondError
from a4eval.drawing.values import number

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW = "#row"
"""Under this key a row keeps its place in the table."""
Test: TypeAlias = Callable[[Mapping[str, Any]], bool]
"""Says whether a row is kept."""
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def numbered(table: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of a table, each with its place, unless it says where it leads itself."""
    return [{ROW: place, **row} for place, row in enumerate(table)]


def transformed(rows: list[dict[str, Any]], transforms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows after *transforms*.

    Raises:
        BeyondError: one is neither a fold nor a filter.

    >>> transformed([{"a": 1, "b": 2}], [{"fold": ["a", "b"]}, {"filter": {"field": "value", "gt": 1}}])
    [{'a': 1, 'b': 2, 'key': 'b', 'value': 2}]
    """
    for one in transforms:
        if "fold" in one:
            names = [unescaped(name) for name in one["fold"]]
            key, value = one.get("as") or ("key", "value")
            rows = [{**row, key: name, value: row.get(name)} for row in rows for name in names]
        elif "filter" in one:
            kept = tested(one["filter"])
            rows = [row for row in rows if kept(row)]
        else:
            raise BeyondError(f"the transform {', '.join(one)}")
    return rows


def holds(predicate: Any, row: Mapping[str, Any]) -> bool:
    """Say whether a predicate of Vega-Lite holds of a row.

    Raises:
        BeyondError: it is of no kind known here.
    """
    return tested(predicate)(row)


def tested(predicate: Any) -> Test:
    """Return a predicate of Vega-Lite as a function of a row.

    Raises:
        BeyondError: it is of no kind known here.
    """
    for several, word in ((all, "and"), (any, "or")):
        if word in predicate:
            tests = [tested(one) for one in predicate[word]]
            return lambda row: several(one(row) for one in tests)
    if "not" in predicate:
        other = tested(predicate["not"])
        return lambda row: not other(row)
    column = unescaped(predicate.get("field", ""))
    if "equal" in predicate:
        wanted = predicate["equal"]
        return lambda row: bool(row.get(column) == wanted)
    if "oneOf" in predicate:
        some = predicate["oneOf"]
        return lambda row: row.get(column) in some
    if "valid" in predicate:
        valid = bool(predicate["valid"])
        return lambda row: (number(row.get(column)) is not None) == valid
    if "range" in predicate:
        low, high = predicate["range"]
        predicate = {"gte": low, "lte": high}
    limits = [(_SIGNS[word], found) for word in _SIGNS if (found := number(predicate.get(word))) is not None]
    if not limits:
        raise BeyondError(f"the predicate {predicate}")

    def within(row: Mapping[str, Any]) -> bool:
        given = number(row.get(column))
        return given is not None and all(sign(given, limit) for sign, limit in limits)

    return within
