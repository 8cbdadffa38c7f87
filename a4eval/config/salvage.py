"""What of a wrong config can be composed and resolved nevertheless, so that all that is wrong with it is said at once.

An override that cannot be set is left out, a config that is named and not there is taken for an empty one, and a
reference that leads nowhere stands for a value that is missing.
Of what is so unknown nobody complains a second time.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from a4eval.config.complaints import COMPOSITION_ERRORS, AbsentConfigError, explain
from a4eval.config.interpolation import bounded, check_depth
from a4eval.errors import ConfigError, together
from a4eval.experiment import MISSING, Root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from hydra.core.object_type import ObjectType

SCHEME = "empty"
MOST = 50
"""How many references that lead nowhere are told of one root key."""
_REFERS = re.compile(r"refers to (\S+), which must be given first")
_empty: ContextVar[frozenset[str]] = ContextVar("empty", default=frozenset())


class EmptyConfigs(ConfigSource):
    """Where Hydra finds, last of all, the configs that are taken for empty ones."""

    @staticmethod
    def scheme() -> str:
        """Hydra chooses the class by it."""
        return SCHEME

    def load_config(self, config_path: str) -> ConfigResult:
        """Give an empty config."""
        return ConfigResult(self.provider, f"{SCHEME}://{config_path}", OmegaConf.create(), {"package": "_global_"})

    def available(self) -> bool:
        """Say that it is there."""
        return True

    def is_group(self, config_path: str) -> bool:  # noqa: ARG002  (Hydra's signature)
        """Say that it has no groups."""
        return False

    def is_config(self, config_path: str) -> bool:
        """Say whether a config is taken for an empty one."""
        return config_path.removesuffix(".yaml") in _empty.get()

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:  # noqa: ARG002  (Hydra's)
        """List nothing: nobody chooses these."""
        return []


@dataclass(frozen=True)
class Composed:
    """A config as far as it could be composed.

    Args:
        config: that.
        problems: what is wrong with the rest.
        unknown: the paths that it would have been about; an empty one is above all others.
    """

    config: DictConfig
    problems: tuple[ConfigError, ...] = ()
    unknown: tuple[str, ...] = ()


def composed(
    compose: Callable[[list[str]], DictConfig], overrides: Sequence[str], config_dir: Path | None = None
) -> Composed:
    """Compose as much as can be.

    Args:
        compose: composes a config of overrides.
        overrides: those that were asked for.
        config_dir: the user's own configs.

    Raises:
        ConfigError: nothing can be; all that was found to be wrong.
    """
    kept, absent, unknown = list(overrides), set[str](), list[str]()
    problems: list[ConfigError] = []
    while True:
        try:
            with _taken_for_empty(absent):
                return Composed(compose(kept), tuple(problems), tuple(unknown))
        except (ConfigError, *COMPOSITION_ERRORS) as error:
            told = error if isinstance(error, ConfigError) else explain(error, config_dir)
            problems.append(told)
            blamed = blamed_for(told, kept)
            if blamed is not None:
                kept.remove(blamed)
                key = blamed.lstrip("+~").partition("=")[0]
                unknown.append("" if key == "experiment" else key)
            elif isinstance(told, AbsentConfigError) and told.config not in absent:
                absent.add(told.config)
                unknown.append("")
            else:
                raise together(problems) from error.__cause__


def blamed_for(error: ConfigError, overrides: Sequence[str]) -> str | None:
    """Return the override that is behind an error, if one is."""
    for one in overrides:
        key, _, value = one.lstrip("+~").partition("=")
        if isinstance(error, AbsentConfigError):
            if f"{key.partition('@')[0]}/{value}".replace("'", "").replace('"', "") == error.config:
                return one
        elif repr(one) in str(error) or (error.path and error.path in (key, _unknown_root(key))):
            return one
    return None


def _unknown_root(key: str) -> str | None:
    root = key.partition(".")[0]
    return None if root in Root.__struct_fields__ else root


@contextmanager
def _taken_for_empty(configs: Iterable[str]) -> Iterator[None]:
    before = _empty.set(frozenset(configs))
    try:
        yield
    finally:
        _empty.reset(before)


class Resolving:
    """Resolves the interpolations of a config, root key by root key.

    Args:
        config: as it was composed; a reference that leads nowhere is a missing value in it afterwards.
    """

    def __init__(self, config: DictConfig) -> None:
        self._config = config
        self.problems: list[ConfigError] = []
        self.unknown: set[str] = set()
        """The paths of which nobody knows what they would hold."""

    def value(self, key: str) -> Any:
        """Return the plain value of a root key.

        Raises:
            ConfigError: its interpolations stand for more than they may.
        """
        for _ in range(MOST):
            try:
                with bounded():
                    return plain(self._config, key)
            except (OmegaConfBaseException, RecursionError) as error:
                told = explain(error)
                if not (found := _REFERS.search(str(told))) or found[1] not in self.unknown:
                    self.problems.append(told)
                if not self._given_up(told.path, key):
                    break
        self.unknown.add(key)
        return MISSING

    def _given_up(self, path: str, key: str) -> bool:
        """Put a missing value at *path*, and say whether that could be done."""
        if path in self.unknown or not f"{path}.".replace("[", ".").startswith(f"{key}."):
            return False
        self.unknown.add(path)
        above, _, last = path.replace("[", ".").replace("]", "").rpartition(".")
        node: Any = self._config
        for step in above.split(".") if above else ():
            node = node._get_node(int(step) if OmegaConf.is_list(node) else step)  # noqa: SLF001  (resolves nothing)
            if not OmegaConf.is_config(node) or OmegaConf.is_interpolation(node):
                return False
        with open_dict(self._config):
            node[int(last) if OmegaConf.is_list(node) else last] = MISSING
        return True


def plain(config: DictConfig, key: str) -> Any:
    """Return the plain value of a root key, its interpolations resolved."""
    if OmegaConf.is_missing(config, key):
        return MISSING
    value = config[key]
    return contained(value) if OmegaConf.is_config(value) else value


def contained(config: Any) -> Any:
    """Return the plain values of a config, its interpolations resolved.

    Raises:
        ConfigError: they are nested deeper than a file may be.
    """
    found = OmegaConf.to_container(config, resolve=True)
    check_depth(found)
    return found
