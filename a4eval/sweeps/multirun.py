"""``a4eval run -m``: hand the sweep to Hydra, whose sweeper is ours unless another is asked for."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from hydra._internal.callbacks import Callbacks
from hydra.core.plugins import Plugins
from hydra.types import HydraContext, RunMode
from omegaconf import OmegaConf

from a4eval.config.apart import apart
from a4eval.config.complaints import unreadable
from a4eval.config.compose import folder_of, free_keys, guarded_hydra
from a4eval.config.idle import idle
from a4eval.config.salvage import blamed_for, composed, plain
from a4eval.config.sources import sourced
from a4eval.errors import ConfigError, RunFailedError, noted, together, told_once
from a4eval.executors.contract import Job, Jobs
from a4eval.experiment import SWEEP_KEYS, Root
from a4eval.runs.asked import check_conduct
from a4eval.sweeps.carry_out import Outcome, carry_out, executor_of, stop_of
from a4eval.sweeps.command import command
from a4eval.sweeps.other_sweepers import claim_what_hydra_writes, outcome, point
from a4eval.sweeps.reuse import check
from a4eval.sweeps.sweeper import Planned, Stopped
from a4eval.trackers.feeds import feeding, trackers_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hydra._internal.hydra import Hydra
    from omegaconf import DictConfig


def sweep(overrides: Sequence[str], config_dir: Path | None) -> Outcome | Planned:
    """Run a sweep and return what came of it, or of its dry run.

    Raises:
        ConfigError: any point's config is wrong; then none was run.
        OutputError: the journal cannot be written.
    """
    problems = idle(overrides, sweep=True)
    try:
        came = _through_hydra(overrides, config_dir, plan_only=bool(problems))
        if isinstance(came, Stopped):
            raise came.error
        if problems:
            raise together(problems)
    except ConfigError as error:
        found = unreadable(free_keys(overrides)) or together(_all_wrong(error, overrides, config_dir))
        raise sourced(together([*problems, found]), overrides, config_dir) from error
    assert came is not None  # it is None where a plan alone was asked for
    if isinstance(came, Outcome):
        return came
    if isinstance(came.points.conduct, Root):
        check(came.points.conduct.reuse, overrides, resume=came.points.conduct.resume)
    points = Jobs(came.points.run_ids, partial(_made, came.points), came.points.conduct, came.points.runner)
    if points.conduct.dry_run:
        executor_of(points.conduct)
        stop_of(points)
        trackers_of(points.conduct.trackers)
        return replace(came, points=points)
    return carry_out(points, came.folder, came.sweep_id, came.started)


def _made(points: Jobs, number: int) -> Job:
    """Make a point ready: some ask Hydra for what they hold."""
    with apart():
        return points[number]


def name_of(overrides: Sequence[str], config_dir: Path | None = None) -> str:
    """Return the name of a sweep: the same overrides, in any order, are the same sweep and find the same folder again.

    The user's own configs are part of what the overrides mean.

    >>> from pathlib import Path
    >>> name_of(["experiment=assignment4/q5", "seed=1,2"])
    'q5-7c99054c'
    >>> name_of(["seed=1,2", "experiment=assignment4/q5", "retries=3", "executor=ray"])
    'q5-7c99054c'
    >>> name_of(["experiment=assignment4/q5", "seed=1,2"], Path("own"))
    'q5-19b64ba9'
    """
    last = {one.partition("=")[0]: one for one in (override.removeprefix("++") for override in overrides)}
    kept = sorted(one for one in last.values() if not _about_the_sweep(one))
    if config_dir is not None:
        kept.append(f"--config-dir={os.path.relpath(config_dir.resolve())}")
    digest = hashlib.sha256("\n".join(kept).encode(errors="surrogateescape")).hexdigest()[:8]
    choice = next((value for key, _, value in (one.partition("=") for one in kept) if key == "experiment"), "")
    name = choice.rpartition("/")[2]
    return f"{name}-{digest}" if name.replace("_", "").isalnum() else digest


def _about_the_sweep(override: str) -> bool:
    key = override.lstrip("+~").partition("=")[0].partition(".")[0]
    return key in SWEEP_KEYS or key.startswith("hydra")


def _all_wrong(error: Exception, overrides: Sequence[str], config_dir: Path | None) -> Iterator[ConfigError]:
    """Yield what is wrong with a sweep: *error*, and what is found without the override that is behind it."""
    kept = list(overrides)
    while isinstance(error, ConfigError):
        yield error
        blamed = blamed_for(error, kept)
        if blamed is None or error.path == "experiment":  # without one nothing has a meaning
            return
        kept.remove(blamed)
        try:
            came = _through_hydra(kept, config_dir, plan_only=True)
        except ConfigError as another:
            error = another
        else:
            if not isinstance(came, Stopped):
                return
            error = came.error


def _composed(application: Hydra, overrides: list[str]) -> DictConfig:
    given = [*overrides, "hydra.mode=MULTIRUN"]
    return application.compose_config("config", given, RunMode.MULTIRUN, with_log_configuration=False)


def _through_hydra(
    overrides: Sequence[str], config_dir: Path | None, *, plan_only: bool = False
) -> Outcome | Planned | Stopped | None:
    start = time.monotonic()
    with guarded_hydra(name_of(overrides, config_dir), config_dir) as application:
        whole = composed(partial(_composed, application), free_keys(overrides), config_dir)
        config = whole.config
        problems = list(whole.problems)
        if config.hydra.runtime.choices["hydra/sweeper"] != "a4eval":
            if problems:
                raise told_once(problems, whole.unknown)
            if plan_only:
                return None
            claim_what_hydra_writes(folder_of(config, "sweep"))
        context = HydraContext(config_loader=application.config_loader, callbacks=Callbacks(config))
        typed: Any = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
        task = partial(point, command=command(overrides))
        sweeper = Plugins.instance().instantiate_sweeper(config=config, hydra_context=context, task_function=task)
        came = None
        with noted(problems), suppress(RunFailedError):  # another sweeper's way of saying what the records say
            came = sweeper.sweep(arguments=typed)
        if problems:
            check_conduct({key: plain(config, key) for key in ("executor", "trackers")}, problems)
            raise told_once(problems, whole.unknown)
        if isinstance(came, (Planned, Stopped)):
            return came
        found = outcome(folder_of(config, "sweep"), time.monotonic() - start)
        trackers = trackers_of(plain(config, "trackers"))
        with feeding(trackers, found.journal.path, journal=True) as feeds:
            return replace(found, doubts=tuple(feeds.end()))
