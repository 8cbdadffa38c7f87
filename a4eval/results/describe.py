"""``a4eval components``: list the components, or describe one."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from typing import TYPE_CHECKING

from a4eval.contracts import KINDS
from a4eval.errors import ConfigError, did_you_mean
from a4eval.registry import Provided, registry
from a4eval.results.listed import print_left_out, print_lines
from a4eval.results.tables import print_prose, print_table, print_text
from a4eval.terminal import put

if TYPE_CHECKING:
    from collections.abc import Sequence


def list_components(kind: str | None, *, as_json: bool, search: str | None = None) -> None:
    """Print the components of one kind, or all, that mention *search*, without importing what is behind them.

    Raises:
        ConfigError: there is no such kind, or none that mentions it.
    """
    found = registry().components(kind)
    if kind is not None and not found:
        if kind in KINDS:
            raise ConfigError(f"no {kind} is known{registry().elsewhere()}", path="--kind")
        kinds = {one.component.kind for one in registry().components()}
        hint = did_you_mean(kind, kinds)
        raise ConfigError(f"there is no kind {kind!r}{hint}{registry().elsewhere(hint)}", path="--kind")
    if search is not None:
        found = [one for one in found if search.lower() in f"{one.component.name} {one.component.summary}".lower()]
        if not found:
            raise ConfigError(f"no component mentions {search!r}{registry().elsewhere()}", path="--search")
    if as_json:
        put(json.dumps([_facts(one) for one in found], indent=2))
        return
    if kind is None and search is None:
        _print_names(found)
    else:
        print_lines([(one.component.name, one.component.summary) for one in found])
    print_left_out()


def _print_names(found: Sequence[Provided]) -> None:
    """Print the names of each kind, so that all that there is fits a screen."""
    by_kind: dict[str, list[str]] = {}
    for one in found:
        by_kind.setdefault(one.component.kind, []).append(one.component.name)
    for kind, names in by_kind.items():
        put(f"{kind}:")
        print_text(", ".join(names), indent=2)
    print_text("`a4eval components KIND` says what each is, `… NAME` all about one")


def describe(name: str, kind: str | None, *, as_json: bool) -> None:
    """Print all about the component *name* (of every kind that has one, or of *kind*).

    Raises:
        ConfigError: there is none.
        PluginError: it cannot be imported.
    """
    from a4eval.config.builder import parameters
    from a4eval.runs.record import plain

    bare = name.rpartition("/")[2]
    all_of_kind = registry().components(kind)
    found = [one for one in all_of_kind if name in (one.component.name, f"{one.plugin.name}/{one.component.name}")]
    if not found:
        hint = did_you_mean(bare, [one.component.name for one in all_of_kind])
        raise ConfigError(f"there is no {kind or 'component'} {name!r}{hint}{registry().elsewhere(hint)}")
    if as_json:
        described = [
            _facts(one) | {"parameters": [dataclasses.asdict(row) for row in parameters(one.load())]} for one in found
        ]
        put(json.dumps(plain(described), indent=2))
        return
    for one in found:
        component = one.component
        print_text(f"{component.kind} {one}: {component.summary}")
        put()
        print_prose(_plain(inspect.getdoc(one.load()) or ""))
        found_rows = parameters(one.load())
        if found_rows:
            rows = [
                [
                    row.name,
                    ", ".join(filter(None, [row.type, row.range])),
                    "required" if row.required else _default(row.default),
                    row.unit,
                ]
                for row in found_rows
            ]
            names = ["name", "type", "default", "unit"]
            print_table("parameters", names, rows, always=names, under=[_plain(row.help) for row in found_rows])
        for reference in component.references:
            print_text(f"reference: {reference}")


def _default(value: object) -> str:
    """Return a default as it is shown; those of a group of options follow it, each as a row."""
    return "as follows" if dataclasses.is_dataclass(value) else repr(value)


def _plain(text: str) -> str:
    """Return a docstring without the marks of reStructuredText.

    >>> _plain("as :func:`sum` does, for ``k=1``")
    'as `sum` does, for `k=1`'
    """
    return re.sub(r":\w+:(?=`)", "", text).replace("``", "`")


def _facts(one: Provided) -> dict[str, object]:
    component = one.component
    return {
        "kind": component.kind,
        "name": component.name,
        "plugin": one.plugin.name,
        "version": component.version,
        "summary": component.summary,
        "references": list(component.references),
    }
