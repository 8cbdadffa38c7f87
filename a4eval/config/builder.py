"""Check config nodes against the dataclasses of their components, and build the components."""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from typing_extensions import get_protocol_members

from a4eval.component import ParameterInfo, parameter_info
from a4eval.contracts import KINDS, lacking
from a4eval.conversion import convert, show, type_name
from a4eval.errors import A4evalError, ConfigError, PluginError, did_you_mean, each, text_of, together, told
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
    range: str


def parameters(factory: Any, prefix: str = "") -> list[Parameter]:
    """List the parameters of a component's dataclass; those of a group of options follow as ``group.name``."""
    hints = hints_of(factory)
    listed = []
    for field in fields_of(factory):
        name, hint, info, default = f"{prefix}{field.name}", hints[field.name], parameter_info(field), default_of(field)
        required = default is dataclasses.MISSING
        group = group_of(hint)
        shown = f"{info.kind} node" if info.kind else "options" if group else type_name(hint)
        words = (info.help, info.unit, info.kind, str(info.range))
        listed.append(Parameter(name, shown, None if required else default, required, *words))
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
        if isinstance(node, str):
            node = {"name": node}
        if not isinstance(node, Mapping):
            raise ConfigError(f"got {show(node)}, expected a {kind}: its name, or {{name: …}}", path=path)
        name = node.get("name", "???")
        if not isinstance(name, str) or name == "???":  # OmegaConf's mark for "must be given"
            known = ", ".join(one.component.name for one in self._registry.components(kind))
            which = f"One of {known}" if known else f"None is known{self._registry.elsewhere()}"
            raise ConfigError(f"is missing: which {kind}? {which}", path=f"{path}.name")
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
        fields = {field.name: field for field in fields_of(factory)}
        problems = []
        for key in node:
            if key not in fields:
                hint = did_you_mean(str(key), fields) if fields else "; it takes no parameters"
                problems.append(ConfigError(f"unknown key{hint}", path=f"{path}.{key}"))
        hints = hints_of(factory)
        arguments = {}
        for key, field in fields.items():
            value = node.get(key, dataclasses.MISSING)
            info = parameter_info(field)
            if value is dataclasses.MISSING:
                value = default_of(field)
                if value is not dataclasses.MISSING and not info.kind:
                    continue  # the dataclass has it
            try:
                arguments[key] = self._field(info, hints[key], value, f"{path}.{key}")
            except ConfigError as error:
                problems.append(error)
            else:
                outside = info.range.outside(arguments[key], f"{path}.{key}")
                problems += [ConfigError(problem, path=where) for where, problem in outside]
        if problems:
            raise together(problems)
        try:
            return factory(**arguments)
        except (ConfigError, ValueError, TypeError) as error:
            found = each(error) if isinstance(error, ConfigError) else (error,)
            raise together(_placed(one, fields, path) for one in found) from error

    def _field(self, info: ParameterInfo, hint: Any, value: Any, path: str) -> Any:
        if value is dataclasses.MISSING or (isinstance(value, str) and value == "???"):
            none = f"; no {info.kind} is known{self._registry.elsewhere()}"
            lost = none if info.kind and not self._registry.components(info.kind) else ""
            raise ConfigError(f"is missing; set {path}=… ({info.help or type_name(hint)}){lost}", path=path)
        if info.kind and not (isinstance(value, str) and str in get_args(hint)):
            return self._nested(info.kind, hint, value, path)
        group = group_of(hint)
        if group is None or (value is None and hint is not group):
            return convert(value, hint, path)
        return self.options(group, value, path)

    def options(self, group: Any, value: Any, path: str) -> Any:
        """Make a group of options, a dataclass.

        Raises:
            ConfigError: *value* is no mapping of its fields.
        """
        if not isinstance(value, Mapping):
            keys = ", ".join(field.name for field in fields_of(group))
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
            return dict(self._all(kind, {str(label): (f"{path}.{label}", node) for label, node in value.items()}))
        if get_origin(shape) is list:
            if not isinstance(value, list):
                raise ConfigError(f"got {show(value)}, expected a list of {kind}s", path=path)
            numbered = {index: (f"{path}[{index}]", node) for index, node in enumerate(value)}
            return [component for _, component in self._all(kind, numbered)]
        return self.build(kind, value, path)

    def _all(self, kind: str, nodes: Mapping[Any, tuple[str, Any]]) -> list[tuple[Any, Any]]:
        """Build the components of a list or dict; what is wrong with them is said together."""
        built, problems = [], []
        for key, (path, node) in nodes.items():
            try:
                built.append((key, self.build(kind, node, path)))
            except ConfigError as error:
                problems.append(error)
        if problems:
            raise together(problems)
        return built


_OF_A_FIELD = re.compile(r"(\w+)((?:\.[\w-]+|\[\d+\])*): ")


def _placed(error: Exception, fields: Mapping[str, Any], path: str) -> ConfigError:
    """Return an error of a component at the path of the field that its text begins with, else at the component's.

    Args:
        error: such as ``c: got 3, expected less than 2``; a config error may have its whole path already.
        fields: the component's.
        path: where its node stands.
    """
    if isinstance(error, ConfigError) and f"{error.path}.".replace("[", ".").startswith(f"{path}."):
        return error
    text = text_of(error)
    found = _OF_A_FIELD.match(text)
    if found and found[1] in fields:
        return ConfigError(text[found.end() :], path=f"{path}.{found[1]}{found[2]}")
    return ConfigError(text, path=path)


@cache  # a sweep builds the same components ten thousand times
def hints_of(factory: Any) -> dict[str, Any]:
    """Return the types of a dataclass's fields."""
    return get_type_hints(factory)


@cache
def fields_of(factory: Any) -> tuple[dataclasses.Field[Any], ...]:
    """Return the fields of a dataclass that a config may give."""
    return tuple(field for field in dataclasses.fields(factory) if field.init)


def group_of(hint: Any) -> Any:
    """Return the dataclass behind a field that is a group of options (or None), else None."""
    choices = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return next((one for one in choices if dataclasses.is_dataclass(one)), None)


def default_of(field: dataclasses.Field[Any]) -> Any:
    """Return a field's default, made anew; ``MISSING`` if it has none."""
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
