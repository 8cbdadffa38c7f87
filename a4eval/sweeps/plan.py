"""From the overrides of a sweep to its points.

Hydra composes the first point of each *family*: the points that make the same choices of config groups.
Its siblings are copies of that config with other values set, so ten thousand points cost a few compositions.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from a4eval.config.complaints import explain
from a4eval.config.compose import user_folder
from a4eval.config.salvage import composed
from a4eval.errors import ConfigError, added, each, together
from a4eval.executors.contract import Job, Jobs
from a4eval.executors.jobs import ExperimentRunner, Point
from a4eval.experiment import Experiment, check_root
from a4eval.progress import track
from a4eval.runs.runner import checked, run_id
from a4eval.sweeps.families import Entangled, Family

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omegaconf import DictConfig

    from a4eval.sweeps.axes import Axis, Dial

POINTS_WITHOUT_PROGRESS = 1000
"""Up to so many points are planned before anyone would look."""
SECONDS_FOR_MORE = 1.0
"""So long it is looked for more that is wrong, once something is."""


@dataclasses.dataclass
class _Wrong:
    """Something that is wrong, the choice of the first point where it is so, and of how many it is."""

    error: ConfigError
    choice: tuple[int, ...]
    points: int = 0


class Plan:
    """All points of a sweep, in Hydra's order, each checked and none twice.

    Args:
        dials: the overrides, and which of them are turned together.
        compose: what makes a config of one point's overrides and its number, as Hydra would.

    Raises:
        ConfigError: points are wrong; each thing is said once, with the first point where it is so.
        PluginError: a component cannot be imported.
    """

    def __init__(self, dials: Sequence[Dial], compose: Callable[[list[str], int], DictConfig]) -> None:
        self.axes = [axis for dial in dials for axis in dial.axes]
        self.repeated = 0
        """How many points were left out because they are the same run as an earlier one."""
        self._run_ids: dict[str, int] = {}
        self._compose = compose
        self._families: dict[tuple[str, ...], Family] = {}
        self._entangled: dict[tuple[str, ...], Entangled] = {}
        self._points: list[tuple[Family, tuple[int, ...], int]] = []
        positions = itertools.product(*(range(len(dial)) for dial in dials))
        total = math.prod(map(len, dials))
        wrong: dict[str, _Wrong] = {}
        tried, begun = 0, time.monotonic()
        for position in positions if total <= POINTS_WITHOUT_PROGRESS else track(positions, "planning", total):
            choice = tuple(at for dial, at in zip(dials, position, strict=True) for _ in dial.axes)
            tried += 1
            try:
                self._add(choice)
            except ConfigError as error:
                for one in each(error):
                    wrong.setdefault(str(one), _Wrong(one, choice)).points += 1
                if total > POINTS_WITHOUT_PROGRESS or time.monotonic() - begun > SECONDS_FOR_MORE:
                    break
        if wrong:
            raise together(self._located(one, everywhere=one.points == tried) for one in wrong.values())
        self.jobs = Jobs(self._run_ids, self._job, self._points[0][0].first.root, ExperimentRunner())
        """The points; the root keys of the first say how the sweep is run."""
        self._ids = list(self._run_ids)

    def _job(self, number: int) -> Job:
        experiment = self._experiment(*self._points[number])
        point = Point(experiment.name, experiment.config, experiment.overrides)
        return Job(self._ids[number], point, *point.limits)

    def _add(self, choice: tuple[int, ...]) -> None:
        key = tuple(axis.override(index) for axis, index in self._set(choice) if axis.group)
        number = len(self._points) + self.repeated
        family = self._families.get(key)
        if family is None:
            overrides = [axis.override(index) for axis, index in self._set(choice)]
            whole = composed(lambda kept: self._compose(kept, number), overrides, user_folder())
            family = self._families[key] = Family(whole, overrides)
            experiment = dataclasses.replace(family.first, overrides=self._told(choice))
        else:
            experiment = self._experiment(family, choice, number)
        if self._task_varies or family.interpolates or not family.components:
            prepared = checked(experiment)
            family.components, identity = prepared.components, prepared.run_id
        else:
            check_root(experiment.config, experiment.name)
            identity = run_id(experiment.config, family.components)
        if self._run_ids.setdefault(identity, len(self._points)) == len(self._points):
            self._points.append((family, choice, number))
        else:
            self.repeated += 1

    def _set(self, choice: tuple[int, ...]) -> list[tuple[Axis, int]]:
        """Return the axes that are set in a point, and to which of their values."""
        return [(axis, at) for axis, at in zip(self.axes, choice, strict=True) if at not in axis.unset]

    def _located(self, wrong: _Wrong, *, everywhere: bool) -> ConfigError:
        error, choice = wrong.error, wrong.choice
        for axis, at in self._set(choice):
            if axis.places and error.path.startswith(axis.path) and error.path[len(axis.path) :][:1] in ("", ".", "["):
                return _in_the_point(error, f"of {axis.places[at]}, column {axis.path}")
        for axis, at in self._set(choice):
            if axis.places and axis.path.startswith(f"{error.path}."):  # what is wrong is how its columns go together
                return _in_the_point(error, f"of {axis.places[at]}")
        if everywhere:
            return error
        varied = (axis.override(index) for axis, index in self._set(choice) if len(axis.texts) > 1)
        return _in_the_point(error, " ".join(one.removeprefix("++") for one in varied))

    @cached_property
    def _varied(self) -> list[tuple[int, Axis]]:
        """The axes whose values are set on copies, and their numbers."""
        return [(number, axis) for number, axis in enumerate(self.axes) if axis.values is not None]

    @cached_property
    def _task_varies(self) -> bool:
        return self._are_entangled or any(f"{axis.path}.".startswith("task.") for _, axis in self._varied)

    @cached_property
    def _are_entangled(self) -> bool:
        return any(axis.entangled or axis.unset for axis in self.axes)

    def _experiment(self, family: Family, choice: tuple[int, ...], number: int) -> Experiment:
        """Return a point.

        Raises:
            ConfigError: it cannot be composed.
        """
        try:
            if self._are_entangled or family.asks_hydra:
                config = self._untangled(choice, number)
            else:
                varied = self._varied
                config = family.config([(axis.path, axis.values[choice[at]]) for at, axis in varied if axis.values])
        except (HydraException, OmegaConfBaseException) as error:
            raise explain(error) from error
        return dataclasses.replace(family.first, config=config, overrides=self._told(choice))

    def _told(self, choice: tuple[int, ...]) -> tuple[str, ...]:
        """Return the overrides of a point as they were typed."""
        return tuple(axis.override(index).removeprefix("++") for axis, index in self._set(choice))

    def _untangled(self, choice: tuple[int, ...], number: int) -> dict[str, Any]:
        """Let Hydra set the values of a point in their order."""
        chosen = self._set(choice)
        groups = [(axis, index) for axis, index in chosen if axis.group]
        key = tuple(axis.override(index) for axis, index in groups)
        if key not in self._entangled:
            self._entangled[key] = Entangled(self._compose(list(key), number))
        overrides = [axis.parsed[index] for axis, index in chosen]
        return self._entangled[key].config(overrides, [axis.parsed[index] for axis, index in groups], number)


def _in_the_point(error: ConfigError, point: str) -> ConfigError:
    return added(error, lambda _: f" (in the point {point})")
