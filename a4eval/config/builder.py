"""Check config nodes against the dataclasses of their components, and build the components."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from typing_extensions import get_protocol_members

from a4eval.component import parameter_info
from a4eval.contracts import KINDS, lacking
from a4eval.conversion import convert, show, type_name
from a4eval.errors import A4evalError, ConfigError, PluginError, did_you_mean, text_of, told
from a4eval.registry import registry

if TYPE_CHECKING:
    from a4eval.registry import Provided, Registry


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


def parameters(factory: Any, prefix: str = "") -> list[Parameter]:
    """List the parameters of a component's dataclass; those of a group of options follow as ``group.name``."""
    hints = _hints(factory)
    listed = []
    for field in _fields(factory):
        name, hint, info, default = f"{prefix}{field.name}", hints[field.name], parameter_info(field), _default(field)
        required = default is dataclasses.MISSING
        group = _group(hint)
        shown = f"{info.kind} node" if info.kind else "options" if group else type_name(hint)
        listed.append(Parameter(name, shown, None if required else default, required, info.help, info.unit, info.kind))
        if group:
            listed += parameters(group, f"{name}.")
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
        if isinstance(node, str) and node != "???":  # OmegaConf's mark for "must be given"
            node = {"name": node}
        if not isinstance(node, Mapping):
            raise ConfigError(f"got {show(node)}, expected a {kind}: its name, or {{name: …}}", path=path)
        name = node.get("name", "???")
        if not isinstance(name, str) or name == "???":
            known = ", ".join(one.component.name for one in self._registry.components(kind))
            raise ConfigError(f"is missing: which {kind}? One of {known}", path=f"{path}.name")
        provided = self._registry.find(kind, name, path=f"{path}.name")
        try:
            component = self._make(provided.load(), {key: node[key] for key in node if key != "name"}, path)
        except A4evalError:
            raise
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a stranger's code
            message = f"{path}: {kind} {name!r} of {provided.plugin.name!r} cannot be built: {told(error)}"
            raise PluginError(message) from error
        protocol = KINDS.get(kind)
        if protocol is not None and (missing := lacking(protocol, component)):
            raise PluginError(
                f"{path}: {kind} {name!r} of plugin {provided.plugin.name!r} lacks {', '.join(missing)}; "
                f"a {kind} has {', '.join(sorted(get_protocol_members(protocol)))}"
            )
        self.used[kind, name] = provided
        return component

    def _make(self, factory: Any, node: Mapping[str, Any], path: str) -> Any:
        """Check a node against a dataclass and make one."""
        fields = {field.name: field for field in _fields(factory)}
        for key in node:
            if key not in fields:
                hint = did_you_mean(str(key), fields) if fields else "; it takes no parameters"
                raise ConfigError(f"unknown key{hint}", path=f"{path}.{key}")
        hints = _hints(factory)
        arguments = {}
        for key, field in fields.items():
            hint, info, where = hints[key], parameter_info(field), f"{path}.{key}"
            value = node.get(key, dataclasses.MISSING)
            if value is dataclasses.MISSING:
                value = _default(field)
                if value is not dataclasses.MISSING and not info.kind:
                    continue  # the dataclass has it
            if value is dataclasses.MISSING or (isinstance(value, str) and value == "???"):
                raise ConfigError(f"is missing; set {where}=… ({info.help or type_name(hint)})", path=where)
            arguments[key] = self._field(info.kind, hint, value, where)
        try:
            return factory(**arguments)
        except (ValueError, TypeError) as error:
            raise ConfigError(text_of(error), path=path) from error

    def _field(self, kind: str, hint: Any, value: Any, path: str) -> Any:
        if kind and not (isinstance(value, str) and str in get_args(hint)):
            return self._nested(kind, hint, value, path)
        group = _group(hint)
        if group is None or (value is None and hint is not group):
            return convert(value, hint, path)
        return self.options(group, value, path)

    def options(self, group: Any, value: Any, path: str) -> Any:
        """Make a group of options, a dataclass.

        Raises:
            ConfigError: *value* is no mapping of its fields.
        """
        if not isinstance(value, Mapping):
            keys = ", ".join(field.name for field in _fields(group))
            raise ConfigError(f"got {show(value)}, expected a mapping with {keys}", path=path)
        return self._make(group, value, path)

    def _nested(self, kind: str, hint: Any, value: Any, path: str) -> Any:
        """Build a field that holds a component, or a list or dict of them."""
        shape = hint
        if get_origin(hint) in (Union, types.UnionType):
            if value is None:
                return None
            shape = next(one for one in get_args(hint) if one is not type(None))
        if get_origin(shape) is dict:
            if not isinstance(value, Mapping):
                raise ConfigError(f"got {show(value)}, expected a mapping of labels to {kind}s", path=path)
            return {str(label): self.build(kind, node, f"{path}.{label}") for label, node in value.items()}
        if get_origin(shape) is list:
            if not isinstance(value, list):
                raise ConfigError(f"got {show(value)}, expected a list of {kind}s", path=path)
            return [self.build(kind, node, f"{path}[{index}]") for index, node in enumerate(value)]
        return self.build(kind, value, path)


@cache  # a sweep builds the same components ten thousand times
def _hints(factory: Any) -> dict[str, Any]:
    return get_type_hints(factory)


@cache
def _fields(factory: Any) -> tuple[dataclasses.Field[Any], ...]:
    return tuple(field for field in dataclasses.fields(factory) if field.init)


def _group(hint: Any) -> Any:
    """Return the dataclass behind a field that is a group of options (or None), else None."""
    choices = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return next((one for one in choices if dataclasses.is_dataclass(one)), None)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def build(kind: str, node: Any, *, path: str = "") -> Any:
    """Build a component from its config node.

    Args:
        kind: such as ``"similarity"``.
        node: its name, or a mapping with ``name`` and parameters.
        path: where the node stands in the config, for error messages.

    Raises:
        ConfigError: unknown name or key, wrong type or missing value; the text holds the full path.

    >>> build("task", {"name": "evaluat"})
    Traceback (most recent call last):
    a4eval.errors.ConfigError: task.name: no task 'evaluat'; did you mean 'evaluate' (a4eval 0.1.0)?
    """
    return Builder(registry()).build(kind, node, path or kind)


def build_options(options: Any, node: Any, *, path: str) -> Any:
    """Make a group of options, a dataclass, from a mapping that is checked as a config's is.

    Args:
        options: the dataclass.
        node: the mapping.
        path: where it stands, such as a file, for error messages.

    Raises:
        ConfigError: unknown key, wrong type or value; the text holds the full path.
    """
    return Builder(registry()).options(options, node, path)
