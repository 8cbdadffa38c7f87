"""From the overrides of a sweep to its points.

Hydra composes the first point of each *family*: the points that make the same choices of config groups (and agree in
whatever else only Hydra can decide).
Its siblings are copies of that config with other values set, so ten thousand points cost a few compositions.
"""

from __future__ import annotations

import dataclasses
import itertools
from functools import cached_property
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from a4eval.config.compose import resolve
from a4eval.errors import ConfigError
from a4eval.executors.contract import Job, Jobs
from a4eval.experiment import Experiment, check_root
from a4eval.runs.runner import prepare, run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from a4eval.runs.record import ComponentRecord
    from a4eval.sweeps.axes import Axis


class Family:
    """A config that Hydra composed, and its siblings.

    Args:
        config: the composed config of the first point, Hydra's own part included.
        overrides: that point's overrides.
    """

    def __init__(self, config: DictConfig, overrides: list[str]) -> None:
        self.first = resolve(config, overrides)
        self.components: tuple[ComponentRecord, ...] = ()
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
        self._run_ids: dict[str, int] = {}
        self._compose = compose
        self._families: dict[tuple[str, ...], Family] = {}
        self._points: list[tuple[Family, tuple[int, ...]]] = []
        for choice in itertools.product(*(range(len(axis.texts)) for axis in axes)):
            try:
                self._add(choice)
            except ConfigError as error:
                if len(self._points) == self.repeated == 0:
                    raise  # the first point: most likely all are wrong
                raise self._located(error, choice) from error
        self.jobs = Jobs(self._run_ids, self._job, self._points[0][0].first.root)
        """The points; the root keys of the first say how the sweep is run."""
        self._ids = list(self._run_ids)

    def _job(self, number: int) -> Job:
        family, choice = self._points[number]
        experiment = self._experiment(family, choice)
        return Job(self._ids[number], experiment.name, experiment.config, experiment.overrides, attempt=1)

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
        if self._run_ids.setdefault(identity, len(self._points)) == len(self._points):
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
