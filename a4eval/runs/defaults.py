"""A node with every default: what the component that is built from it has."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin

import msgspec

from a4eval.component import parameter_info
from a4eval.config.builder import default_of, fields_of, group_of, hints_of
from a4eval.conversion import show
from a4eval.registry import Registry, registry
from a4eval.runs.record import plain


def resolved(kind: str, node: Any) -> Any:
    """Return a node with all its parameters, those of the components and options within it too.

    Args:
        kind: of the component.
        node: one that can be built, in values that JSON can hold.

    >>> resolved("task", {"name": "check_layer", "layer": "conv_transpose"})["layer"]["stride"]
    1
    """
    given = {"name": node} if isinstance(node, str) else node
    return {"name": given["name"], **_options(_component(registry(), kind, given["name"]), given)}


@cache  # a sweep resolves the same components ten thousand times
def _component(known: Registry, kind: str, name: str) -> tuple[_Field, ...]:
    return _fields(known.find(kind, name).load())


def _options(fields: tuple[_Field, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for field in fields:
        value = given.get(field.name, field.default)
        if field.kind and value is not None and not (field.or_text and isinstance(value, str)):
            value = _nested(field, value)
        elif field.group is not None and isinstance(value, Mapping):
            value = _options(field.group, value)
        found[field.name] = value
    return found


def _nested(field: _Field, value: Any) -> Any:
    if isinstance(value, list):
        return [resolved(field.kind, one) for one in value]
    if field.labelled:
        return {label: resolved(field.kind, one) for label, one in value.items()}
    return resolved(field.kind, value)


class _Field(NamedTuple):
    """What there is to know of a field of a component's dataclass."""

    name: str
    kind: str
    labelled: bool
    or_text: bool
    group: tuple[_Field, ...] | None
    default: Any


def _fields(factory: Any) -> tuple[_Field, ...]:
    found = []
    for field in fields_of(factory):
        default, hint = default_of(field), hints_of(factory)[field.name]
        if default is dataclasses.MISSING:
            default = None  # it is given, or the node would not have been built
        elif dataclasses.is_dataclass(default) and not isinstance(default, type):
            default = dataclasses.asdict(default)
        labelled = any(get_origin(one) is dict for one in (hint, *get_args(hint)))
        group = group_of(hint)
        fields = None if group is None else _fields(group)
        found.append(
            _Field(field.name, parameter_info(field).kind, labelled, str in get_args(hint), fields, _plain(default))
        )
    return tuple(found)


def _plain(default: Any) -> Any:
    """Return a default as JSON can hold it; a stranger's may be anything."""
    try:
        msgspec.json.encode(found := plain(default))
    except Exception:  # noqa: BLE001  (it must not lose a finished run)
        return show(default)
    return found
