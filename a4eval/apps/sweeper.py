"""What ``hydra/sweeper=a4eval`` does for an app of the user's: plan its points as Hydra would, then run them here."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from omegaconf import OmegaConf

from a4eval.apps.again import command_of, earlier, later, left_early, refuse_taken, version_of
from a4eval.apps.job import AppRunner, gather
from a4eval.apps.plan import AppPlan
from a4eval.apps.search import Search
from a4eval.apps.start import by_value, meet, start_of
from a4eval.apps.study import Aim, Direction, aim_of
from a4eval.conversion import convert
from a4eval.errors import A4evalError, ConfigError, DataError, PluginError, each, noted, together
from a4eval.experiment import Conduct
from a4eval.results.exit_status import BAD_CONFIG, FAILED
from a4eval.results.summary import finish
from a4eval.runs.folder import make_folder
from a4eval.sweeps.carry_out import carry_out, executor_of
from a4eval.sweeps.sweeper import Planned
from a4eval.terminal import put, remark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

_TYPES: dict[str, Any] = {
    "executor": str | dict[str, Any],
    "search": str | dict[str, Any] | None,
    "resume": bool | Literal["failed"],
    "dry_run": bool,
    "fail_fast": bool,
    "retries": int,
    "timeout": float | None,
    "sort": str | None,
    "directions": dict[str, Direction],
    "version": str | int | float | None,
}
"""The keys of ``hydra.sweeper``, beside those of Hydra's basic sweeper."""


def sweep(
    context: HydraContext, function: TaskFunction, config: DictConfig, settings: Mapping[str, Any], arguments: list[str]
) -> None:
    """Carry out the sweep that Hydra has composed; end the program unless all is well.

    Args:
        context: Hydra's.
        function: the app's.
        config: the composed config of the sweep.
        settings: ``hydra.sweeper``.
        arguments: the overrides of the command.

    Raises:
        hydra.errors.HydraException: a point cannot be composed; Hydra says so as it always does.
        SystemExit: it is not all well.
    """
    meet(function, context)
    try:
        status = _carried_out(context, function, config, settings, arguments)
    except A4evalError as error:
        for one in each(error) if isinstance(error, ConfigError) else (error,):
            remark(f"a4eval: error: {' '.join(str(one).split())}")
        sys.exit(FAILED if isinstance(error, DataError) else BAD_CONFIG)
    if status:
        # Hydra would not get to it
        context.callbacks.on_multirun_end(config=config, config_name=config.hydra.job.config_name)
        sys.exit(status)


def _carried_out(
    context: HydraContext, function: TaskFunction, config: DictConfig, settings: Mapping[str, Any], arguments: list[str]
) -> int:
    said, conduct, aim = _asked(settings)
    _warn_of_launcher(config.hydra.runtime.choices.get("hydra/launcher"))
    start = start_of(function, context)
    version = version_of(said["version"])
    overrides = [f"{key}={value}" for key, value in (settings["params"] or {}).items()] + arguments
    done = {"ok"} if said["resume"] == "failed" else {"ok", "failed"}
    plan = AppPlan(context.config_loader, config, overrides, version, start.dumps)
    command = command_of(config, overrides)
    folder = Path(str(config.hydra.sweep.dir))
    directions = said["directions"] | ({} if aim is None else aim.directions)
    better = {name: direction == "maximize" for name, direction in directions.items()}
    runner = AppRunner(start, _pickled(context), tuple(command.single()) if command.program else (), better)
    search: Search | None = None
    if aim is None:
        points = plan.every(conduct, runner)
    else:
        begun = partial(Search, aim, plan.searched(), plan, conduct, runner, command.sweep_id, done)

    def unfinished(place: Path) -> bool:
        return left_early(points, place) if aim is None else begun(place).unfinished

    if found := (conduct.resume and earlier(config, command, unfinished)) or later(config):
        folder, command.now = found
        plan.goes_on(command.now)
    if aim is not None:
        search = begun(folder)
        points = search.points
    if conduct.dry_run:
        if search is not None:
            search.more(1, 0)
        return finish(Planned(plan.axes, plan.repeated, points, folder, command.sweep_id, command))
    refuse_taken(points, plan, folder)
    if plan.shared and search is None:
        doubt = "point(s) have the folder of an earlier one (hydra.sweep.subdir) and write over what it leaves"
        remark(f"a4eval: warning: {plan.shared} {doubt}")
    make_folder(folder, "hydra.sweep.dir")
    OmegaConf.save(config, folder / "multirun.yaml")
    outcome = carry_out(points, folder, command.sweep_id, command, done, guide=search)
    if not outcome.detached:
        gather(folder)
    status = finish(outcome)
    for line in search.sentences() if search is not None else ():
        put(line)
    return status


def _warn_of_launcher(name: str) -> None:
    if name != "basic":
        remark(f"a4eval: warning: hydra/launcher={name} has no effect here; hydra.sweeper.executor says where to run")


def _asked(settings: Mapping[str, Any]) -> tuple[dict[str, Any], Conduct, Aim | None]:
    """Return what ``hydra.sweeper`` says, how the sweep is run, and what it searches for.

    Raises:
        ConfigError: values are wrong; all of them are told.
    """
    said: dict[str, Any] = {}
    problems: list[ConfigError] = []
    aim = None
    for key, kind in _TYPES.items():
        path = f"hydra.sweeper.{key}"
        with noted(problems):
            value = said[key] = convert(settings[key], kind, path)
            if key == "retries" and value < 0:
                raise ConfigError(f"got {value}, expected a non-negative integer", path=path)
            if key == "timeout" and value is not None and not value > 0:
                raise ConfigError(f"got {value}, expected a number of seconds above 0, or null", path=path)
            if key == "executor":
                executor_of(Conduct(executor=value), path)
            if key == "search":
                aim = aim_of(value)
    if problems:
        raise together(problems)
    own = {key: value for key, value in said.items() if key not in ("version", "search", "directions")}
    return said, Conduct(**{**own, "resume": own["resume"] is not False}), aim


def _pickled(context: HydraContext) -> bytes:
    """Return Hydra's callbacks as they are now that the sweep has begun; nothing if they cannot be passed on."""
    if not context.callbacks.callbacks:
        return b""
    try:
        return by_value(context.callbacks)
    except PluginError:
        return b""  # each process makes its own
