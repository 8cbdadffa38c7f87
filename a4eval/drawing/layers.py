"""A Vega-Lite specification read into layers: a mark, what it encodes, and the rows it is drawn of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from a4eval.charts import unescaped
from a4eval.drawing.beyond import BeyondError
from a4eval.drawing.rows import numbered, transformed
from a4eval.drawing.scales import key
from a4eval.drawing.values import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MARKS = frozenset({"line", "area", "bar", "point", "circle", "square", "rect", "rule", "tick", "text"})
CHANNELS = frozenset(
    {
        "x",
        "y",
        "x2",
        "y2",
        "xOffset",
        "yOffset",
        "color",
        "opacity",
        "size",
        "strokeDash",
        "detail",
        "order",
        "text",
        "tooltip",
    }
)
_NOT_IN_A_CHANNEL = ("aggregate", "bin", "timeUnit", "impute")


@dataclass(frozen=True, slots=True)
class Channel:
    """What a view encodes in one channel.

    Args:
        field: the column, or None.
        discrete: its values are names.
        ordinal: they are names in an order.
        given: the definition as it is written.
    """

    field: str | None
    discrete: bool
    ordinal: bool
    given: dict[str, Any]

    @property
    def scale(self) -> dict[str, Any]:
        """What is asked of its scale."""
        return self.given.get("scale") or {}

    @property
    def title(self) -> str:
        """What stands beside its axis or legend; empty for nothing."""
        for where in (self.given, self.given.get("axis") or {}, self.given.get("legend") or {}):
            if "title" in where:
                return where["title"] if isinstance(where["title"], str) else ""
        return self.field or ""

    @property
    def format(self) -> str:
        """How its numbers are written."""
        for where in (self.given, self.given.get("axis") or {}, self.given.get("legend") or {}):
            if isinstance(where.get("format"), str):
                return str(where["format"])
        return ""

    def of(self, row: Mapping[str, Any]) -> Any:
        """Return its value in a row."""
        return row.get(self.field) if self.field is not None else self.given.get("datum")


@dataclass(slots=True)
class Layer:
    """One mark.

    Args:
        mark: its type and properties.
        channels: by name; those of ``detail`` and ``tooltip`` stand in lists of their own.
        rows: what is drawn.
        detail: further columns that tell lines apart.
        tooltip: what a mark says of itself.
    """

    mark: dict[str, Any]
    channels: dict[str, Channel]
    rows: list[dict[str, Any]]
    detail: list[Channel] = field(default_factory=list)
    tooltip: list[Channel] = field(default_factory=list)

    @property
    def joined(self) -> bool:
        """Its rows are drawn together."""
        return self.mark["type"] in ("line", "area")

    @property
    def coloured_by_row(self) -> bool:
        """Its rows may have different colours."""
        channel = self.channels.get("color")
        return channel is not None and (channel.field is not None or "condition" in channel.given)

    def has(self, *names: str) -> bool:
        """Say whether it encodes all of these."""
        return all(name in self.channels for name in names)


def layers(chart: Mapping[str, Any], table: Sequence[Mapping[str, Any]]) -> list[Layer]:
    """Return the layers of a chart of *table*, those beneath first.

    Raises:
        BeyondError: it asks for more than is drawn here.
    """
    return list(_layers(chart, {}, numbered(table)))


def _layers(view: Mapping[str, Any], encoding: Mapping[str, Any], rows: list[dict[str, Any]]) -> Iterator[Layer]:
    for name in ("facet", "spec", "hconcat", "vconcat", "concat", "resolve", "repeat"):
        if name in view:
            raise BeyondError(name)
    rows = transformed(rows, view.get("transform") or ())
    encoding = {**encoding, **(view.get("encoding") or {})}
    if "layer" in view:
        for one in view["layer"]:
            yield from _layers(one, encoding, rows)
        return
    mark = view["mark"] if isinstance(view["mark"], dict) else {"type": view["mark"]}
    if mark.get("type") not in MARKS:
        raise BeyondError(f"the mark {mark.get('type')!r}")
    if unknown := [name for name in encoding if name not in CHANNELS]:
        raise BeyondError(f"the channel {unknown[0]!r}")
    found: dict[str, Channel] = {}
    for name, given in encoding.items():
        if name not in ("detail", "tooltip") and given is not None:
            like = found.get(name[0]) if name in ("x2", "y2") else None
            found[name] = _channel(given, like)
    yield Layer(mark, found, rows, _several(encoding.get("detail")), _several(encoding.get("tooltip")))


def _several(given: Any) -> list[Channel]:
    return [
        _channel(one)
        for one in (given if isinstance(given, list) else [given] if given else ())
        if isinstance(one, dict)
    ]


def _channel(given: Any, like: Channel | None = None) -> Channel:
    if not isinstance(given, dict):
        raise BeyondError(f"the encoding {given!r}")
    for name in _NOT_IN_A_CHANNEL:
        if given.get(name):
            raise BeyondError(name)
    column = given.get("field")
    if column is not None and not isinstance(column, str):
        raise BeyondError(f"the field {column!r}")
    kind = given.get("type")
    if kind in ("temporal", "geojson"):
        raise BeyondError(f"the type {kind!r}")
    if kind is None:
        kind = "nominal" if column is not None or number(given.get("datum")) is None else "quantitative"
        if like is not None:
            kind = "nominal" if like.discrete else "quantitative"
    return Channel(None if column is None else unescaped(column), kind != "quantitative", kind == "ordinal", given)


def names(channel: Channel, found: Sequence[Layer], at: str) -> list[str]:
    """Return the names on a channel's scale, in order.

    Args:
        channel: the first definition.
        found: all layers that have the channel.
        at: its name.
    """
    domain = channel.scale.get("domain")
    if isinstance(domain, list):
        return [key(one) for one in domain]
    values: dict[str, Any] = {}
    for layer in found:
        own = layer.channels[at]
        for row in layer.rows if own.field is not None else ({},):
            value = own.of(row)
            if value is not None:
                values.setdefault(key(value), value)
    sort = channel.given.get("sort", "ascending")
    if isinstance(sort, list):
        first = [key(one) for one in sort]
        return [one for one in first if one in values] + [one for one in values if one not in first]
    if sort is None:
        return list(values)
    if isinstance(sort, str) and sort.lstrip("-") in ("x", "y", "color", "size"):
        other = sort.lstrip("-")
        weight = _weights(found, at, lambda layer: layer.channels.get(other))
        return sorted(values, key=lambda one: weight.get(one, 0.0), reverse=sort.startswith("-"))
    if isinstance(sort, dict) and isinstance(sort.get("field"), str):
        by = Channel(unescaped(sort["field"]), discrete=False, ordinal=False, given={})
        weight = _weights(found, at, lambda _layer: by)
        return sorted(values, key=lambda one: weight.get(one, 0.0), reverse=sort.get("order") == "descending")
    return sorted(values, key=lambda one: _natural(values[one]), reverse=sort == "descending")


def _weights(found: Sequence[Layer], at: str, other: Any) -> dict[str, float]:
    """Return name to the sum of the numbers that stand beside it."""
    weight: dict[str, float] = {}
    for layer in found:
        by = other(layer)
        if by is None or by.field is None:
            continue
        for row in layer.rows:
            name = key(layer.channels[at].of(row))
            weight[name] = weight.get(name, 0.0) + (number(by.of(row)) or 0.0)
        break  # the first layer says the order
    return weight


def _natural(value: Any) -> tuple[int, float, str]:
    given = number(value)
    return (1, 0.0, str(value)) if given is None or isinstance(value, str) else (0, given, "")
