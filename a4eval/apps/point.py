"""A point of a sweep over an app: what it is made from, and the config that Hydra would compose for it."""

from __future__ import annotations

import copy
import os
import pickle
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from a4eval.apps.values import known_to_hydra, values
from a4eval.config.setting import note_point

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydra.core.override_parser.types import Override

    from a4eval.apps.study import Watch


class Family(NamedTuple):
    """Points that make the same choices of config groups; Hydra composes for them once.

    Args:
        base: the config composed of these choices alone, Hydra's part included; pickled, for each point copies it.
        whole: the same to look at.
        bare: the same without Hydra's part, pickled.
        asks_the_user: it calls resolvers of the user's.
    """

    base: bytes
    whole: DictConfig
    bare: bytes
    asks_the_user: bool

    def composed(self, overrides: Sequence[tuple[Override, bool]], number: int) -> DictConfig:
        """Return what :func:`composed` does, but that Hydra's part is the same for all points, each in its turn."""
        config: DictConfig = pickle.loads(self.bare)  # noqa: S301  (made here)
        own: Any = self.whole._get_node("hydra")  # noqa: SLF001  (a copy is what is saved here)
        own._set_parent(config)  # noqa: SLF001
        config._content["hydra"] = own  # type: ignore[index]  # noqa: SLF001
        return applied(config, overrides, number)


class AppPoint(NamedTuple):
    """A point of a sweep over an app.

    Args:
        name: the app's, ``hydra.job.name``.
        number: the point's, as Hydra counts.
        base: see :class:`Family`.
        parsed: all overrides of the point as Hydra parsed them, and which of them are not in the base.
        version: what the user says of the code.
        trial: of a search, which trial it belongs to.
        watch: of a search, what ends it early.
    """

    name: str
    number: int
    base: bytes
    parsed: tuple[tuple[Override, bool], ...]
    version: str | None
    trial: int | None = None
    watch: Watch | None = None

    def composed(self) -> DictConfig:
        """Return the config that Hydra would compose for it."""
        return composed(self.base, self.parsed, self.number)

    @property
    def overrides(self) -> tuple[str, ...]:
        """Its overrides as they are written."""
        return tuple(str(one.input_line) for one, _ in self.parsed)

    @property
    def config(self) -> dict[str, Any]:
        """What its config comes to, as far as is known before it runs."""
        return values_of(self.composed())

    @property
    def directory(self) -> str:
        """Its folder."""
        return directory_of(self.composed())


@cache
def parsed(text: str) -> Override:
    """Return what Hydra makes of an override; a sweep has few different ones."""
    return _parser().parse_override(text)


@cache
def _parser() -> OverridesParser:
    return OverridesParser.create()


def composed(base: bytes, overrides: Sequence[tuple[Override, bool]], number: int) -> DictConfig:
    """Return the config that Hydra would compose for a point.

    Args:
        base: see :class:`Family`.
        overrides: see :class:`AppPoint`.
        number: the point's.

    Raises:
        hydra.errors.ConfigCompositionException: an override does not fit.
    """
    return applied(pickle.loads(base), overrides, number)  # noqa: S301  (made by the sweep's own command)


def applied(config: DictConfig, overrides: Sequence[tuple[Override, bool]], number: int) -> DictConfig:
    """Make of a base the config of a point, and return it: see :func:`composed`."""
    fresh = [one for one, is_fresh in overrides if is_fresh]
    ConfigLoaderImpl._apply_overrides_to_config(fresh, config)  # noqa: SLF001  (Hydra's own rules)
    note_point(config.hydra, [one for one, _ in overrides if not one.is_hydra_override()], number)
    return config


def values_of(config: DictConfig) -> dict[str, Any]:
    """Return what a config comes to; what its resolvers remember of that is forgotten."""
    before = copy.deepcopy(OmegaConf.get_cache(config))
    try:
        with known_to_hydra(config):
            return values(config)
    finally:
        OmegaConf.set_cache(config, before)


def directory_of(config: DictConfig) -> str:
    """Return the folder that Hydra makes for a point."""
    with known_to_hydra(config):
        sweep = config.hydra.sweep
        return os.path.abspath(os.path.join(sweep.dir, str(sweep.subdir)))  # noqa: PTH100, PTH118  (as Hydra does)
