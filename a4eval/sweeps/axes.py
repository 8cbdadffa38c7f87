"""From the overrides of a sweep to its axes: a key, and the values it takes one after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, QuotedString, Transformer, ValueType

from a4eval.errors import ConfigError, nearest
from a4eval.experiment import POINT_KEYS, SWEEP_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hydra.core.config_loader import ConfigLoader


@dataclass(frozen=True)
class Axis:
    """One override and the values it takes, one after the other.

    Args:
        key: as Hydra writes it: ``experiment``, ``++task.cell``, ``~task.data``.
        texts: the values in Hydra's syntax.
        values: the values, where they can be set on a copy; None where Hydra must set each.
        group: it chooses configs of a group, so Hydra must compose anew for each.
        entangled: what it comes to depends on other keys, or on the order in which they are set.
        unset: the numbers of the values that stand for none: the key is left alone there.
        places: where each value stands in a file of points, its column apart; empty if it was typed.
    """

    key: str
    texts: list[str]
    values: list[Any] | None = None
    group: bool = False
    entangled: bool = False
    unset: frozenset[int] = frozenset()
    places: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The key in the config, without Hydra's prefix."""
        return self.key.lstrip("+~")

    def override(self, index: int) -> str:
        """Return the override that sets value number *index*; an empty text if it stands for none."""
        return "" if index in self.unset else f"{self.key}={self.texts[index]}"

    @cached_property
    def parsed(self) -> list[Override]:
        """What Hydra makes of each override."""
        parser = OverridesParser.create()
        # an unset one is never asked for
        return [parser.parse_override(self.override(index) or "unset=null") for index in range(len(self.texts))]


@dataclass(frozen=True)
class Dial:
    """Axes that are turned together: their first values, their second ones, and so on."""

    axes: list[Axis]

    def __len__(self) -> int:
        """How many positions there are."""
        return len(self.axes[0].texts)


def check_swept(keys: Iterable[str], where: str) -> None:
    """Refuse keys that say how a sweep runs, where only keys that make points may stand.

    Args:
        keys: with Hydra's marks or without.
        where: what names them, for the error.

    Raises:
        ConfigError: one of them chooses an executor, or the like, which is the command's to say.
    """
    for key in keys:
        if about_the_sweep(key):
            raise ConfigError(f"says how a sweep runs: the command may set it, {where} may not", path=_root(key))


def about_the_sweep(key: str) -> bool:
    """Say whether a key, with Hydra's marks or without, is about how a sweep runs rather than about its points.

    >>> about_the_sweep("++executor.workers"), about_the_sweep("hydra/sweeper"), about_the_sweep("task.executor")
    (True, True, False)
    """
    root = _root(key)
    return root in SWEEP_KEYS | POINT_KEYS or root.partition("/")[0] == "hydra"


def _root(key: str) -> str:
    return key.lstrip("+~").partition(".")[0].partition("@")[0]


def parse(overrides: Iterable[str], loader: ConfigLoader, joined: Sequence[Dial] = ()) -> list[Dial]:
    """Parse the overrides of a sweep, each a dial of its own; of two of the same key the later one counts.

    Args:
        overrides: as Hydra takes them.
        loader: Hydra's.
        joined: dials that there are already; they come first.

    Raises:
        ConfigError: an override cannot be swept, or sets a key of *joined*.
        hydra.errors.OverrideParseException: it cannot be read.
    """
    parser = OverridesParser.create(config_loader=loader)
    axes: dict[str, Axis] = {}
    known = {axis.path for dial in joined for axis in dial.axes}
    for override in parser.parse_overrides(list(overrides)):
        axis = _axis(override, loader, parser)
        if len(axis.texts) > 1 and axis.path.partition(".")[0] in SWEEP_KEYS | POINT_KEYS:
            raise ConfigError("says how the sweep runs and cannot be swept itself", path=axis.path)
        if axis.path in known:
            raise ConfigError("is set by points= or zip= as well; leave one of them out", path=axis.path)
        if axis.path in POINT_KEYS:
            continue  # they say what the points are, and are taken in elsewhere
        if not axis.texts:
            value = str(override.input_line).partition("=")[2]
            raise ConfigError(f"got {value}, which holds no value", path=axis.path)
        axes[axis.key] = axis
    dials = [*joined, *(Dial([axis]) for axis in axes.values())]
    paths = [axis.path for dial in dials for axis in dial.axes]
    return [Dial([_alone(axis, paths) for axis in dial.axes]) for dial in dials]


def _axis(override: Override, loader: ConfigLoader, parser: OverridesParser) -> Axis:
    key = override.get_key_element()
    if override.is_interval_sweep():
        message = "interval() is for a search, which picks the points itself; use choice(), range() or a list"
        raise ConfigError(message, path=override.key_or_group)
    if override.value_type == ValueType.GLOB_CHOICE_SWEEP:
        glob: Any = override.value()
        return Axis(key, _matching(glob, override.key_or_group, loader), group=True)
    swept = override.is_sweep_override()
    elements = list(override.sweep_iterator(Transformer.identity)) if swept else []
    texts = [Transformer.str(element) for element in elements] if swept else [override.get_value_element_as_str()]
    if override.package is not None or loader_has_group(loader, override.key_or_group):
        return Axis(key, texts, group=True)
    if not swept:
        return Axis(key, texts)
    values = [_value(element, text, parser) for element, text in zip(elements, texts, strict=True)]
    if override.is_delete() or any(isinstance(value, dict) or "${" in str(value) for value in values):
        return Axis(key, texts, entangled=True)
    return Axis(key, texts, values)


def loader_has_group(loader: ConfigLoader, name: str) -> bool:
    """Say whether *name* is a config group, of configs or of groups."""
    return any(loader.get_group_options(name, kind) for kind in (ObjectType.CONFIG, ObjectType.GROUP))


def _matching(glob: Glob, group: str, loader: ConfigLoader) -> list[str]:
    """Return the configs of *group* that *glob* names; a pattern with slashes looks into nested groups.

    Raises:
        ConfigError: there is none; the text holds the nearest.
    """

    def names(prefix: str) -> Iterator[str]:
        yield from (prefix + name for name in loader.get_group_options(group + "/" + prefix, ObjectType.CONFIG))
        for inner in loader.get_group_options(group + "/" + prefix, ObjectType.GROUP):
            yield from names(f"{prefix}{inner}/")

    def matches(name: str, pattern: str) -> bool:
        return name.count("/") == pattern.count("/") and fnmatchcase(name, pattern)

    known = list(names(""))
    found = [
        name
        for name in known
        if any(map(partial(matches, name), glob.include)) and not any(map(partial(matches, name), glob.exclude))
    ]
    if not known:
        which = f"got glob({', '.join(glob.include)}), which chooses among the configs of a group"
        raise ConfigError(f"{which}, and there is no such group; give the values", path=group)
    if not found:
        begun = re.split(r"[*?[]", glob.include[0])[0].rstrip("/")
        near = nearest(begun, {part for name in known for part in (name, name.rpartition("/")[0])})
        raise ConfigError(f"{', '.join(glob.include)} matches none of the {len(known)} there are{near}", path=group)
    return found


def _value(element: Any, text: str, parser: OverridesParser) -> Any:
    """Return what the config will hold for *element*, which Hydra would write as *text* and read again."""
    if element is None or isinstance(element, (bool, int, float)):
        return element
    if isinstance(element, QuotedString):
        return element.text
    return parser.parse_override(f"key={text}").value()


def _alone(axis: Axis, paths: list[str]) -> Axis:
    """Note it if the axis' key lies within another's or above it: then the order matters."""
    related = sum(f"{path}.".startswith(f"{axis.path}.") or f"{axis.path}.".startswith(f"{path}.") for path in paths)
    return axis if axis.group or related == 1 else replace(axis, values=None, entangled=True)
