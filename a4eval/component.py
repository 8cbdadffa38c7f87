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

from a4eval.ranges import ANY, Range

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
    range: Range = ANY


def param(
    default: Any = dataclasses.MISSING,
    *,
    help: str,  # noqa: A002  (the word that the command line uses)
    unit: str = "",
    kind: str = "",
    default_factory: Callable[[], Any] | Any = dataclasses.MISSING,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> Any:
    """Declare a parameter of a component: a dataclass field with help, unit and, for a nested component, its kind.

    Args:
        default: the default, a list or dict copied for each component; without one the parameter is required.
        help: one sentence for ``a4eval components NAME``.
        unit: ``"pixels"``, ``"steps"``; empty for a plain number or a name.
        kind: the field holds a component of this kind (or a list or dict of them).
            A config then gives ``{name: …}`` or just the name; the built object arrives in the field.
        default_factory: as in :func:`dataclasses.field`.
        minimum: the least that a config may give, as a number or within a list or mapping.
        maximum: the greatest.
        above: what it must be greater than.
        below: what it must be less than; infinity for any finite number.

    What a config gives is checked before the component is made, and what is wrong with any parameter is told at once;
    for those made in Python ``__post_init__`` calls :func:`check_ranges`.

    >>> @dataclass
    ... class Shift:
    ...     pixels: float = param(1.0, help="how far", unit="pixels", minimum=0)
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
    info = ParameterInfo(help, unit, kind, Range(minimum, maximum, above, below))
    return dataclasses.field(metadata={_META: info}, **keywords)


def parameter_info(field: dataclasses.Field[Any]) -> ParameterInfo:
    """Return what :func:`param` said of *field* (empty for a plain dataclass field)."""
    info: ParameterInfo = field.metadata.get(_META, ParameterInfo(""))
    return info


def check_ranges(component: Any) -> None:
    """Check the numbers among a component's parameters against what :func:`param` allows, for its ``__post_init__``.

    Raises:
        ValueError: some are not allowed; the text names each.

    >>> @dataclass
    ... class Window:
    ...     steps: int = param(8, help="how long", minimum=1)
    ...     taper: float = param(0.5, help="how much of it fades", minimum=0, below=1)
    ...     def __post_init__(self):
    ...         check_ranges(self)
    >>> Window(0, 1.0)
    Traceback (most recent call last):
    ValueError: steps: got 0, expected at least 1; taper: got 1.0, expected at least 0 and below 1
    """
    wrong = [
        f"{path}: {problem}"
        for field in dataclasses.fields(component)
        for path, problem in parameter_info(field).range.outside(getattr(component, field.name), field.name)
    ]
    if wrong:
        raise ValueError("; ".join(wrong))
