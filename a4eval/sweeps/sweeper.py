"""What ``hydra/sweeper=a4eval`` does once Hydra has composed the config: plan all points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from a4eval.config.compose import folder_of, free_keys
from a4eval.config.guard import overrides_of
from a4eval.errors import A4evalError, ConfigError
from a4eval.executors.contract import Jobs
from a4eval.experiment import POINT_KEYS, Conduct
from a4eval.sweeps.axes import Axis, check_swept, parse
from a4eval.sweeps.command import Command, command
from a4eval.sweeps.joined import joined
from a4eval.sweeps.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hydra.core.config_loader import ConfigLoader


@dataclass(frozen=True, slots=True)
class Planned:
    """A sweep that may begin.

    Args:
        axes: what is swept.
        repeated: how many points were left out because they are the same run as an earlier one.
        points: all others, checked.
        folder: where they go.
        sweep_id: goes into each record.
        started: the command that asked for them.
    """

    axes: list[Axis]
    repeated: int
    points: Jobs
    folder: Path
    sweep_id: str
    started: Command


@dataclass(frozen=True, slots=True)
class Stopped:
    """A sweep that cannot be planned, and why: what is raised within Hydra is taken for a fault of a config."""

    error: Exception


def planned(
    loader: ConfigLoader, config: DictConfig, settings: Mapping[str, Any], arguments: list[str]
) -> Planned | Stopped:
    """Plan the sweep that Hydra has composed.

    Args:
        loader: Hydra's, which composes the points.
        config: the composed config, Hydra's own part included.
        settings: ``hydra.sweeper``: its ``params`` are overrides of the config itself, the others are for apps.
        arguments: those of the command line.
    """
    params: dict[str, str] = settings["params"] or {}
    overrides = free_keys(f"{key}={value}" for key, value in params.items()) + arguments
    given: Any = OmegaConf.to_container(OmegaConf.masked_copy(config, list(POINT_KEYS)), resolve=False)
    try:
        _check(settings)
        check_swept(params, "hydra.sweeper.params")
        dials = parse(overrides, loader, joined(given["points"], given["zip"], loader))
    except A4evalError as error:  # what is raised within Hydra is taken for a fault of a config
        return Stopped(error)
    plan = Plan(dials, partial(_compose, loader, config))
    return Planned(
        axes=plan.axes,
        repeated=plan.repeated,
        points=plan.jobs,
        folder=folder_of(config, "sweep"),
        sweep_id=config.hydra.job.name,
        started=command(overrides_of(config)),
    )


def _check(settings: Mapping[str, Any]) -> None:
    """Refuse what says how a sweep over an app of the user's runs: here the root keys say it."""
    ours = msgspec.structs.asdict(Conduct(executor={"name": "local"})) | {"search": {"name": None}, "directions": {}}
    for key, value in settings.items():
        if key != "params" and value != ours.get(key):
            said = "hydra/sweeper=optuna searches" if key == "search" else f"{key}=… says it"
            message = f"is for a sweep over a Hydra app of your own; of an experiment {said}"
            raise ConfigError(message, path=f"hydra.sweeper.{key}")


def _compose(loader: ConfigLoader, config: DictConfig, overrides: list[str], number: int) -> DictConfig:
    composed: DictConfig = loader.load_sweep_config(config, overrides)
    with open_dict(composed):
        composed.hydra.job.id = composed.hydra.job.num = number
    HydraConfig.instance().set_config(composed)
    return composed
