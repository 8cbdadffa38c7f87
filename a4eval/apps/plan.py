"""From the overrides of a sweep over an app to its points: those of Hydra's basic sweeper, in its order."""

from __future__ import annotations

import hashlib
import pickle
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from a4eval.apps.point import AppPoint, Family, composed, directory_of, parsed
from a4eval.apps.quick import quick_parsing, without_hydra
from a4eval.apps.space import space_of
from a4eval.apps.values import asks_the_user, identity
from a4eval.errors import ConfigError
from a4eval.executors.contract import Job, Jobs
from a4eval.progress import track
from a4eval.runs.record import plain
from a4eval.sweeps.axes import Axis

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override

    from a4eval.apps.space import Space
    from a4eval.executors.contract import Runner
    from a4eval.experiment import Conduct

POINTS_WITHOUT_PROGRESS = 1000
"""Up to so many points are planned before anyone would look."""


class AppPlan:
    """The points of a sweep, each composed.

    Args:
        loader: Hydra's.
        config: what Hydra composed for the sweep.
        overrides: those of the sweep.
        version: what the user says of the code.
        dumps: how a config goes to the workers.
    """

    repeated = 0
    """No point is left out, though it be the same as another: each has its folder."""

    def __init__(
        self,
        loader: ConfigLoader,
        config: DictConfig,
        overrides: list[str],
        version: str | None,
        dumps: Callable[[Any], bytes],
    ) -> None:
        self._loader, self._config, self._version, self._dumps = loader, config, version, dumps
        self._families: dict[tuple[str, ...], Family] = {}
        self._groups: dict[str, bool] = {}
        self._points: dict[int, tuple[str, ...]] = {}
        self._ids: dict[int, str] = {}
        self._seen: Counter[bytes] = Counter()
        self._directories: set[str] = set()
        self.overrides = OverridesParser.create(config_loader=loader).parse_overrides(overrides)
        self.axes: list[Axis] = []

    def every(self, conduct: Conduct, runner: Runner) -> Jobs:
        """Plan every point of the overrides, and return them.

        Raises:
            hydra.errors.HydraException: a point cannot be composed.
            ConfigError: the sweep is none of lists.
        """
        for one in self.overrides:
            if one.is_sweep_override() and not one.is_discrete_sweep():
                message = (
                    f"got {one.input_line!r}, expected a list, choice(), range() or glob(); "
                    "hydra.sweeper.search=tpe searches an interval"
                )
                raise ConfigError(message, path=one.key_or_group)
        (points,) = BasicSweeper.split_arguments(self.overrides, None)
        columns: dict[str, dict[str, None]] = {}
        total = len(points)
        numbers = range(total)
        with quick_parsing():
            for number in numbers if total <= POINTS_WITHOUT_PROGRESS else track(numbers, "planning", total):
                for text in points[number]:
                    key, _, value = text.partition("=")
                    columns.setdefault(key, {})[value] = None
                self.add(number, tuple(points[number]))
        self.axes = [Axis(key, list(texts)) for key, texts in columns.items()]

        def make(number: int) -> Job:
            return Job(self._ids[number], self.point(number), conduct.timeout, conduct.retries)

        return Jobs(self._ids.values(), make, conduct, runner)

    def searched(self) -> Space:
        """Return what the overrides say is searched over; the search adds the points.

        Raises:
            ConfigError: as :func:`space_of`.
        """
        texts = [(one.get_key_element(), one.input_line) for one in self.overrides]
        self.axes = [Axis(key, [str(text).partition("=")[2]]) for key, text in texts]
        return space_of(self.overrides)

    @property
    def shared(self) -> int:
        """How many points have the folder of an earlier one."""
        return len(self._points) - len(self._directories)

    def add(self, number: int, overrides: tuple[str, ...], *, in_search: bool = False) -> str:
        """Plan a point, and return its identity.

        Args:
            number: the point's.
            overrides: all of it.
            in_search: the same config again is another run for its number, and not for how often it was there.

        Raises:
            hydra.errors.HydraException: it cannot be composed.
        """
        self._points[number] = overrides
        self._ids[number] = self._identified(number, in_search=in_search)
        return self._ids[number]

    def run_id(self, number: int) -> str:
        """Return the identity of a point."""
        return self._ids[number]

    def setting(self, key: str, value: object) -> str:
        """Return the override that sets a key, whether the config has it or not."""
        there = OmegaConf.select(self._config, key, default=self) is not self
        return f"{'' if there else '++'}{key}={value}"

    def goes_on(self, now: dict[str, str]) -> None:
        """Let it be the time at which the sweep began, for all that Hydra then knew it."""
        times = {(pattern,): text for pattern, text in now.items()}
        OmegaConf.get_cache(self._config)["now"] = times
        for key, family in self._families.items():
            base = pickle.loads(family.base)  # noqa: S301  (our own)
            OmegaConf.copy_cache(from_config=self._config, to_config=base)
            self._families[key] = self._family(base, family.asks_the_user)

    def point(self, number: int) -> AppPoint:
        """Return a point; where its folder is, is known once the sweep's is."""
        family, overrides = self._placed(number)
        return AppPoint(str(self._config.hydra.job.name), number, family.base, overrides, self._version)

    def _identified(self, number: int, *, in_search: bool) -> str:
        family, overrides = self._placed(number)
        config = family.composed(overrides, number)
        self._directories.add(directory_of(config))
        asks = family.asks_the_user or any(asks_the_user(str(one.input_line)) for one, _ in overrides)
        again = composed(family.base, overrides, number) if asks else None  # with a part of Hydra's of its own
        what = plain(
            {"app": str(self._config.hydra.job.name), "config": identity(config, again), "version": self._version}
        )
        text = msgspec.json.encode(what, order="deterministic")
        if in_search:
            return hashlib.sha256(b"%b\n%d" % (text, number)).hexdigest()[:16]
        self._seen[text] += 1  # the same config once more is another run: Hydra's basic sweeper runs it too
        return hashlib.sha256(text + b"\n" * self._seen[text]).hexdigest()[:16]

    def _placed(self, number: int) -> tuple[Family, tuple[tuple[Override, bool], ...]]:
        """Return a point's family and overrides."""
        texts = self._points[number]
        chosen = [text for text in texts if self._composes(text)]
        key = tuple(chosen)
        if key not in self._families:
            base = self._loader.load_sweep_config(self._config, chosen)
            self._families[key] = self._family(base, asks_the_user(OmegaConf.to_yaml(base)))
        return self._families[key], tuple((parsed(text), not self._composes(text)) for text in texts)

    def _family(self, base: DictConfig, asks: bool) -> Family:  # noqa: FBT001  (it goes into a field)
        return Family(self._dumps(base), base, without_hydra(base, self._dumps), asks)

    def _composes(self, text: str) -> bool:
        """Say whether Hydra must compose anew for an override: it chooses configs, or is about Hydra itself."""
        override = parsed(text)
        if override.package is not None or override.is_hydra_override():
            return True
        return not isinstance(override.value(), dict) and self._is_group(override.key_or_group)

    def _is_group(self, name: str) -> bool:
        if name not in self._groups:
            about_hydra: Any = OmegaConf.to_container(self._config.hydra.overrides.hydra, resolve=False)
            primary = self._config.hydra.job.config_name
            options = self._loader.get_group_options(name, None, config_name=primary, overrides=about_hydra)
            self._groups[name] = bool(options)
        return self._groups[name]
