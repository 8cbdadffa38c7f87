"""From the overrides of a sweep over an app to its points: those of Hydra's basic sweeper, in its order."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from a4eval.apps.values import asks_the_user, identity, known_to_hydra, values
from a4eval.errors import ConfigError
from a4eval.executors.contract import Job, Jobs
from a4eval.progress import track
from a4eval.runs.record import plain
from a4eval.sweeps.axes import Axis

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override

    from a4eval.executors.contract import Runner
    from a4eval.experiment import Conduct

POINTS_WITHOUT_PROGRESS = 1000
"""Up to so many points are planned before anyone would look."""


class Family(NamedTuple):
    """Points that make the same choices of config groups; Hydra composes for them once.

    Args:
        base: the config composed of these choices alone, Hydra's part included; pickled, for each point copies it.
        asks_the_user: it calls resolvers of the user's.
    """

    base: bytes
    asks_the_user: bool


class AppPoint(NamedTuple):
    """A point of a sweep over an app.

    Args:
        name: the app's, ``hydra.job.name``.
        number: the point's, as Hydra counts.
        base: see :class:`Family`.
        overrides: all of the point's, and which of them are not in the base.
        config: what it comes to, as far as is known before it runs.
        directory: the run's folder.
        version: what the user says of the code.
    """

    name: str
    number: int
    base: bytes
    overrides: tuple[tuple[str, bool], ...]
    config: dict[str, Any]
    directory: str
    version: str | None


class AppPlan:
    """All points of a sweep, each composed.

    Args:
        loader: Hydra's.
        config: what Hydra composed for the sweep.
        overrides: those of the sweep.
        version: what the user says of the code.
        dumps: how a config goes to the workers.

    Raises:
        hydra.errors.HydraException: a point cannot be composed.
        ConfigError: the sweep is none of lists.
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
        parsed = OverridesParser.create(config_loader=loader).parse_overrides(overrides)
        for one in parsed:
            if one.is_sweep_override() and not one.is_discrete_sweep():
                message = f"got {one.input_line!r}, expected a list, choice(), range() or glob(): a search picks others"
                raise ConfigError(message, path=one.key_or_group)
        (self._points,) = BasicSweeper.split_arguments(parsed, None)
        columns: dict[str, dict[str, None]] = {}
        ids: dict[str, int] = {}
        seen: Counter[bytes] = Counter()
        self._directories: set[str] = set()
        total = len(self._points)
        numbers = range(total)
        for number in numbers if total <= POINTS_WITHOUT_PROGRESS else track(numbers, "planning", total):
            for text in self._points[number]:
                key, _, value = text.partition("=")
                columns.setdefault(key, {})[value] = None
            ids[self._run_id(number, seen)] = number
        self.axes = [Axis(key, list(texts)) for key, texts in columns.items()]
        self._ids = list(ids)
        self.shared = total - len(self._directories)
        """How many points have the folder of an earlier one."""

    def jobs(self, conduct: Conduct, runner: Runner) -> Jobs:
        """Return the points, ready to run."""

        def make(number: int) -> Job:
            return Job(self._ids[number], self.point(number), conduct.timeout, conduct.retries)

        return Jobs(self._ids, make, conduct, runner)

    def goes_on(self, now: dict[str, str]) -> None:
        """Let it be the time at which the sweep began, for all that Hydra then knew it."""
        times = {(pattern,): text for pattern, text in now.items()}
        OmegaConf.get_cache(self._config)["now"] = times
        for key, family in self._families.items():
            base = pickle.loads(family.base)  # noqa: S301  (our own)
            OmegaConf.copy_cache(from_config=self._config, to_config=base)
            self._families[key] = family._replace(base=self._dumps(base))

    def point(self, number: int) -> AppPoint:
        """Return a point; where its folder is, is known once the sweep's is."""
        family, overrides = self._placed(number)
        config = composed(family.base, overrides, number)
        return AppPoint(
            name=str(self._config.hydra.job.name),
            number=number,
            base=family.base,
            overrides=overrides,
            config=self._values(config),
            directory=directory_of(config),
            version=self._version,
        )

    @staticmethod
    def _values(config: DictConfig) -> dict[str, Any]:
        with known_to_hydra(config):
            return values(config)

    def _run_id(self, number: int, seen: Counter[bytes]) -> str:
        family, overrides = self._placed(number)
        config = composed(family.base, overrides, number)
        self._directories.add(directory_of(config))
        asks = family.asks_the_user or any(asks_the_user(text) for text, _ in overrides)
        again = composed(family.base, overrides, number) if asks else None
        what = plain(
            {"app": str(self._config.hydra.job.name), "config": identity(config, again), "version": self._version}
        )
        text = msgspec.json.encode(what, order="deterministic")
        seen[text] += 1  # the same config once more is another run: Hydra's basic sweeper runs it too
        return hashlib.sha256(text + b"\n" * seen[text]).hexdigest()[:16]

    def _placed(self, number: int) -> tuple[Family, tuple[tuple[str, bool], ...]]:
        """Return a point's family and overrides."""
        texts = self._points[number]
        chosen = [text for text in texts if self._composes(text)]
        key = tuple(chosen)
        if key not in self._families:
            base = self._loader.load_sweep_config(self._config, chosen)
            self._families[key] = Family(self._dumps(base), asks_the_user(OmegaConf.to_yaml(base)))
        return self._families[key], tuple((text, not self._composes(text)) for text in texts)

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


@cache
def parsed(text: str) -> Override:
    """Return what Hydra makes of an override; a sweep has few different ones."""
    return OverridesParser.create().parse_override(text)


def composed(base: bytes, overrides: Sequence[tuple[str, bool]], number: int) -> DictConfig:
    """Return the config that Hydra would compose for a point.

    Args:
        base: see :class:`Family`.
        overrides: see :class:`AppPoint`.
        number: the point's.

    Raises:
        hydra.errors.ConfigCompositionException: an override does not fit.
    """
    config: DictConfig = pickle.loads(base)  # noqa: S301  (made by the sweep's own command)
    every = [parsed(text) for text, _ in overrides]
    ConfigLoaderImpl._apply_overrides_to_config(  # noqa: SLF001  (Hydra's own rules)
        [override for override, (_, fresh) in zip(every, overrides, strict=True) if fresh], config
    )
    own = config.hydra
    naming = own.job.config.override_dirname
    with read_write(own), open_dict(own):
        about_app = [one for one in every if not one.is_hydra_override()]
        own.overrides.task = [one.input_line for one in about_app]
        own.job.override_dirname = get_overrides_dirname(
            overrides=about_app, kv_sep=naming.kv_sep, item_sep=naming.item_sep, exclude_keys=naming.exclude_keys
        )
        own.job.num, own.job.id = number, str(number)
    return config


def directory_of(config: DictConfig) -> str:
    """Return the folder that Hydra makes for a point."""
    with known_to_hydra(config):
        return os.path.abspath(os.path.join(config.hydra.sweep.dir, str(config.hydra.sweep.subdir)))  # noqa: PTH100, PTH118  (as Hydra does)
