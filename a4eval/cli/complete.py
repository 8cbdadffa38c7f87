"""What may follow what was typed: experiments, components and keys, for the completion of shells.

It reads names alone, no plugin's code beyond its list of components: it must answer before anyone waits.
A shell puts what it is offered on the command line as it is, so nothing is offered that means more than its letters.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import click

SWEPT_UNDER = {"data": "reader", "metrics": "metric"}
"""Keys whose components are of a kind of another name."""
_PLAIN = re.compile(r"[\w./+-]+=?")
"""A name that is the same to every shell: one in a config that somebody sent may hold ``$(…)``."""


def experiments(context: click.Context, _parameter: object, incomplete: str) -> list[CompletionItem]:
    """Complete the name of an experiment."""
    return _items(_experiments(context), incomplete)


def components(_context: object, _parameter: object, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a component, or of a kind."""
    from a4eval.registry import registry

    found = registry().components()
    return _items({name for one in found for name in (one.component.name, one.component.kind)}, incomplete)


def overrides(context: click.Context, _parameter: object, incomplete: str) -> list[CompletionItem]:
    """Complete an override: a key, or the value of one that names an experiment or a component."""
    typed = list(context.params.get("overrides") or ())
    if typed and incomplete == "=":  # bash takes a word apart at its equals sign
        return _items(_values(context, typed[-1]), "")
    if len(typed) > 1 and typed[-1] == "=":
        return _items(_values(context, typed[-2]), incomplete)
    key, sign, begun = incomplete.partition("=")
    if sign:
        return [CompletionItem(f"{key}={one.value}") for one in _items(_values(context, key), begun)]
    return _items({f"{one}=" for one in _keys(context, typed)}, incomplete)


def _items(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete) and _PLAIN.fullmatch(name)]


def _experiments(context: click.Context) -> list[str]:
    from a4eval.config.presets import files

    return list(files(_config_dir(context)))


def _config_dir(context: click.Context) -> Path | None:
    given = context.params.get("config_dir")
    return Path(given) if given and Path(given).is_dir() else None


def _values(context: click.Context, key: str) -> Iterator[str]:
    from a4eval.registry import registry

    steps = key.lstrip("+~").removesuffix(".name").split(".")
    if steps == ["experiment"]:
        yield from _experiments(context)
        return
    kind = SWEPT_UNDER.get(steps[-1]) or (SWEPT_UNDER.get(steps[-2]) if len(steps) > 1 else None) or steps[-1]
    yield from (one.component.name for one in registry().components(kind))


def _keys(context: click.Context, typed: Sequence[str]) -> Iterator[str]:
    """Yield the keys of the root, and those of the task in the file of the experiment that was chosen."""
    from a4eval.config.presets import files

    root = _content(_core_configs() / "config.yaml")
    yield from ("experiment", "executor", "task.name", "hydra.run.dir", "hydra.sweep.dir")
    yield from (key for key in root if key not in ("defaults", "hydra", "task"))
    text = "".join(typed if "=" in typed else [f"{one} " for one in typed])
    chosen = text.partition("experiment=")[2].split(" ")[0]
    file = files(_config_dir(context)).get(chosen)
    yield from _paths("task", _content(file).get("task")) if file else ()


def _core_configs() -> Path:
    from a4eval.plugins import GROUP
    from a4eval.registry import registry

    return next(folder for one in registry().plugins if one.name == GROUP for folder in one.config_folders())


def _content(file: Path) -> dict[str, Any]:
    """Return what stands in a file of an experiment; nothing where it cannot be read, which a run will say."""
    import yaml

    from a4eval.config.yaml_file import load
    from a4eval.errors import A4evalError

    try:
        content = load(file)
    except (A4evalError, yaml.YAMLError, ValueError, OSError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _paths(path: str, node: Any) -> Iterator[str]:
    for key, value in node.items() if isinstance(node, dict) else ():
        yield f"{path}.{key}"
        yield from _paths(f"{path}.{key}", value)
