"""The page of a record's keys, made from its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rst

from a4eval.runs.record import json_schema

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = """
A run leaves one record, ``result.json``; a sweep one a line of its ``results.jsonl``.
This page is made from the schema, ``a4eval/runs/record.schema.json``.
Keys are never renamed; numbers that JSON cannot hold are the strings ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``.
"""


def write(page: Path) -> None:
    """Write the page."""
    parts = [rst.heading("The keys of a record"), ABOUT]
    for name, one in json_schema()["$defs"].items():
        rows = [
            (rst.code(key), _type(value), rst.escaped(value.get("description", "")))
            for key, value in one["properties"].items()
        ]
        parts += [f".. _record-{name}:\n", rst.heading(name, "-"), one.get("description", "") + "\n"]
        parts.append(rst.table(["key", "type", "meaning"], rows))
    page.write_text("\n".join(parts))


def _type(schema: dict[str, Any]) -> str:
    """Return a type as markup, with a link to where it is described."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f":ref:`{name} <record-{name}>`"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(rst.code(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("type") == "object" and "additionalProperties" in schema:
        return f"mapping to {_type(schema['additionalProperties'] or {})}"
    return str(schema.get("type", "anything"))
