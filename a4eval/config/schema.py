"""A JSON Schema of experiment files: what editors need to complete and check them as they are written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec

from a4eval.component import parameter_info
from a4eval.config.builder import default_of, fields_of, group_of, hints_of
from a4eval.errors import PluginError
from a4eval.experiment import Root
from a4eval.registry import registry

if TYPE_CHECKING:
    import dataclasses

REFERS = {"type": "string", "pattern": r"\$\{|^\?\?\?$"}
"""Any value may refer to another, or be left to be given."""


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of an experiment, with the components of the installed plugins.

    >>> {"local", "ray", "slurm"} <= set(schema()["$defs"]["executor"]["anyOf"][0]["enum"])
    True
    """
    found = registry().components()
    kinds = dict.fromkeys(one.component.kind for one in found)
    definitions = {kind: _kind(kind) for kind in kinds}
    root = msgspec.json.schema(Root)["$defs"]["Root"]["properties"]
    properties: dict[str, Any] = {key: {"anyOf": [value, REFERS]} for key, value in root.items()}
    del properties["trackers"]  # only a command says it
    properties |= {"defaults": {"type": "array"}, "hydra": {"type": "object"}}
    properties |= {"task": {"$ref": "#/$defs/task"}, "executor": {"$ref": "#/$defs/executor"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "a4eval experiment",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": definitions,
    }


def _kind(kind: str) -> dict[str, Any]:
    """Return the schema of a node of that kind: a name, or a mapping with the name and parameters."""
    nodes, names = [], []
    for one in registry().components(kind):
        try:
            properties = _properties(one.load())
        except PluginError:
            continue  # `a4eval plugins` says why
        names.append(one.component.name)
        title = {"const": one.component.name, "description": one.component.summary}
        nodes.append(
            {
                "type": "object",
                "properties": {"name": title, **properties},
                "required": ["name"],
                "additionalProperties": False,
            }
        )
    return {"anyOf": [{"enum": names}, *nodes, REFERS]}


def _properties(factory: Any) -> dict[str, Any]:
    hints = hints_of(factory)
    return {field.name: _field(field, hints[field.name]) for field in fields_of(factory)}


def _field(field: dataclasses.Field[Any], hint: Any) -> dict[str, Any]:
    info, group, default = parameter_info(field), group_of(hint), default_of(field)
    if info.kind:
        shape: dict[str, Any] = _nested(info.kind, hint)
    elif group is not None:
        shape = {"type": ["object", "null"], "properties": _properties(group), "additionalProperties": False}
    else:
        shape = _within(info.range.schema(), _plain(hint))
    described = {"description": " ".join(filter(None, [info.help, f"({info.unit})" if info.unit else ""]))}
    if isinstance(default, (str, int, float, bool)):
        described["default"] = default  # type: ignore[assignment]
    return {"anyOf": [shape, REFERS], **described}


def _nested(kind: str, hint: Any) -> dict[str, Any]:
    node = {"$ref": f"#/$defs/{kind}"}
    origins = {get_origin(one) for one in (hint, *get_args(hint))}
    if dict in origins:
        return {"type": "object", "additionalProperties": node}
    if list in origins:
        return {"type": "array", "items": node}
    others = [{"type": name} for kind, name in ((type(None), "null"), (str, "string")) if kind in get_args(hint)]
    return {"anyOf": [node, *others]} if others else node


def _within(limits: dict[str, float], shape: Any) -> Any:
    """Return the schema with limits for each number in it."""
    if isinstance(shape, list):
        return [_within(limits, one) for one in shape]
    if not isinstance(shape, dict):
        return shape
    number = limits if shape.get("type") in {"integer", "number"} else {}
    return {key: _within(limits, one) for key, one in shape.items()} | number


def _plain(hint: Any) -> dict[str, Any]:
    """Return the schema of a type; of one that JSON Schema does not know, anything."""
    try:
        found = msgspec.json.schema(hint, schema_hook=lambda kind: {"type": "string"} if kind is Path else {})
    except (TypeError, NotImplementedError, RuntimeError):
        return {}
    return {} if "$ref" in str(found) else found
