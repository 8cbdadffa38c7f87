"""A component: a named thing that a plugin brings, and the declaration of its parameters.

A component's factory is a dataclass.
Its fields are its parameters: type, default, help and unit are said once, there, and serve the config check,
``a4eval components`` and the documentation alike.
"""

from __future__ import annotations

import dataclasses
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_META = "a4eval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One named thing a plugin contributes.

    Args:
        kind: ``task``, ``metric``, ``layer``, ``reader``, ``executor``, or a kind the plugin adds.
        name: how a config asks for it: ``{name: average_precision, …}``.
        factory: a dataclass, or ``"package.module:ClassName"`` so that listing it imports nothing.
        summary: one line for ``a4eval components``.
        version: raise it when the same parameters give other numbers; it is part of a run's identity.
        references: papers or reference implementations the numbers can be held against.
    """

    kind: str
    name: str
    factory: type[Any] | str
    summary: str = ""
    version: int = 1
    references: tuple[str, ...] = ()

    def load(self) -> type[Any]:
        """Import and return the dataclass behind this component.

        Raises:
            ImportError, AttributeError: the factory cannot be imported.
            TypeError: it is not a dataclass.
        """
        factory = self.factory
        if isinstance(factory, str):
            module, _, attribute = factory.partition(":")
            factory = getattr(import_module(module), attribute)
        if not (isinstance(factory, type) and dataclasses.is_dataclass(factory)):
            message = f"the factory of {self.kind} {self.name!r} must be a dataclass, got {factory!r}"
            raise TypeError(message)
        return factory


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """What :func:`param` attaches to a dataclass field."""

    help: str
    unit: str = ""
    kind: str = ""


def param(
    default: Any = dataclasses.MISSING,
    *,
    help: str,  # noqa: A002  (the word that the command line uses)
    unit: str = "",
    kind: str = "",
    default_factory: Callable[[], Any] | Any = dataclasses.MISSING,
) -> Any:
    """Declare a parameter of a component: a dataclass field with help, unit and, for a nested component, its kind.

    Args:
        default: the default, a list or dict copied for each component; without one the parameter is required.
        help: one sentence for ``a4eval components NAME``.
        unit: ``"pixels"``, ``"steps"``; empty for a plain number or a name.
        kind: the field holds a component of this kind (or a list or dict of them).
            A config then gives ``{name: …}`` or just the name; the built object arrives in the field.
        default_factory: as in :func:`dataclasses.field`.

    >>> @dataclass
    ... class Shift:
    ...     pixels: float = param(1.0, help="how far", unit="pixels")
    >>> Shift().pixels
    1.0
    """
    keywords: dict[str, Any] = {}
    if isinstance(default, (list, dict)):
        keywords["default_factory"] = partial(deepcopy, default)
    elif default is not dataclasses.MISSING:
        keywords["default"] = default
    if default_factory is not dataclasses.MISSING:
        keywords["default_factory"] = default_factory
    return dataclasses.field(metadata={_META: ParameterInfo(help, unit, kind)}, **keywords)


def parameter_info(field: dataclasses.Field[Any]) -> ParameterInfo:
    """Return what :func:`param` said of *field* (empty for a plain dataclass field)."""
    info: ParameterInfo = field.metadata.get(_META, ParameterInfo(""))
    return info
