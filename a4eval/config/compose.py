"""From command-line overrides to one resolved experiment, through Hydra.

Hydra finds the configs of every active plugin, and those of a folder of the user's.
The parameters of components are checked afterwards against the components themselves (``schema``), so any key below
``task`` may be set without Hydra's ``+``.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import hydra
from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from a4eval.config.apart import apart
from a4eval.config.complaints import COMPOSITION_ERRORS, explain
from a4eval.config.guard import SCHEME, Guard, UserConfigs, check_folder
from a4eval.config.salvage import SCHEME as EMPTY
from a4eval.config.salvage import Composed, EmptyConfigs, Resolving, composed
from a4eval.conversion import at_home
from a4eval.environment import mention, mentions
from a4eval.errors import ConfigError
from a4eval.experiment import Experiment
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
        search_path.append("a4eval", f"{EMPTY}://")


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
    Plugins.instance().register(UserConfigs)
    Plugins.instance().register(EmptyConfigs)
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
    """Return the experiment that *overrides* come to, composed and resolved, with what is wrong with some of it.

    Raises:
        ConfigError: it cannot be composed.
    """
    with apart():
        return resolve(composed(partial(compose, config_dir=config_dir), overrides, config_dir), overrides)


def compose(overrides: Sequence[str], config_dir: Path | None = None) -> DictConfig:
    """Compose the config, Hydra's own part included.

    Raises:
        ConfigError: an override, a name or a file is wrong.
    """
    with guarded_hydra("a4eval", config_dir):
        config = hydra.compose("config", overrides=free_keys(overrides), return_hydra_config=True)
    HydraConfig.instance().set_config(config)
    return config


def resolve(whole: Composed, overrides: Iterable[str]) -> Experiment:
    """Resolve the interpolations of a composed config; what is wrong is noted in the experiment.

    Raises:
        ConfigError: they stand for more than they may.
    """
    config = whole.config
    resolving = Resolving(config)
    for key in OmegaConf.select(config, "hydra.sweeper.params") or ():
        if _unset(config, key):
            message = "is given by the sweep of the experiment; run it with -m"
            resolving.problems.append(ConfigError(message, path=key))
            resolving.unknown.add(key)
    root = {key: resolving.value(key) for key in map(str, config) if key != "hydra"}
    directory = Path()
    try:
        directory = folder_of(config, "run")
    except (OmegaConfBaseException, ConfigError) as error:
        resolving.problems.append(error if isinstance(error, ConfigError) else explain(error))
    name = config.hydra.runtime.choices.get("experiment")
    problems, unknown = (*whole.problems, *resolving.problems), (*whole.unknown, *resolving.unknown)
    return Experiment(name, root, tuple(overrides), directory, problems, unknown)


def folder_of(config: DictConfig, what: Literal["run", "sweep"]) -> Path:
    """Return the folder of a run or a sweep.

    Raises:
        ConfigError: its name would show the value of an environment variable.
    """
    text = str(config.hydra[what].dir)
    if mentions(text):
        message = f"got {text!r}, but a folder's name would show the value; let the shell put it in"
        raise ConfigError(message, path=f"hydra.{what}.dir")
    return at_home(text)


def _unset(config: DictConfig, key: str) -> bool:
    """Say whether *key* waits for its value."""
    above, _, last = key.rpartition(".")
    node = OmegaConf.select(config, above) if above else config
    return OmegaConf.is_config(node) and OmegaConf.is_missing(node, last)


def free_keys(overrides: Iterable[str]) -> list[str]:
    """Let a key below ``task`` or ``executor`` be set whether or not the YAML mentions it: parameters have defaults.

    A path that begins with ``~`` becomes a text, which Hydra would not take it for.

    >>> free_keys(["task.k=5", "seed=1", "~task.k", "task.data.path=~/a,~/b"])
    ['++task.k=5', 'seed=1', '~task.k', "++task.data.path='~/a','~/b'"]
    """
    return [f"++{_texts(one)}" if one.startswith(("task.", "executor.")) else _texts(one) for one in overrides]


def _texts(override: str) -> str:
    key, sign, value = override.partition("=")
    return key + sign + _AT_HOME.sub(r"'\g<0>'", value) if "~" in value else override


_AT_HOME = re.compile(r"(?:(?<=^)|(?<=[,\[:]))~[\w./-]*")
