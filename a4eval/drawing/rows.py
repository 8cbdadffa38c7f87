"""The rows that a view draws: its table after ``fold`` and ``filter``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval.charts import unescaped
from a4eval.drawing.beyond import BeyondError
from a4eval.drawing.values import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROW = "#row"
"""Under this key a row keeps its place in the table."""


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
            rows = [row for row in rows if holds(one["filter"], row)]
        else:
            raise BeyondError(f"the transform {', '.join(one)}")
    return rows


def holds(predicate: Any, row: Mapping[str, Any]) -> bool:
    """Say whether a predicate of Vega-Lite holds of a row.

    Raises:
        BeyondError: it is of no kind known here.
    """
    for several, word in ((all, "and"), (any, "or")):
        if word in predicate:
            return several(holds(one, row) for one in predicate[word])
    if "not" in predicate:
        return not holds(predicate["not"], row)
    value = row.get(unescaped(predicate.get("field", "")))
    if "equal" in predicate:
        return bool(value == predicate["equal"])
    if "oneOf" in predicate:
        return value in predicate["oneOf"]
    if "valid" in predicate:
        return (number(value) is not None) == bool(predicate["valid"])
    if "range" in predicate:
        low, high = predicate["range"]
        predicate = {"gte": low, "lte": high}
    given = number(value)
    limits = {word: limit for word in ("lt", "lte", "gt", "gte") if (limit := number(predicate.get(word))) is not None}
    if not limits:
        raise BeyondError(f"the predicate {predicate}")
    return given is not None and all(
        given < limit
        if word == "lt"
        else given <= limit
        if word == "lte"
        else given > limit
        if word == "gt"
        else given >= limit
        for word, limit in limits.items()
    )
