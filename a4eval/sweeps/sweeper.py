"""What ``hydra/sweeper=a4eval`` does once Hydra has composed the config: plan all points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from a4eval.config.compose import folder_of, free_keys
from a4eval.config.guard import overrides_of
from a4eval.errors import A4evalError
from a4eval.experiment import POINT_KEYS
from a4eval.sweeps.axes import check_swept, parse
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
        plan: all points, checked.
        folder: where they go.
        sweep_id: goes into each record.
        started: the command that asked for them.
    """

    plan: Plan
    folder: Path
    sweep_id: str
    started: Command


@dataclass(frozen=True, slots=True)
class Stopped:
    """A sweep that cannot be planned, and why: what is raised within Hydra is taken for a fault of a config."""

    error: Exception


def planned(
    loader: ConfigLoader, config: DictConfig, params: Mapping[str, str], arguments: list[str]
) -> Planned | Stopped:
    """Plan the sweep that Hydra has composed.

    Args:
        loader: Hydra's, which composes the points.
        config: the composed config, Hydra's own part included.
        params: overrides of the config itself, ``hydra.sweeper.params``.
        arguments: those of the command line.
    """
    overrides = free_keys(f"{key}={value}" for key, value in params.items()) + arguments
    given: Any = OmegaConf.to_container(OmegaConf.masked_copy(config, list(POINT_KEYS)), resolve=False)
    try:
        check_swept(params, "hydra.sweeper.params")
        dials = parse(overrides, loader, joined(given["points"], given["zip"], loader))
    except A4evalError as error:  # what is raised within Hydra is taken for a fault of a config
        return Stopped(error)
    plan = Plan(dials, partial(_compose, loader, config))
    return Planned(plan, folder_of(config, "sweep"), config.hydra.job.name, command(overrides_of(config)))


def _compose(loader: ConfigLoader, config: DictConfig, overrides: list[str], number: int) -> DictConfig:
    composed: DictConfig = loader.load_sweep_config(config, overrides)
    with open_dict(composed):
        composed.hydra.job.id = composed.hydra.job.num = number
    HydraConfig.instance().set_config(composed)
    return composed
