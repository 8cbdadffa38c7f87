"""From the overrides of a sweep to its points.

Hydra composes the first point of each *family*: the points that make the same choices of config groups (and agree in
whatever else only Hydra can decide).
Its siblings are copies of that config with other values set, so ten thousand points cost a few compositions.
"""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, QuotedString, Transformer, ValueType
from omegaconf import DictConfig, OmegaConf

from a4eval.config.compose import resolve
from a4eval.errors import ConfigError
from a4eval.executors.contract import Job
from a4eval.experiment import SWEEP_KEYS, Experiment, check_root
from a4eval.runs.runner import prepare, run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hydra.core.config_loader import ConfigLoader

    from a4eval.experiment import Root
    from a4eval.runs.record import ComponentRecord


@dataclass(frozen=True, slots=True)
class Axis:
    """One override and the values it takes, one after the other.

    Args:
        key: as Hydra writes it: ``experiment``, ``++task.cell``, ``~task.data``.
        texts: the values in Hydra's syntax.
        values: the values, where they can be set on a copy; None where Hydra must compose each.
    """

    key: str
    texts: list[str]
    values: list[Any] | None = None

    @property
    def path(self) -> str:
        """The key in the config, without Hydra's prefix."""
        return self.key.lstrip("+~")

    def override(self, index: int) -> str:
        """Return the override that sets value number *index*."""
        return f"{self.key}={self.texts[index]}"


def parse(overrides: Iterable[str], loader: ConfigLoader) -> list[Axis]:
    """Parse the overrides of a sweep; a later one of the same key replaces an earlier one in its place.

    Raises:
        ConfigError: an override cannot be swept.
        hydra.errors.OverrideParseException: it cannot be read.
    """
    parser = OverridesParser.create(config_loader=loader)
    axes: dict[str, Axis] = {}
    for override in parser.parse_overrides(list(overrides)):
        axis = _axis(override, loader, parser)
        if len(axis.texts) > 1 and axis.path.partition(".")[0] in SWEEP_KEYS:
            raise ConfigError("says how the sweep runs and cannot be swept itself", path=axis.path)
        if not axis.texts:
            raise ConfigError(f"{override.input_line} holds no value", path=axis.path)
        axes[axis.key] = axis
    paths = [axis.path for axis in axes.values()]
    return [_alone(axis, paths) for axis in axes.values()]


def _axis(override: Override, loader: ConfigLoader, parser: OverridesParser) -> Axis:
    key = override.get_key_element()
    if not override.is_sweep_override():
        return Axis(key, [override.get_value_element_as_str()])
    if override.is_interval_sweep():
        message = "interval() is for a search, which picks the points itself; use choice(), range() or a list"
        raise ConfigError(message, path=override.key_or_group)
    if override.value_type == ValueType.GLOB_CHOICE_SWEEP:
        glob: Any = override.value()
        return Axis(key, _matching(glob, override.key_or_group, loader))
    elements = list(override.sweep_iterator(Transformer.identity))
    texts = [Transformer.str(element) for element in elements]
    by_hydra = override.package is not None or override.is_delete() or loader_has_group(loader, override.key_or_group)
    if by_hydra or any(
        isinstance(element, dict) or "${" in text for element, text in zip(elements, texts, strict=True)
    ):
        return Axis(key, texts)
    return Axis(key, texts, [_value(element, text, parser) for element, text in zip(elements, texts, strict=True)])


def loader_has_group(loader: ConfigLoader, name: str) -> bool:
    """Say whether *name* is a config group."""
    return bool(loader.get_group_options(name))


def _matching(glob: Glob, group: str, loader: ConfigLoader) -> list[str]:
    """Return the configs of *group* that *glob* names; a pattern with slashes looks into nested groups."""

    def names(prefix: str) -> Iterator[str]:
        yield from (prefix + name for name in loader.get_group_options(group + "/" + prefix, ObjectType.CONFIG))
        for inner in loader.get_group_options(group + "/" + prefix, ObjectType.GROUP):
            yield from names(f"{prefix}{inner}/")

    def matches(name: str, pattern: str) -> bool:
        return name.count("/") == pattern.count("/") and fnmatchcase(name, pattern)

    return [
        name
        for name in names("")
        if any(map(partial(matches, name), glob.include)) and not any(map(partial(matches, name), glob.exclude))
    ]


def _value(element: Any, text: str, parser: OverridesParser) -> Any:
    """Return what the config will hold for *element*, which Hydra would write as *text* and read again."""
    if element is None or isinstance(element, (bool, int, float)):
        return element
    if isinstance(element, QuotedString):
        return element.text
    return parser.parse_override(f"key={text}").value()


def _alone(axis: Axis, paths: list[str]) -> Axis:
    """Leave *axis* to Hydra if its key lies within another's or above it: then the order matters."""
    related = sum(f"{path}.".startswith(f"{axis.path}.") or f"{axis.path}.".startswith(f"{path}.") for path in paths)
    return axis if related == 1 else Axis(axis.key, axis.texts)


class Family:
    """A config that Hydra composed, and its siblings.

    Args:
        config: the composed config of the first point, Hydra's own part included.
        overrides: that point's overrides.
    """

    def __init__(self, config: DictConfig, overrides: list[str]) -> None:
        self.first = resolve(config, overrides)
        self.components: list[ComponentRecord] = []
        """What its task is built from, once that is known."""
        self._source = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
        text = OmegaConf.to_yaml(self._source)
        self._interpolates = "${" in text
        self.asks_hydra = "${hydra:" in text

    def config(self, values: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        """Return the resolved config with *values*, dotted keys and what they hold, set."""
        if self.asks_hydra:
            return self.first.config  # the only one of its family: it holds what Hydra said of that point
        if not self._interpolates:
            return assign(self.first.config, values)
        copy = self._source.copy()
        for key, value in values:
            OmegaConf.update(copy, key, value)
        config: dict[str, Any] = OmegaConf.to_container(copy, resolve=True)  # type: ignore[assignment]
        return config


def assign(config: dict[str, Any], values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return *config* with *values* set; what lies beside their paths is shared, not copied.

    >>> old = {"task": {"k": 1, "data": {"n": 3}}, "seed": 0}
    >>> assign(old, [("task.k", 2), ("seed", 7)])
    {'task': {'k': 2, 'data': {'n': 3}}, 'seed': 7}
    >>> old["task"]["k"]
    1
    """
    root: Any = config.copy()
    for key, value in values:
        *above, last = key.split(".")
        node = root
        for step in above:
            place = int(step) if isinstance(node, list) else step
            node[place] = node[place].copy()
            node = node[place]
        node[int(last) if isinstance(node, list) else last] = value
    return root  # type: ignore[no-any-return]


class Plan:
    """All points of a sweep, in Hydra's order, each checked and none twice.

    Args:
        axes: the overrides.
        compose: what makes a config of one point's overrides and its number, as Hydra would.

    Raises:
        ConfigError, PluginError: a point is wrong.
    """

    def __init__(self, axes: Sequence[Axis], compose: Callable[[list[str], int], DictConfig]) -> None:
        self.axes = axes
        self.repeated = 0
        """How many points were left out because they are the same run as an earlier one."""
        self.run_ids: dict[str, int] = {}
        """Run id to the number of its point."""
        self._compose = compose
        self._families: dict[tuple[str, ...], Family] = {}
        self._points: list[tuple[Family, tuple[int, ...]]] = []
        for choice in itertools.product(*(range(len(axis.texts)) for axis in axes)):
            try:
                self._add(choice)
            except ConfigError as error:
                if len(self) == self.repeated == 0:
                    raise  # the first point: most likely all are wrong
                raise self._located(error, choice) from error
        self._ids = list(self.run_ids)

    def __len__(self) -> int:
        """How many points there are."""
        return len(self._points)

    def __getitem__(self, number: int) -> Job:
        """Return a point, ready to run."""
        family, choice = self._points[number]
        experiment = self._experiment(family, choice)
        return Job(self._ids[number], experiment.name, experiment.config, experiment.overrides, attempt=1)

    @property
    def root(self) -> Root:
        """The root keys of the first point: they say how the sweep is run."""
        return self._points[0][0].first.root

    def _add(self, choice: tuple[int, ...]) -> None:
        key = tuple(axis.texts[index] for axis, index in zip(self.axes, choice, strict=True) if axis.values is None)
        family = self._families.get(key)
        if family is None or family.asks_hydra:
            overrides = [axis.override(index) for axis, index in zip(self.axes, choice, strict=True)]
            config = self._compose(overrides, len(self._points) + self.repeated)
            family = self._families[key] = Family(config, overrides)
        experiment = self._experiment(family, choice)
        check_root(experiment.config)
        if self._task_varies or not family.components:
            prepared = prepare(experiment)
            family.components, identity = prepared.components, prepared.run_id
        else:
            identity = run_id(experiment.config, family.components)
        if self.run_ids.setdefault(identity, len(self._points)) == len(self._points):
            self._points.append((family, choice))
        else:
            self.repeated += 1

    def _located(self, error: ConfigError, choice: tuple[int, ...]) -> ConfigError:
        varied = (axis.override(index) for axis, index in zip(self.axes, choice, strict=True) if len(axis.texts) > 1)
        located = ConfigError(f"{error} (in the point {' '.join(one.removeprefix('++') for one in varied)})")
        located.path = error.path
        return located

    @cached_property
    def _varied(self) -> list[tuple[int, Axis]]:
        """The axes whose values are set on copies, and their numbers."""
        return [(number, axis) for number, axis in enumerate(self.axes) if axis.values is not None]

    @cached_property
    def _task_varies(self) -> bool:
        return any(f"{axis.path}.".startswith("task.") for _, axis in self._varied)

    def _experiment(self, family: Family, choice: tuple[int, ...]) -> Experiment:
        values = [(axis.path, axis.values[choice[number]]) for number, axis in self._varied if axis.values is not None]
        overrides = [axis.override(index).removeprefix("++") for axis, index in zip(self.axes, choice, strict=True)]
        return dataclasses.replace(family.first, config=family.config(values), overrides=tuple(overrides))
