"""Environment variables in configs: only those that the command line allows, and only by name.

A config that says ``${oc.env:TOKEN}`` gets the text ``<env:TOKEN>`` instead of the value.
That text is what a record, a folder's name, ``sweep.json`` and a plan hold; the value is put in its place when a
component is built, in the process that runs it, and is taken out again of whatever that process writes or prints.
"""

from __future__ import annotations

import os
import re
from typing import Any

from a4eval.errors import ConfigError
from a4eval.permission import ENVIRONMENT

SHORTEST = 4
"""Values of fewer characters are not looked for in what is written: they would be found in every other word."""
_PLACE = re.compile(r"<env:([A-Za-z_][A-Za-z0-9_]*)>")
_NO_DEFAULT: Any = object()


def mention(name: str, default: Any = _NO_DEFAULT) -> Any:
    """Return what stands for the variable *name* in a config: what ``${oc.env:NAME}`` means to a4eval.

    Raises:
        ConfigError: it is not allowed, or not set and has no default.
    """
    if name not in ENVIRONMENT.allowed():
        raise ConfigError(f"asks for the environment variable {name!r}; allow it with --allow-env {name}")
    if name in os.environ:
        return f"<env:{name}>"
    if default is _NO_DEFAULT:
        raise ConfigError(f"the environment variable {name!r} is not set")
    return None if default is None else str(default)


def filled(node: Any) -> Any:
    """Return *node* with the values of the variables that it mentions.

    Raises:
        ConfigError: one of them is not allowed, or not set here.

    >>> filled({"k": [1, "no variable"]})
    {'k': [1, 'no variable']}
    """
    if isinstance(node, str):
        return _PLACE.sub(_value, node) if "<env:" in node else node
    if isinstance(node, dict):
        return {key: filled(value) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(value) for value in node]
    return node


def mentions(text: str) -> bool:
    """Say whether *text* mentions a variable.

    >>> mentions("<env:HOME>/data"), mentions("data")
    (True, False)
    """
    return bool(_PLACE.search(text))


def _value(found: re.Match[str]) -> str:
    name = found[1]
    if name not in ENVIRONMENT.allowed():
        raise ConfigError(f"{found[0]} stands for the environment variable {name!r}; allow it with --allow-env {name}")
    if name not in os.environ:
        raise ConfigError(f"{found[0]}: the environment variable {name!r} is not set")
    return os.environ[name]


def hidden(node: Any) -> Any:
    """Return *node* with the mention of a variable in place of its value, in every string and key of it."""
    values = _values()
    return _hidden(node, values) if values else node


def _values() -> list[tuple[str, str]]:
    """Return the values to hide and what stands for each, the longest first: one may lie within another."""
    known = {
        os.environ[name]: f"<env:{name}>" for name in ENVIRONMENT.allowed() if len(os.environ.get(name, "")) >= SHORTEST
    }
    return sorted(known.items(), key=lambda pair: -len(pair[0]))


def _hidden(node: Any, values: list[tuple[str, str]]) -> Any:
    if isinstance(node, str):
        for value, stand_in in values:
            node = node.replace(value, stand_in)
        return node
    if isinstance(node, dict):
        return {_hidden(key, values): _hidden(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [_hidden(value, values) for value in node]
    return node
