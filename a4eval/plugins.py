"""Find the installed plugins, each isolated from the others.

Every plugin gets a ``pluggy.PluginManager`` of its own: whatever it does wrong, on import, on registration or
in a hook, is its own and cannot lose another plugin's answer.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from a4eval import hookspecs
from a4eval.component import Component
from a4eval.errors import PluginError, did_you_mean, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GROUP = "a4eval"
_NO_NAME = "is no name: letters, digits and _, and no digit first"
_OF_THE_METADATA = re.compile(r"^(Name|Version): *(.*?) *$", re.MULTILINE)
HOOKS = tuple(sorted(name for name in vars(hookspecs) if name.startswith("a4eval_")))


@dataclass(slots=True)
class Plugin:
    """An entry point in the group ``a4eval`` and what became of it.

    Args:
        state: ``active``, ``disabled`` (by ``A4EVAL_DISABLE``) or ``broken``.
        reason: why it is broken, in one line.
        where: the file and line of its own code that broke; empty where none did.
        error: what was raised.
    """

    name: str
    distribution: str
    version: str
    state: str = "disabled"
    reason: str = ""
    where: str = ""
    error: BaseException | None = field(default=None, repr=False)
    components: list[Component] = field(default_factory=list)
    config_packages: list[str] = field(default_factory=list)
    manager: pluggy.PluginManager | None = None

    def config_folders(self) -> Iterator[Path]:
        """Yield the folders of its config packages."""
        from pathlib import Path

        for package in self.config_packages:
            spec = find_spec(package)
            for folder in (spec.submodule_search_locations or ()) if spec else ():
                yield Path(folder)

    def experiments(self) -> dict[str, Path]:
        """Return the files of its experiments by name."""
        return {name: file for folder in self.config_folders() for name, file in experiment_files(folder).items()}

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
    left_alone = disabled()
    plugins: list[Plugin] = []
    for distribution, version, entry in sorted(map(_known, entry_points(group=GROUP)), key=_order):
        plugin = Plugin(entry.name, distribution, version)
        twin = next((other for other in plugins if other.name == entry.name), None)
        plugins.append(plugin)
        if entry.name in left_alone:
            continue
        try:
            if twin is not None:
                raise _BrokenError(f"its name is taken by the plugin of {twin.distribution} {twin.version}")
            _load(plugin, entry)
            plugin.state = "active"
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  (a stranger's code: whatever it raises, it is its own)
            plugin.state, plugin.manager = "broken", None
            plugin.components, plugin.config_packages = [], []
            plugin.reason = str(error) if isinstance(error, PluginError) else told(error)
            plugin.reason = " ".join(plugin.reason.split())
            plugin.error = error
            plugin.where = error.where if isinstance(error, _BrokenError) else own_line(error, entry.module)
    return plugins


def disabled() -> set[str]:
    """Return the names that ``A4EVAL_DISABLE`` holds."""
    return {name for one in os.environ.get("A4EVAL_DISABLE", "").split(",") if (name := one.strip())}


class _BrokenError(PluginError):
    """A plugin is not what a plugin must be.

    Args:
        message: what is wrong.
        thing: the module or function of the plugin that is, for its file and line.
    """

    def __init__(self, message: str, thing: Any = None) -> None:
        super().__init__(message)
        code = getattr(thing, "__code__", None)
        self.where = getattr(thing, "__file__", None) or ""
        if code is not None:
            self.where = f"{code.co_filename}, line {code.co_firstlineno}"


def own_line(error: BaseException, module: str) -> str:
    """Return the file and line where a plugin's own code raised, or called what did; its file where none of it ran."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    with suppress(Exception):  # a stranger's package: looking for it may fail in any way
        spec = find_spec(module.partition(".")[0])
        own = [*(spec.submodule_search_locations or ()), spec.origin or ""] if spec else []
        trace, found = error.__traceback__, getattr(sys.modules.get(module), "__file__", None) or ""
        while trace is not None:
            file = trace.tb_frame.f_code.co_filename
            if any(one and (file == one or file.startswith(one + os.sep)) for one in own):
                found = f"{file}, line {trace.tb_lineno}"
            trace = trace.tb_next
        return found
    return ""


def experiment_files(folder: Path) -> dict[str, Path]:
    """Return the experiments of a folder of configs by name, each a file."""
    root = folder / "experiment"
    return {file.relative_to(root).with_suffix("").as_posix(): file for file in sorted(root.rglob("*.yaml"))}


def by_precedence(plugins: Sequence[Plugin]) -> list[Plugin]:
    """Return the plugins in the order in which Hydra looks for a config: the core first, then by name."""
    return sorted(plugins, key=lambda one: (one.name != GROUP, one.name))


def _known(entry: EntryPoint) -> tuple[str, str, EntryPoint]:
    """Return an entry point with the name and version of its distribution.

    They are looked for in the first lines of its metadata: to take all of it apart as an e-mail, as
    ``importlib.metadata`` does, takes longer than to import a plugin.
    """
    text = ((entry.dist.read_text("METADATA") or entry.dist.read_text("PKG-INFO")) if entry.dist else None) or ""
    found = dict(_OF_THE_METADATA.findall(text.replace("\r\n", "\n").partition("\n\n")[0]))
    return found.get("Name", "unknown"), found.get("Version", "unknown"), entry


def _order(known: tuple[str, str, EntryPoint]) -> tuple[str, str]:
    distribution, _, entry = known
    return entry.name, distribution


def _load(plugin: Plugin, entry: EntryPoint) -> None:
    """Import, check and question one plugin; any exception means that it is broken."""
    if not entry.name.isidentifier():
        raise _BrokenError(f"its name {entry.name!r} {_NO_NAME}")
    module = entry.load()
    wanted = getattr(module, "A4EVAL_API", None)
    if wanted != hookspecs.API_VERSION:
        stated = "states no A4EVAL_API" if wanted is None else f"is written for API {wanted!r}"
        raise _BrokenError(f"{entry.value} {stated}; this a4eval has API {hookspecs.API_VERSION}", module)
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    _check_names(module, entry.value)
    manager.register(module, name=plugin.name)
    plugin.manager = manager
    plugin.components = _components(plugin, getattr(module, "a4eval_components", module))
    for packages in plugin.call("a4eval_config_packages"):
        plugin.config_packages += packages
    for package in plugin.config_packages:
        if find_spec(package) is None:
            where = getattr(module, "a4eval_config_packages", module)
            raise _BrokenError(f"its config package {package!r} cannot be found{_other_copy(entry, module)}", where)


def _other_copy(entry: EntryPoint, module: Any) -> str:
    """Say that not what is installed was imported but another copy, if so: sources may lack what a wheel holds."""
    package = entry.module.partition(".")[0]
    file = Path(getattr(module, "__file__", None) or "").resolve()
    installed = Path(str(entry.dist.locate_file(package))) if entry.dist else file
    if not installed.is_dir() or file.is_relative_to(installed.resolve()):
        return ""
    return f": {file} was imported, not {installed}; use another folder, or `pip install -e` this one"


def _check_names(module: Any, where: str) -> None:
    """Refuse a misspelt hook, and a hook without its marker: pluggy would pass over both in silence."""
    for name, value in vars(module).items():
        marker = getattr(value, "a4eval_impl", None)
        looks_like_hook = callable(value) and name.startswith("a4eval_")
        if marker is None and not looks_like_hook:
            continue
        if name not in HOOKS and not (marker or {}).get("optionalhook"):
            raise _BrokenError(f"{where} implements an unknown hook {name!r}{did_you_mean(name, HOOKS)}", value)
        if marker is None:
            raise _BrokenError(f"{where}:{name} lacks the decorator @a4eval.hookimpl", value)


def _components(plugin: Plugin, where: Any) -> list[Component]:
    components: list[Component] = []
    seen: set[tuple[str, str]] = set()
    for answer in plugin.call("a4eval_components"):
        for component in answer:
            if not isinstance(component, Component):
                raise _BrokenError(
                    f"a4eval_components() must return a4eval.Component objects, got {component!r}", where
                )
            for what, name in (("kind", component.kind), ("name", component.name)):
                if not (isinstance(name, str) and name.isidentifier()):
                    raise _BrokenError(f"it brings {component.kind} {component.name!r}, whose {what} {_NO_NAME}", where)
            if (component.kind, component.name) in seen:
                raise _BrokenError(f"it brings the {component.kind} {component.name!r} twice", where)
            seen.add((component.kind, component.name))
            components.append(component)
    return components
