"""What a config may say: everything about the experiment, almost nothing about Hydra, nothing about where it runs.

Hydra's own part of a config names classes to import and call, environment variables to set and folders to import
configs from, so a YAML file from a stranger would be a program.
Whatever is composed, for a single run, a sweep, each of its points or ``--cfg``, comes through :class:`Guard`, before
Hydra makes any object of it.
The command line and the installed plugins are trusted; the files of ``--config-dir`` are not.
"""

from __future__ import annotations

import math
import os
import re
import sys
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from hydra.core.config_loader import ConfigLoader
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, RangeSweep
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict
from omegaconf.errors import KeyValidationError

from a4eval.config.interpolation import bounded
from a4eval.config.setting import our_rules
from a4eval.config.yaml_file import text_of
from a4eval.errors import ConfigError, did_you_mean
from a4eval.experiment import LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hydra.core.config_search_path import ConfigSearchPath
    from omegaconf import DictConfig

SCHEME = "a4eval"
SWEEPERS = ("a4eval", "basic", "optuna")
LAUNCHERS = ("basic", "joblib")
EXECUTORS = ("local", "ray", "slurm")
"""The configs of the group ``executor`` that are ours."""
_CHOICES: dict[str, tuple[str, ...] | None] = {
    "hydra/sweeper": SWEEPERS,
    "hydra/launcher": LAUNCHERS,
    "hydra/sweeper/sampler": None,  # Hydra's Optuna sweeper has these; all are its own
}
_FOLDERS = ("run.dir", "sweep.dir")
_PARAMETERS = ("sweeper", "launcher")
_OFFERED = "run.dir, sweep.dir, and the parameters of the sweeper and the launcher"
_COMPUTED = ("overrides.hydra", "overrides.task", "runtime", "mode", "job.override_dirname", "job.num", "job.id")
"""What Hydra itself fills in for each composition."""
MOST_POINTS = 1_000_000
"""Of a sweep: enough for months on a cluster, and few enough to be listed."""
_STORAGE = "sweeper.storage"
"""Where Optuna keeps a study; what is read from there is unpickled by one of its samplers."""


class UserConfigs(ConfigSource):
    """The folder of ``--config-dir`` as Hydra sees it: its YAML files are bounded, and none lies outside it."""

    @staticmethod
    def scheme() -> str:
        """Hydra chooses the class by it."""
        return SCHEME

    def load_config(self, config_path: str) -> ConfigResult:
        """Read a file.

        Raises:
            ConfigError: it stands for more than a config may, or reaches out of the folder.
        """
        file = self._file(config_path)
        if not file.is_file():
            raise ConfigLoadError(f"Config not found : {file}")
        text = text_of(file)
        try:
            config = OmegaConf.create(text) if text.strip() else OmegaConf.create()
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ConfigError(f"not valid YAML: {error.problem}", path=f"{file}, line {line}") from error
        except (AssertionError, KeyValidationError) as error:  # OmegaConf asserts that it is no number and no date
            raise ConfigError("expected a mapping, whose keys are texts or numbers", path=str(file)) from error
        content: Any = OmegaConf.to_container(config)
        if not isinstance(content, dict):
            raise ConfigError("got a list, expected a mapping", path=str(file))
        for name in _names(content.get("defaults")):
            if ".." in name.split("/") or "${" in name.partition(":")[0] or ":" in name.partition("${")[2]:
                raise ConfigError(f"defaults: {name!r} may lead out of the folder", path=str(file))
        return ConfigResult(self.provider, f"{SCHEME}://{self.path}", config, self._get_header_dict(text[:512]))

    def available(self) -> bool:
        """Say whether the folder is there."""
        return Path(self.path).is_dir()

    def is_group(self, config_path: str) -> bool:
        """Say whether it has the folder *config_path*."""
        return self._inside(Path(self.path, config_path)) and Path(self.path, config_path).is_dir()

    def is_config(self, config_path: str) -> bool:
        """Say whether it has the file *config_path*."""
        return self._inside(self._file(config_path)) and self._file(config_path).is_file()

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """List what is in the folder *config_path*."""
        found: list[str] = []
        for name in os.listdir(Path(self.path, config_path)):  # noqa: PTH208  (Hydra works with names)
            self._list_add_result(found, str(Path(config_path, name)), name, results_filter)
        return sorted(set(found))

    def _file(self, config_path: str) -> Path:
        return Path(self.path, self._normalize_file_name(config_path))

    def _inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(Path(self.path).resolve())


def check_folder(folder: Path) -> None:
    """Refuse a folder for ``--config-dir`` that would speak for Hydra or in place of what is ours.

    Raises:
        ConfigError: it holds ``config.yaml``, configs of Hydra's, or an executor of a name of ours.
    """
    refused = {"config.yaml": "replace the root of every config", "hydra": "hold configs of Hydra's own"}
    for name in EXECUTORS:
        refused[f"executor/{name}.yaml"] = f"replace executor={name}; give the file another name"
    for name, what in refused.items():
        if (folder / name).exists():
            raise ConfigError(f"{folder / name}: a folder of configs cannot {what}", path="--config-dir")


_NAMED = {"experiment": "experiments", "executor": "components executor"}
"""Keys that choose a config by its name, and what lists these."""
_NO_NAME = re.compile(r"null|true|false|[-+.\d]*|\{.*", re.IGNORECASE)


def check_overrides(overrides: Iterable[str]) -> None:
    """Refuse an override of what a4eval does not offer of Hydra.

    Raises:
        ConfigError: there is one, or Python runs without the assertions by which Hydra's parser goes on.
        hydra.errors.OverrideParseException: it cannot be read.
    """
    if sys.flags.optimize:
        why = "Hydra cannot read overrides without Python's assertions: unset it, leave -O out"
        raise ConfigError(why, path="PYTHONOPTIMIZE")
    for key, sign, value in (one.partition("=") for one in overrides):
        if sign and not key.lstrip("+~").partition("@")[0]:
            raise ConfigError(f"got {key + sign + value!r}, expected KEY=VALUE")
        if sign and key.lstrip("+") in _NAMED and _NO_NAME.fullmatch(value):
            expected = f"expected the name of one; `a4eval {_NAMED[key.lstrip('+')]}` lists them"
            raise ConfigError(f"got {value or 'nothing'}, {expected}", path=key.lstrip("+"))
    about_hydra = [one for one in overrides if "hydra" in one.partition("=")[0]]
    for override in OverridesParser.create().parse_overrides(about_hydra) if about_hydra else ():
        name, package = override.key_or_group, override.package or ""
        head, _, rest = name.partition(".")
        inner = rest.partition(".")[0]
        if name in _CHOICES and not package:
            _check_choice(name, override.value())
        elif head == "hydra" and (rest in (*_FOLDERS, "mode") or (inner in _PARAMETERS and not package)):
            if inner in _PARAMETERS:
                _check_plain(name, override.value())
        elif head.partition("/")[0] == "hydra" or package.partition(".")[0].partition(":")[0] == "hydra":
            raise ConfigError(f"cannot be set; of Hydra a4eval offers {_OFFERED}", path=name)


def check_size(overrides: Iterable[str]) -> None:
    """Refuse a sweep that would never end.

    Raises:
        ConfigError: it has too many points.
        hydra.errors.OverrideParseException: an override cannot be read.
    """
    points = 1.0
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        value: Any = override.value() if override.is_sweep_override() else None
        if isinstance(value, RangeSweep):
            numbers = [float(one) for one in (value.start, value.stop, value.step) if one is not None]
            if value.step == 0 or not all(map(math.isfinite, numbers)):
                got = str(override.input_line).partition("=")[2]
                raise ConfigError(
                    f"got {got}, expected finite numbers and a step other than 0", path=override.key_or_group
                )
            points *= max(1.0, (float(value.stop or 0) - float(value.start or 0)) / float(value.step or 1))
        elif isinstance(value, ChoiceSweep):
            points *= len(value.list)
        if points > MOST_POINTS:
            raise ConfigError(f"the sweep has more than {MOST_POINTS:,} points", path=override.key_or_group)


def _check_choice(group: str, choice: Any) -> None:
    known = _CHOICES[group]
    if known is not None and choice not in known:
        raise ConfigError(f"got {choice!r}, expected one of {', '.join(known)}", path=group)


def _check_plain(path: str, value: Any) -> None:
    """Refuse what Hydra would make an object of, and what says nothing of the sweeper or launcher."""
    what = path.removeprefix("hydra.")
    if what in _PARAMETERS and not isinstance(value, dict):
        expected = f"expected a mapping of its parameters; hydra/{what}=NAME chooses another"
        raise ConfigError(f"got {value!r}, {expected}", path=path)
    for key in (*path.split("."), *_keys(value)):
        if key.startswith("_"):
            raise ConfigError(f"cannot set {key}: a config names no code to run", path=path)


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def _names(defaults: Any) -> Iterator[str]:
    """Yield whatever a defaults list names."""
    if isinstance(defaults, str):
        yield defaults
    elif isinstance(defaults, dict):
        for key, value in defaults.items():
            yield str(key)
            yield from _names(value)
    elif isinstance(defaults, list):
        for one in defaults:
            yield from _names(one)


class Guard(ConfigLoader):
    """Hydra's loader, but for configs that say what they may not.

    Args:
        inner: Hydra's own.
        strangers: there is a folder whose files are not trusted.
    """

    def __init__(self, inner: ConfigLoader, *, strangers: bool) -> None:
        self._inner = inner
        self._strangers = strangers
        self._known: dict[tuple[Any, ...], DictConfig] = {}
        self._options: dict[tuple[Any, ...], list[str]] = {}

    @cached_property
    def _without_strangers(self) -> ConfigLoader:
        """The same loader, but for the folder whose files are not trusted."""
        path = deepcopy(self._inner.get_search_path())
        path.get_path()[:] = [one for one in path.get_path() if not (one.path or "").startswith(f"{SCHEME}://")]
        loader: ConfigLoader = type(self._inner)(path)  # type: ignore[call-arg]
        return loader

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,  # noqa: FBT001, FBT002  (Hydra's signature)
        validate_sweep_overrides: bool = True,  # noqa: FBT001, FBT002
    ) -> DictConfig:
        """Compose.

        Raises:
            ConfigError: the config says what it may not.
        """
        check_overrides(overrides)
        with bounded(), our_rules():
            config = self._inner.load_configuration(
                config_name, overrides, run_mode, from_shell, validate_sweep_overrides
            )
            self._check(config, run_mode, overrides)
            if run_mode == RunMode.MULTIRUN:
                params: Any = OmegaConf.to_container(config.hydra.sweeper, resolve=True)
                check_size([*overrides, *(f"{key}={value}" for key, value in (params.get("params") or {}).items())])
        return config

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """Compose one point.

        Raises:
            ConfigError: the config says what it may not.
        """
        check_overrides(sweep_overrides)
        with bounded(), our_rules():
            config = self._inner.load_sweep_config(master_config, sweep_overrides)
            about_hydra: Any = OmegaConf.to_container(master_config.hydra.overrides.hydra, resolve=False)
            self._check(config, RunMode.RUN, [*about_hydra, *sweep_overrides])
        return config

    def get_search_path(self) -> ConfigSearchPath:
        """As Hydra's."""
        return self._inner.get_search_path()

    def get_sources(self) -> list[ConfigSource]:
        """As Hydra's."""
        return self._inner.get_sources()

    def list_groups(self, parent_name: str) -> list[str]:
        """As Hydra's."""
        return self._inner.list_groups(parent_name)

    def get_group_options(
        self,
        group_name: str,
        results_filter: ObjectType | None = ObjectType.CONFIG,
        config_name: str | None = None,
        overrides: list[str] | None = None,
    ) -> list[str]:
        """As Hydra's, which copies all that it has read for each question: one is asked once."""
        key = (group_name, results_filter, config_name, *(overrides or ()))
        if key not in self._options:
            self._options[key] = self._inner.get_group_options(group_name, results_filter, config_name, overrides)
        return self._options[key]

    def compute_defaults_list(self, config_name: str | None, overrides: list[str], run_mode: RunMode) -> Any:
        """As Hydra's."""
        check_overrides(overrides)
        return self._inner.compute_defaults_list(config_name, overrides, run_mode)

    def _check(self, config: DictConfig, run_mode: RunMode, overrides: Sequence[str]) -> None:
        choices = dict(config.hydra.runtime.choices)
        for group, choice in choices.items():
            if group in _CHOICES and choice is not None:
                _check_choice(group, choice)
        if self._strangers:
            ours = [f"{group}={choice}" for group, choice in choices.items() if group in _CHOICES and choice]
            self._check_hydra(config, self._compose(self._without_strangers, ours, run_mode), overrides)
        self._settle(config, run_mode, overrides)

    def _compose(self, loader: ConfigLoader, overrides: list[str], run_mode: RunMode) -> DictConfig:
        """Compose a config of these overrides alone, once: a sweep asks for it at every point."""
        key = (loader is self._inner, run_mode, *overrides)
        if key not in self._known:
            self._known[key] = loader.load_configuration("config", overrides, run_mode)
        return self._known[key]

    def _check_hydra(self, config: DictConfig, ours: DictConfig, overrides: Sequence[str]) -> None:
        """Refuse whatever differs in Hydra's part from what it is without the stranger's files."""
        if sorted(overrides_of(config)) != sorted(overrides):
            raise ConfigError("a config cannot set overrides of the command", path="hydra.overrides")
        got, expected = (dict(_leaves(OmegaConf.to_container(one.hydra, resolve=False))) for one in (config, ours))
        for path in got.keys() | expected.keys():
            if got.get(path) == expected.get(path) or path in _FOLDERS or _within(path, _COMPUTED):
                continue
            if not _within(path, _PARAMETERS):
                raise ConfigError(f"a config cannot set it; of Hydra a4eval offers {_OFFERED}", path=f"hydra.{path}")
            _check_plain(f"hydra.{path}", got.get(path))
            head, name, *_ = [*path.split("."), ""]
            if name not in ours.hydra[head]:
                raise ConfigError(f"unknown key{did_you_mean(name, ours.hydra[head])}", path=f"hydra.{path}")
            if path == _STORAGE and not any(one.startswith(f"hydra.{_STORAGE}=") for one in overrides):
                raise ConfigError("can only be set on the command line", path=f"hydra.{path}")

    def _settle(self, config: DictConfig, run_mode: RunMode, overrides: Sequence[str]) -> None:
        """Let the command line alone choose executor and trackers; a YAML may set parameters of ``local``."""
        for key, naming in (("executor", ("executor=", "executor.name=")), ("trackers", ("trackers",))):
            said = [one for one in overrides if one.lstrip("+~").startswith((f"{key}=", f"{key}.", f"{key}@"))]
            if any(one.lstrip("+").startswith(naming) for one in said):
                with open_dict(config):
                    config[key] = self._compose(self._inner, said, run_mode)[key]
            elif key == "executor":
                node = config.get(key)
                name = node if isinstance(node, str) else node.get("name") if OmegaConf.is_dict(node) else None
                if name is not None and name not in LOCAL:
                    where = f"{name!r}, which may run elsewhere; give executor={name} with the command"
                    raise ConfigError(f"a config cannot choose {where}", path=key)
            elif config.get(key):
                what = "which would be sent what comes out; give trackers=[NAME] with the command"
                raise ConfigError(f"a config cannot choose trackers, {what}", path=key)


def overrides_of(config: DictConfig) -> list[str]:
    """Return the overrides that *config* was composed with, as they were given: no interpolation in them resolved."""
    given: Any = OmegaConf.to_container(config.hydra.overrides, resolve=False)
    return [*given["hydra"], *given["task"]]


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and value of everything below *node* that is not a mapping with something in it."""
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, node


def _within(path: str, places: Iterable[str]) -> bool:
    return any(path == place or path.startswith(f"{place}.") for place in places)
