"""From the name in a config to a class or function: a framework's own always, anybody else's if it was allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

from a4eval import import_named, require

Make: TypeAlias = Callable[[str, Any, str], Any]


@dataclass(frozen=True, slots=True)
class Home:
    """A module whose public names need no permission.

    Args:
        module: its name.
        requirement: what ``pip install`` takes to have it.
        accepts: says whether a thing of it is what is looked for; what else the module holds cannot be named.
    """

    module: str
    requirement: str
    accepts: Callable[[Any], bool]


def find(name: str, homes: Mapping[str, Home], path: str = "layer", *, what: str = "layer") -> Any:
    """Return the class or function *name*.

    Args:
        name: ``Conv2d``, ``functional.gelu`` (the part before the last dot being a key of *homes*), or
            ``package.module:Name``.
        homes: by prefix, the empty one included.
        path: where the name stands, for messages.
        what: what is looked for, for messages.

    Raises:
        ValueError: there is no such layer or metric.
        ConfigError: it is somebody else's code, and the command line did not allow it.
        MissingExtraError: the framework is not installed.
    """
    module, colon, thing = name.partition(":")
    if colon:
        home = next((one for one in homes.values() if one.module == module), None)
        if home is None:
            return import_named(name, path=path)
    else:
        prefix, _, thing = name.rpartition(".")
        home = homes.get(prefix)
        if home is None:
            known = "".join(f"{one}.name, " for one in homes if one)
            raise ValueError(f"{path}: got {name!r}, expected a name, {known}or package.module:Name")
    require(home.module.partition(".")[0], home.requirement)
    held = import_module(home.module)
    found = None if thing.startswith("_") else getattr(held, thing, None)
    if found is None or not home.accepts(found):
        near = _near(thing, [one for one in dir(held) if not one.startswith("_") and home.accepts(getattr(held, one))])
        raise ValueError(f"{path}: {home.module} has no {what} {thing!r}{near}")
    return found


def _near(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def made(node: Any, make: Make, path: str = "arguments") -> Any:
    """Return *node* with each ``{layer: …, arguments: …}`` in it replaced by that layer.

    Other mappings are refused: frameworks take some for descriptions of objects to import.

    Args:
        node: from a config.
        make: from name, arguments and path to a layer.
        path: where it stands.

    Raises:
        ValueError: there is another mapping in it.
    """
    if isinstance(node, list):
        return [made(one, make, f"{path}[{index}]") for index, one in enumerate(node)]
    if isinstance(node, Mapping):
        if "layer" not in node or set(node) - {"layer", "arguments"}:
            got = ", ".join(map(str, node))
            raise ValueError(f"{path}: got a mapping of {got}, expected a layer {{layer: …, arguments: …}}")
        return make(node["layer"], node.get("arguments", {}), path)
    return node


def arguments_of(node: Any, make: Make, path: str = "arguments") -> tuple[list[Any], dict[str, Any]]:
    """Return positional and keyword arguments: a list is the ones, a mapping the others; raises as :func:`made`."""
    if isinstance(node, list):
        return made(node, make, path), {}
    if not isinstance(node, Mapping):
        raise ValueError(f"{path}: got {node!r}, expected a mapping of names to values, or a list of them")  # noqa: TRY004  (a config's value)
    return [], {str(key): made(value, make, f"{path}.{key}") for key, value in node.items()}
