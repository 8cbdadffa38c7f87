"""Charts are data: a Vega-Lite specification that names the table it draws, and can neither load nor compute anything.

So a record can be drawn by anyone, with or without the plugin that made it, and a stranger's record is safe to draw.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from a4eval.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LARGEST = 16_384
"""Bytes of one chart as JSON."""
MOST = 64
"""Charts of one record."""
DEEPEST = 32
VIEW = frozenset(
    {
        "title",
        "description",
        "data",
        "mark",
        "encoding",
        "transform",
        "layer",
        "facet",
        "spec",
        "columns",
        "hconcat",
        "vconcat",
        "concat",
        "resolve",
        "width",
        "height",
        "spacing",
        "align",
        "view",
    }
)
"""The keys of a chart, and of the views it is made of."""
_REFUSED_KEYS = {
    "url": "it would load something",
    "href": "it would lead somewhere",
    "usermeta": "viewers take orders from it",
    "expr": "it is an expression",
    "signal": "it is an expression",
    "labelExpr": "it is an expression",
    "calculate": "it is an expression; compute the column in the table",
    "lookup": "a chart draws one table",
}
_REFUSED_MARKS = ("image", "geoshape")
_PREDICATES = frozenset({"filter", "test", "and", "or", "not"})
_ADDRESS = re.compile(r"^\s*(?://|(?:data|javascript|file|blob):)|://", re.IGNORECASE)


def checked(chart: Any, columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return *chart*, plain JSON, once it is known to be harmless and to draw what is there.

    Args:
        chart: the specification.
        columns: table to its columns.

    Raises:
        ValueError: it is none; the text says where and what was expected.

    >>> checked({"data": {"name": "t"}, "mark": "bar", "encoding": {"x": {"field": "n"}}}, {"t": ["m"]})
    Traceback (most recent call last):
    ValueError: encoding.x.field: there is no column 'n' in the table 't'; there are: m
    """
    if not isinstance(chart, dict):
        raise ValueError(f"got {type(chart).__name__}, expected a Vega-Lite specification, a mapping")  # noqa: TRY004
    for at, key, value in _walk(chart, "", 0):
        _harmless(at, key, value)
    size = len(json.dumps(chart, ensure_ascii=False).encode("utf-8", "replace"))
    if size > LARGEST:
        raise ValueError(f"it takes {size:,} bytes, at most {LARGEST:,} are kept; rows belong into its table")
    table = (chart.get("data") or {}).get("name")
    if chart.get("data") != {"name": table} or not isinstance(table, str):
        raise ValueError(f'data: got {chart.get("data")!r}, expected {{"name": TABLE}}, the table it draws')
    if table not in columns:
        raise ValueError(f"data.name: there is no table {table!r}{did_you_mean(table, columns)}")
    _views(chart, "", {*columns[table]}, table, [*columns[table]])
    return chart


def fields(chart: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where a chart names a column in an encoding, and which."""
    for at, key, value in _walk(chart, "", 0):
        if key == "field" and isinstance(value, str) and ".encoding." in f".{at}":
            yield at, unescaped(value)


def unescaped(field: str) -> str:
    r"""Return the name of the column that a field names; Vega-Lite reads a bare point as a step into an object.

    >>> unescaped("AP\\.5")
    'AP.5'
    """
    return re.sub(r"\\(.)", r"\1", field)


def escaped(column: str) -> str:
    r"""Return how a chart names a column with points or brackets in its name.

    >>> escaped("AP.5")
    'AP\\.5'
    """
    return re.sub(r"([.\[\]\\])", r"\\\1", column)


def _walk(node: Any, at: str, depth: int) -> Iterator[tuple[str, str, Any]]:
    """Yield path, key and value of everything below *node*."""
    if depth > DEEPEST:
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        below = f"{at}.{key}" if at else str(key)
        name = key if isinstance(key, str) else at.rpartition(".")[2]
        yield below, name, value
        yield from _walk(value, below, depth + 1)


def _harmless(at: str, key: str, value: Any) -> None:
    if key in _REFUSED_KEYS:
        raise ValueError(f"{at}: is refused: {_REFUSED_KEYS[key]}")
    if key == "data" and at != "data":
        raise ValueError(f"{at}: is refused: a chart draws one table, named in the key data at its top")
    if isinstance(value, str):
        if _ADDRESS.search(value):
            raise ValueError(f"{at}: is refused: {value[:40]!r} looks like an address")
        if key in _PREDICATES:
            raise ValueError(f"{at}: is refused: it is an expression; write {{field: …, equal: …}}")
    mark = value.get("type") if key == "mark" and isinstance(value, dict) else value if key == "mark" else None
    if mark in _REFUSED_MARKS:
        raise ValueError(f"{at}: the mark {mark!r} is refused: it would load something")


def _views(view: Mapping[str, Any], at: str, known: set[str], table: str, columns: list[str]) -> None:
    """Check the keys of a view, and that its fields are columns, or made by a transform of it or of those around it."""
    prefix = f"{at}." if at else ""
    for key in view:
        if key not in VIEW:
            raise ValueError(f"{prefix}{key}: is no key of a chart{did_you_mean(key, VIEW)}")
    transforms = view.get("transform") or []
    made = {name for one in transforms for name in _made(one)}
    known = known | made
    encoding = view.get("encoding") or {}
    for where, field in fields({"encoding": encoding}):
        if columns and field not in known:
            there = ", ".join([*columns, *sorted(known - set(columns))])
            raise ValueError(
                f"{prefix}{where}: there is no column {field!r} in the table {table!r}; there are: {there}"
            )
    parts = [(key, part) for key in ("layer", "hconcat", "vconcat", "concat") for part in view.get(key) or ()]
    parts += [("spec", view["spec"])] if "spec" in view else []
    for place, (key, part) in enumerate(parts):
        if not isinstance(part, dict):
            raise ValueError(f"{prefix}{key}: got {part!r}, expected views, each a mapping")  # noqa: TRY004
        _views(part, f"{prefix}{key}.{place}", known, table, columns)
    if not parts and "mark" not in view:
        raise ValueError(f"{prefix}mark: is missing: a view has a mark, or views in layer, spec, hconcat or vconcat")


def _made(transform: Any) -> Iterator[str]:
    """Yield the names of the columns that a transform makes."""
    for at, key, value in _walk(transform, "", 0):
        if key == "as" and isinstance(value, str):
            yield value
        elif at == "fold":
            yield from () if "as" in transform else ("key", "value")
