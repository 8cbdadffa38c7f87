"""A page for each component, its parameters those of its dataclass."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import rst

from a4eval.config.builder import parameters
from a4eval.registry import Provided, registry

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path) -> None:
    """Write a page for each component of the installed plugins, and a list of them."""
    folder.mkdir()
    kinds: dict[str, list[Provided]] = {}
    for one in registry().components():
        kinds.setdefault(one.component.kind, []).append(one)
        (folder / f"{_name(one)}.rst").write_text(_page(one))
    parts = [rst.heading("Components"), "What a config may name, by kind.  ``a4eval components NAME`` says the same.\n"]
    for kind, found in kinds.items():
        rows = [(f":doc:`{one.component.name} <{_name(one)}>`", rst.escaped(one.component.summary)) for one in found]
        parts += [rst.heading(kind, "-"), rst.table(["name", "what it is"], rows)]
    listed = "\n".join(f"   {_name(one)}" for found in kinds.values() for one in found)
    parts.append(f".. toctree::\n   :hidden:\n\n{listed}\n")
    (folder / "index.rst").write_text("\n".join(parts))


def _name(one: Provided) -> str:
    return f"{one.component.kind}-{one.component.name}"


def _page(one: Provided) -> str:
    component, made = one.component, one.load()
    rows = []
    for given in parameters(made):
        default = "required" if given.required else rst.code(given.shown_default)
        meaning = rst.escaped(given.help) + (f" ({rst.escaped(given.unit)})" if given.unit else "")
        kind = rst.code(given.type) + (f", {given.range}" if given.range else "")
        rows.append((rst.code(given.name), kind, default, meaning))
    parts = [
        rst.heading(component.name),
        f"**{component.kind}** of the plugin ``{one.plugin.name}``, version {component.version}:",
        f"{rst.escaped(component.summary)}\n",
        rst.docstring(inspect.getdoc(made) or ""),
        rst.heading("Parameters", "-"),
        rst.table(["name", "type", "default", "meaning"], rows) if rows else "It takes none.\n",
    ]
    if component.references:
        parts += [
            rst.heading("References", "-"),
            "\n".join(f"- {rst.escaped(text)}" for text in component.references),
            "",
        ]
    return "\n".join(parts)
