"""From command-line overrides to one resolved experiment, through Hydra.

Hydra finds the configs of every active plugin, and those of a folder of the user's.
The parameters of components are checked afterwards against the components themselves (``schema``), so any key below
``task`` may be set without Hydra's ``+``.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import hydra
import msgspec
import yaml
from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from a4eval.config.apart import apart
from a4eval.config.guard import SCHEME, Guard, UserConfigs, check_folder
from a4eval.config.interpolation import bounded, check_depth, count_what_is_resolved
from a4eval.config.presets import experiments
from a4eval.environment import mention, mentions
from a4eval.errors import A4evalError, ConfigError, did_you_mean
from a4eval.experiment import Experiment, Root, check_root
from a4eval.registry import registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hydra._internal.hydra import Hydra

PACKAGE = "a4eval.configs"

# 1.3 warns when version_base is absent, 1.4 warns when it is given
VERSION_BASE: dict[str, Any] = {"version_base": "1.3"} if hydra.__version__.startswith("1.3") else {}


class _PluginConfigs(SearchPathPlugin):
    """Puts the user's folder first and the plugins' config packages last on Hydra's search path."""

    user_folder: Path | None = None

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        if self.user_folder is not None:
            before = SearchPathQuery(provider="main", path=None)
            search_path.prepend("--config-dir", f"{SCHEME}://{self.user_folder}", anchor=before)
        for plugin in registry().plugins:
            for package in plugin.config_packages:
                if package != PACKAGE:
                    search_path.append(plugin.name, f"pkg://{package}")


def prepare_search_path(config_dir: Path | None) -> None:
    """Let Hydra find the configs of the plugins and of *config_dir*.

    Raises:
        ConfigError: *config_dir* is not a folder, or one that is refused.
    """
    if config_dir is not None:
        if not config_dir.is_dir():
            raise ConfigError(f"there is no folder {str(config_dir)!r}", path="--config-dir")
        check_folder(config_dir)
    # what it gives a config is a name; the value comes in where a component is built
    OmegaConf.register_new_resolver("oc.env", mention, replace=True)
    count_what_is_resolved()
    Plugins.instance().register(UserConfigs)
    _PluginConfigs.user_folder = config_dir.resolve() if config_dir else None
    Plugins.instance().register(_PluginConfigs)
    # Hydra scans hydra_plugins for it, but does not see into an editable install
    Plugins.instance().register(import_module("hydra_plugins.a4eval").PlanSweeper)


def user_folder() -> Path | None:
    """Return the folder of ``--config-dir``."""
    return _PluginConfigs.user_folder


@contextmanager
def guarded_hydra(job_name: str, config_dir: Path | None) -> Iterator[Hydra]:
    """Within this context Hydra is there, and composes nothing that a config may not say.

    Raises:
        ConfigError: an override, a name or a file is wrong.
    """
    with apart():
        prepare_search_path(config_dir)
        GlobalHydra.instance().clear()
        try:
            with hydra.initialize_config_module(PACKAGE, job_name=job_name, **VERSION_BASE):
                application = GlobalHydra.instance().hydra
                assert application is not None
                application.config_loader = Guard(application.config_loader, strangers=config_dir is not None)
                yield application
        except (*COMPOSITION_ERRORS, RuntimeError) as error:  # the last if a part of Hydra's own config was taken away
            raise explain(error, config_dir) from error


def experiment(overrides: Sequence[str], config_dir: Path | None = None) -> Experiment:
    """Return the experiment that *overrides* come to, composed and resolved.

    Raises:
        ConfigError: an override, a name, a file or a key of the root is wrong.
    """
    with apart():
        return resolve(compose(overrides, config_dir), overrides)


def compose(overrides: Sequence[str], config_dir: Path | None = None) -> DictConfig:
    """Compose the config, Hydra's own part included.

    Raises:
        ConfigError: an override, a name or a file is wrong.
    """
    with guarded_hydra("a4eval", config_dir):
        config = hydra.compose("config", overrides=free_keys(overrides), return_hydra_config=True)
    HydraConfig.instance().set_config(config)
    return config


def resolve(config: DictConfig, overrides: Iterable[str]) -> Experiment:
    """Resolve the interpolations of a composed config and check its root keys.

    Raises:
        ConfigError: an interpolation leads nowhere, or a key of the root is unknown or of the wrong type.
    """
    try:
        with bounded():
            root = {str(key): _resolved(config, str(key)) for key in config if key != "hydra"}
            directory = folder_of(config, "run")
    except (OmegaConfBaseException, RecursionError) as error:
        raise explain(error) from error
    check_root(root)
    return Experiment(config.hydra.runtime.choices.get("experiment"), root, tuple(overrides), directory)


def folder_of(config: DictConfig, what: Literal["run", "sweep"]) -> Path:
    """Return the folder of a run or a sweep.

    Raises:
        ConfigError: its name would show the value of an environment variable.
    """
    text = str(config.hydra[what].dir)
    if mentions(text):
        message = f"got {text!r}, but a folder's name would show the value; let the shell put it in"
        raise ConfigError(message, path=f"hydra.{what}.dir")
    return Path(text)


def _resolved(config: DictConfig, key: str) -> Any:
    if OmegaConf.is_missing(config, key):
        return "???"
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


def free_keys(overrides: Iterable[str]) -> list[str]:
    """Let a key below ``task`` or ``executor`` be set whether or not the YAML mentions it: parameters have defaults.

    >>> free_keys(["task.k=5", "seed=1", "~task.k"])
    ['++task.k=5', 'seed=1', '~task.k']
    """
    return [f"++{override}" if override.startswith(("task.", "executor.")) else override for override in overrides]


COMPOSITION_ERRORS = (
    HydraException,
    OmegaConfBaseException,
    yaml.YAMLError,
    # what Hydra lets through of a user's typo: keys and groups that are not there, YAML that is not UTF-8 or in circles
    AttributeError,
    KeyError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


def explain(error: Exception, config_dir: Path | None = None) -> ConfigError:
    """Return Hydra's, OmegaConf's or YAML's complaint as one line that says where and what to do."""
    return _ours(error) or _hydras(error, config_dir)


def _ours(error: Exception) -> ConfigError | None:
    """Return what a resolver of ours complained of, if it is behind *error*."""
    cause = error.__cause__
    while cause is not None and not isinstance(cause, A4evalError):
        cause = cause.__cause__
    key = str(error.full_key or "") if isinstance(error, OmegaConfBaseException) else ""
    return None if cause is None else ConfigError(str(cause), path=key)


def _hydras(error: Exception, config_dir: Path | None) -> ConfigError:
    cause = error.__cause__
    if isinstance(error, MissingConfigException):
        missing = str(error.missing_cfg_file)
        group, _, name = missing.partition("/")
        if group == "experiment":
            hint = did_you_mean(name, [listed.name for listed in experiments(config_dir)])
            return ConfigError(f"there is no experiment {name!r}{hint} (`a4eval experiments` lists them)", path=group)
        return ConfigError(f"there is no config {missing!r}{did_you_mean(name, error.options or ())}")
    if isinstance(error, OverrideParseException):
        override = str(error.override).removeprefix("++")
        said = [
            line for line in str(error).splitlines() if line.strip(" ^") and not line.startswith(("Error ", "See "))
        ]
        quote = "; quote a value with special characters: KEY='\"VALUE\"'" if "'" not in override else ""
        return ConfigError(f"cannot read the override {override!r}: {said[0] if said else 'not understood'}{quote}")
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return ConfigError(f"not valid YAML: {error.problem}", path=f"{mark.name}, line {mark.line + 1}")
    if isinstance(cause, OmegaConfBaseException) and cause.full_key and "struct" in str(cause):
        key = str(cause.full_key)
        return ConfigError(f"unknown key{did_you_mean(key, msgspec.structs.asdict(Root(task=None)))}", path=key)
    source = cause if isinstance(cause, OmegaConfBaseException) else error
    key = str(source.full_key or "") if isinstance(source, OmegaConfBaseException) else ""
    lines = [line.strip() for line in str(source).splitlines()]
    kept = [line for line in lines if line and not line.startswith(("full_key:", "object_type=", "See http"))]
    if not isinstance(error, (HydraException, OmegaConfBaseException)):
        kept = [f"cannot be composed: {type(error).__name__}: {kept[0] if kept else ''}"]
    return ConfigError("; ".join(kept), path=key)
