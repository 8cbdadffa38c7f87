"""Find the installed plugins, each isolated from the others.

Every plugin gets a ``pluggy.PluginManager`` of its own: whatever it does wrong, on import, on registration or
in a hook, is its own and cannot lose another plugin's answer.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any

import pluggy

from a4eval import hookspecs
from a4eval.component import Component
from a4eval.errors import PluginError, did_you_mean, told

GROUP = "a4eval"
HOOKS = tuple(sorted(name for name in vars(hookspecs) if name.startswith("a4eval_")))


@dataclass(slots=True)
class Plugin:
    """An entry point in the group ``a4eval`` and what became of it.

    Args:
        state: ``active``, ``disabled`` (by ``A4EVAL_DISABLE``) or ``broken``.
        reason: why it is broken, in one line.
    """

    name: str
    distribution: str
    version: str
    state: str = "disabled"
    reason: str = ""
    components: list[Component] = field(default_factory=list)
    config_packages: list[str] = field(default_factory=list)
    manager: pluggy.PluginManager | None = None

    def call(self, hook: str, **arguments: Any) -> list[Any]:
        """Call one hook of this plugin alone; an empty list if it does not implement it."""
        if self.manager is None:
            return []
        answers: list[Any] = getattr(self.manager.hook, hook)(**arguments)
        return answers


def discover() -> list[Plugin]:
    """Load every plugin, in the order of their names.

    ``A4EVAL_DISABLE=a,b`` names plugins to leave alone: they are not imported.
    """
    disabled = {name.strip() for name in os.environ.get("A4EVAL_DISABLE", "").split(",")}
    plugins: list[Plugin] = []
    for entry in sorted(entry_points(group=GROUP), key=_order):
        distribution = entry.dist.name if entry.dist else "unknown"
        plugin = Plugin(entry.name, distribution, entry.dist.version if entry.dist else "unknown")
        twin = next((other for other in plugins if other.name == entry.name), None)
        plugins.append(plugin)
        if entry.name in disabled:
            continue
        try:
            if twin is not None:
                message = f"its name is taken by the plugin of {twin.distribution} {twin.version}"
                raise PluginError(message)
            _load(plugin, entry)
            plugin.state = "active"
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  (a stranger's code: whatever it raises, it is its own)
            plugin.state, plugin.manager = "broken", None
            plugin.components, plugin.config_packages = [], []
            plugin.reason = str(error) if isinstance(error, PluginError) else told(error)
            plugin.reason = " ".join(plugin.reason.split())
    return plugins


def _order(entry: EntryPoint) -> tuple[str, str]:
    return entry.name, entry.dist.name if entry.dist else ""


def _load(plugin: Plugin, entry: EntryPoint) -> None:
    """Import, check and question one plugin; any exception means that it is broken."""
    module = entry.load()
    wanted = getattr(module, "A4EVAL_API", None)
    if wanted != hookspecs.API_VERSION:
        stated = "states no A4EVAL_API" if wanted is None else f"is written for API {wanted!r}"
        message = f"{entry.value} {stated}; this a4eval has API {hookspecs.API_VERSION}"
        raise PluginError(message)
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    _check_names(module, entry.value)
    manager.register(module, name=plugin.name)
    plugin.manager = manager
    plugin.components = _components(plugin)
    for packages in plugin.call("a4eval_config_packages"):
        plugin.config_packages += packages
    for package in plugin.config_packages:
        if find_spec(package) is None:
            message = f"its config package {package!r} cannot be found"
            raise PluginError(message)


def _check_names(module: Any, where: str) -> None:
    """Refuse a misspelt hook, and a hook without its marker: pluggy would pass over both in silence."""
    for name, value in vars(module).items():
        marker = getattr(value, "a4eval_impl", None)
        looks_like_hook = callable(value) and name.startswith("a4eval_")
        if marker is None and not looks_like_hook:
            continue
        if name not in HOOKS and not (marker or {}).get("optionalhook"):
            message = f"{where} implements an unknown hook {name!r}{did_you_mean(name, HOOKS)}"
            raise PluginError(message)
        if marker is None:
            message = f"{where}:{name} lacks the decorator @a4eval.hookimpl"
            raise PluginError(message)


def _components(plugin: Plugin) -> list[Component]:
    components: list[Component] = []
    seen: set[tuple[str, str]] = set()
    for answer in plugin.call("a4eval_components"):
        for component in answer:
            if not isinstance(component, Component):
                message = f"a4eval_components() must return a4eval.Component objects, got {component!r}"
                raise PluginError(message)
            if (component.kind, component.name) in seen:
                message = f"it brings the {component.kind} {component.name!r} twice"
                raise PluginError(message)
            seen.add((component.kind, component.name))
            components.append(component)
    return components
