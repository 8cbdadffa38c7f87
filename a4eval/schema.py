"""Check config nodes against the dataclasses of their components, and build the components."""

from __future__ import annotations

import dataclasses
import inspect
import types
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from a4eval.component import parameter_info
from a4eval.errors import A4evalError, ConfigError, did_you_mean

if TYPE_CHECKING:
    from a4eval.registry import Provided, Registry

_MISSING = ("???", dataclasses.MISSING)  # OmegaConf's mark for "must be given", and no value at all


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a component, as ``a4eval components NAME`` shows it."""

    name: str
    type: str
    default: Any
    required: bool
    help: str
    unit: str
    kind: str


def parameters(factory: Any) -> list[Parameter]:
    """List the parameters of a component's dataclass."""
    hints = _hints(factory)
    listed = []
    for field in _fields(factory):
        info = parameter_info(field)
        default = _default(field)
        required = default is dataclasses.MISSING
        shown = f"{info.kind} node" if info.kind else type_name(hints[field.name])
        listed.append(
            Parameter(field.name, shown, None if required else default, required, info.help, info.unit, info.kind)
        )
    return listed


class Builder:
    """Builds components from config nodes and remembers which it used."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.used: dict[tuple[str, str], Provided] = {}

    def build(self, kind: str, node: Any, path: str) -> Any:
        """Build one component, and those nested in it.

        Raises:
            ConfigError: the node is wrong.
        """
        if isinstance(node, str) and node != "???":
            node = {"name": node}
        if not isinstance(node, Mapping):
            raise ConfigError(f"got {_show(node)}, expected a {kind}: its name, or {{name: …}}", path=path)
        name = node.get("name", "???")
        if not isinstance(name, str) or name == "???":
            known = ", ".join(one.component.name for one in self._registry.components(kind))
            raise ConfigError(f"is missing: which {kind}? One of {known}", path=f"{path}.name")
        provided = self._registry.find(kind, name, path=f"{path}.name")
        factory = provided.load()
        arguments = self._arguments(factory, node, path)
        try:
            component = factory(**arguments)
        except (ValueError, TypeError) as error:
            raise ConfigError(str(error), path=path) from error
        self.used[kind, name] = provided
        return component

    def _arguments(self, factory: Any, node: Mapping[str, Any], path: str) -> dict[str, Any]:
        fields = {field.name: field for field in _fields(factory)}
        for key in node:
            if key != "name" and key not in fields:
                hint = did_you_mean(str(key), fields) if fields else "; it takes no parameters"
                raise ConfigError(f"unknown key{hint}", path=f"{path}.{key}")
        hints = _hints(factory)
        arguments = {}
        for key, field in fields.items():
            value = node.get(key, dataclasses.MISSING)
            where = f"{path}.{key}"
            info = parameter_info(field)
            if value is dataclasses.MISSING and info.kind:
                value = _default(field)
            elif value is dataclasses.MISSING and _default(field) is not dataclasses.MISSING:
                continue
            if value in _MISSING if isinstance(value, str) else value is dataclasses.MISSING:
                message = f"is missing; set {where}=… ({info.help or type_name(hints[key])})"
                raise ConfigError(message, path=where)
            arguments[key] = (
                self._nested(info.kind, hints[key], value, where) if info.kind else convert(value, hints[key], where)
            )
        return arguments

    def _nested(self, kind: str, hint: Any, value: Any, path: str) -> Any:
        """Build a field that holds a component, or a list or dict of them."""
        shape = hint
        if get_origin(hint) in (Union, types.UnionType):
            if value is None:
                return None
            shape = next(one for one in get_args(hint) if one is not type(None))
        if get_origin(shape) is dict:
            if not isinstance(value, Mapping):
                raise ConfigError(f"got {_show(value)}, expected a mapping of labels to {kind}s", path=path)
            return {str(label): self.build(kind, node, f"{path}.{label}") for label, node in value.items()}
        if get_origin(shape) is list:
            if not isinstance(value, list):
                raise ConfigError(f"got {_show(value)}, expected a list of {kind}s", path=path)
            return [self.build(kind, node, f"{path}[{index}]") for index, node in enumerate(value)]
        return self.build(kind, value, path)


def convert(value: Any, hint: Any, path: str) -> Any:
    """Check *value* against the type *hint*; an int becomes a float where a float is wanted, nothing else is bent.

    Raises:
        ConfigError: it does not fit; the text says got and expected.

    >>> convert("five", int, "task.k")
    Traceback (most recent call last):
    a4eval.errors.ConfigError: task.k: got 'five', expected int
    """
    try:
        return msgspec.convert(value, hint, dec_hook=_decode)
    except msgspec.ValidationError as error:
        inner = str(error).partition(" - at `$")[2].rstrip("`")
        expected = type_name(hint)
        choices = [str(one) for one in _literals(hint)]
        nearest = did_you_mean(value, choices) if isinstance(value, str) and choices else ""
        nearest = nearest if "did you mean" in nearest else ""
        detail = f" (at {inner.lstrip('.')})" if inner else ""
        raise ConfigError(f"got {_show(value)}, expected {expected}{detail}{nearest}", path=path) from error
    except (ValueError, TypeError) as error:
        if isinstance(error, A4evalError):
            raise
        raise ConfigError(str(error), path=path) from error


def type_name(hint: Any) -> str:
    """Return a type as people write it.

    >>> type_name(list[Path] | None)
    'list[Path] | None'
    >>> type_name(Literal["auto", 1])
    "'auto' | 1"
    """
    if get_origin(hint) in (Union, types.UnionType):
        return " | ".join(type_name(one) for one in get_args(hint))
    if get_origin(hint) is Literal:
        return " | ".join(repr(one) for one in get_args(hint))
    if hint is types.NoneType:
        return "None"
    return inspect.formatannotation(hint).replace("typing.", "").replace("pathlib.", "")


def _decode(hint: type[Any], value: Any) -> Any:
    if hint is Path and isinstance(value, str):
        return Path(value)
    raise msgspec.ValidationError(f"Expected `{hint}`")


@cache  # a sweep builds the same components ten thousand times
def _hints(factory: Any) -> dict[str, Any]:
    return get_type_hints(factory)


@cache
def _fields(factory: Any) -> tuple[dataclasses.Field[Any], ...]:
    return tuple(field for field in dataclasses.fields(factory) if field.init)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _literals(hint: Any) -> list[Any]:
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [choice for inner in get_args(hint) for choice in _literals(inner)]


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
