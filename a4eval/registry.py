"""Components by kind and name, and the building of them from config nodes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from typing import TYPE_CHECKING, Any

from a4eval.component import Component
from a4eval.errors import ConfigError, PluginError, did_you_mean, told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from a4eval.plugins import Plugin  # noqa: TC004  (Provided is no component: its types are never read)


@dataclass(frozen=True, slots=True)
class Provided:
    """A component together with the plugin that brings it."""

    component: Component
    plugin: Plugin

    def __str__(self) -> str:
        return f"{self.component.name} ({self.plugin.distribution} {self.plugin.version})"

    def load(self) -> type[Any]:
        """Import the dataclass behind it.

        Raises:
            PluginError: that fails; the text names the plugin, and file and line of its own code.
        """
        try:
            return self.component.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a stranger's code
            from a4eval.plugins import own_line  # here: as discover below

            kind, name = self.component.kind, self.component.name
            message = f"{kind} {name!r} of plugin {self.plugin.name!r} cannot be loaded: {told(error)}"
            factory = self.component.factory
            where = own_line(error, factory.partition(":")[0] if isinstance(factory, str) else factory.__module__)
            raise PluginError(f"{message} (in {where})" if where else message) from error


EXTRA = "plugins"
"""The extra of the core that brings the plugins which are made with it."""


@cache
def _first_party() -> list[str]:
    try:
        wanted = requires("a4eval") or []
    except PackageNotFoundError:
        return []
    return [
        one.partition(";")[0].strip() for one in wanted if one.endswith((f"extra == '{EXTRA}'", f'extra == "{EXTRA}"'))
    ]


class Registry:
    """All components of the active plugins."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self.plugins = plugins
        self._by_name: dict[tuple[str, str], list[Provided]] = {}
        for plugin in plugins:
            for component in plugin.components:
                self._by_name.setdefault((component.kind, component.name), []).append(Provided(component, plugin))

    @property
    def broken(self) -> list[Plugin]:
        """The plugins that failed to load."""
        return [plugin for plugin in self.plugins if plugin.state == "broken"]

    @property
    def doubts(self) -> list[str]:
        """What is odd about the plugins though nothing is broken, a line each."""
        from a4eval.doubts import doubts  # here: as discover below

        return list(doubts(self.plugins))

    def components(self, kind: str | None = None) -> list[Provided]:
        """List the components, of one kind or all, by kind and name."""
        keys = sorted(key for key in self._by_name if kind in (None, key[0]))
        return [provided for key in keys for provided in self._by_name[key]]

    def described(self, kind: str, component: object) -> str:
        """Return how an error calls a built component: its kind, name and plugin; its class where none brings it."""
        made = type(component)
        for one in self.components(kind):
            factory = one.component.factory
            if isinstance(factory, str):
                module, _, attribute = factory.partition(":")
                factory = vars(sys.modules.get(module, sys)).get(attribute, "")
            if factory is made:
                return f"{kind} {one.component.name!r} of plugin {one.plugin.name!r}"
        return f"{kind} {made.__qualname__}"

    def tell(self, hook: str, arguments: Callable[[], dict[str, Any]]) -> list[str]:
        """Call a hook that returns nothing in every plugin; return a line for each that failed to listen.

        Args:
            hook: its name.
            arguments: makes them anew for each listener, so that none can change another's; not called for nobody.
        """
        doubts = []
        for plugin in self.plugins:
            if plugin.manager is None or not getattr(plugin.manager.hook, hook).get_hookimpls():
                continue
            try:
                plugin.call(hook, **arguments())
            except BaseException as error:  # noqa: BLE001  (a stranger's hook must not change what has finished)
                doubts.append(f"plugin {plugin.name!r}: {hook} failed: {told(error)}")
        return doubts

    @property
    def left_out(self) -> str:
        """What an error says of a name that may be that of a plugin which is disabled; empty if none is."""
        disabled = [plugin.name for plugin in self.plugins if plugin.state == "disabled"]
        return f" (left out, as A4EVAL_DISABLE says: {', '.join(disabled)})" if disabled else ""

    def elsewhere(self, hint: str = "") -> str:
        """Return what an error says of a name that may be that of a plugin which is disabled, or not installed.

        Args:
            hint: what is known instead; where a name is near, what is not installed is not thought of.
        """
        ours, installed = _first_party(), {plugin.distribution for plugin in self.plugins}
        missing = [name for name in ours if name not in installed]
        if hint.startswith("; did") or not missing:
            return self.left_out
        wanted = f"'a4eval[{EXTRA}]'" if missing == ours else " ".join(missing)
        return f"{self.left_out} (not installed: pip install {wanted})"

    def find(self, kind: str, name: str, *, path: str = "") -> Provided:
        """Return the component of that kind and name; ``plugin/name`` asks one plugin alone.

        Raises:
            ConfigError: there is none (with the nearest name), or several plugins bring it.
        """
        from a4eval.contracts import KINDS  # here: as discover below

        provider, _, bare = name.rpartition("/")
        candidates = self._by_name.get((kind, bare), [])
        if provider:
            candidates = [one for one in candidates if one.plugin.name == provider]
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            choices = " or ".join(f"{one.plugin.name}/{name}" for one in candidates)
            raise ConfigError(f"{kind} {name!r} is brought by more than one plugin; write {choices}", path=path)
        elsewhere = [one for (_, named), some in self._by_name.items() if named == bare for one in some]
        if elsewhere and not provider:
            there = " and ".join(
                f"a {one.component.kind} of that name in plugin {one.plugin.name!r}" for one in elsewhere
            )
            raise ConfigError(f"no {kind} {name!r}; there is {there}", path=path)
        known = [str(key[1]) for key in self._by_name if key[0] == kind]
        hint = did_you_mean(bare, known)
        if hint.startswith("; did") and " or " not in hint:
            near = next(one for one in self.components(kind) if repr(one.component.name) in hint)
            hint = hint.replace("?", f" ({near.plugin.distribution} {near.plugin.version})?")
        lost = f" (broken: {', '.join(plugin.name for plugin in self.broken)})" if self.broken else ""
        # to a kind of a stranger's, of which there are some, none of ours brings any
        absent = self.elsewhere(hint) if kind in KINDS or not known else self.left_out
        raise ConfigError(f"no {kind} {name!r}{hint}{lost}{absent}", path=path)


@cache
def registry() -> Registry:
    """Return the registry of this process; the plugins are discovered on the first call."""
    from a4eval.plugins import discover  # here: a plugin's plain functions need no pluggy

    return Registry(discover())
