"""Sweeps through Hydra's own sweepers and launchers: the same journal, the same records, the same summary."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from a4eval.config.compose import folder_of, resolve
from a4eval.config.salvage import Composed
from a4eval.errors import ConfigError, RunFailedError, did_you_mean, noted, together
from a4eval.executors.jobs import new_folder, tell
from a4eval.experiment import check_root
from a4eval.journal.journal import Journal
from a4eval.journal.views import Row, number
from a4eval.ownership import claim
from a4eval.runs import installed
from a4eval.runs.folder import make_folder
from a4eval.runs.record import ExecutorRecord, encode
from a4eval.runs.runner import execute, prepare
from a4eval.sweeps.carry_out import Outcome
from a4eval.sweeps.command import check, keep
from a4eval.sweeps.retry import recorded
from a4eval.trackers.feeds import trackers_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from a4eval.sweeps.command import Command


WRITTEN = ("multirun.yaml", "optimization_results.yaml")
"""What Hydra's basic sweeper and the one of Optuna write into the sweep's folder, whatever is there."""


def claim_what_hydra_writes(folder: Path) -> None:
    """Note that the files of Hydra's own sweepers are a4eval's in *folder*.

    Raises:
        ConfigError: the folder cannot be made.
        DataError: there is a file of such a name that no sweep has left.
    """
    make_folder(folder, "hydra.sweep.dir")
    for name in WRITTEN:
        claim(folder, name)


def point(config: DictConfig, command: Command) -> float | list[float] | None:
    """Run one point that one of Hydra's launchers was given, and return the objective for its sweeper.

    Args:
        config: what Hydra composed.
        command: what started the sweep; the first point keeps it.

    Raises:
        RunFailedError: the run failed; its record is written.
        ConfigError: the config is wrong.
    """
    own = HydraConfig.get()
    whole = DictConfig({**config, "hydra": own})
    given: Any = OmegaConf.to_container(own.overrides.task, resolve=False)
    experiment = resolve(Composed(whole), [override.removeprefix("++") for override in given])
    with noted(problems := list(experiment.problems)):
        check_root(experiment.config, experiment.name)
    if problems:
        raise together(problems)
    root = experiment.root
    if root.dry_run:
        raise ConfigError("needs hydra/sweeper=a4eval: only that one knows all points beforehand", path="dry_run")
    if root.points is not None or root.zip is not None:
        path = "zip" if root.points is None else "points"
        raise ConfigError("needs hydra/sweeper=a4eval: another one picks its points itself", path=path)
    if root.reuse is not None:
        raise ConfigError("needs hydra/sweeper=a4eval: only that one knows all points beforehand", path="reuse")
    if root.objective is None and own.runtime.choices["hydra/sweeper"] != "basic":
        raise ConfigError("is missing; name the metric that the search is to optimise", path="objective")
    trackers_of(root.trackers)  # they are given what there is in the end
    prepared = prepare(experiment)
    folder = folder_of(whole, "sweep")
    make_folder(folder, "hydra.sweep.dir")
    journal = Journal(folder)
    journal.check()
    check(folder)
    if own.job.num == 0:
        keep(folder, command)
        installed.keep(folder)
    known = journal.catch_up().current(prepared.run_id) if root.resume else None
    if known is not None and known.status == "ok":
        (row,) = journal.read([known], Row)
        return objective({name: metric.value for name, metric in row.metrics.items()}, root.objective)
    executor = ExecutorRecord(own.runtime.choices["hydra/launcher"], platform.node(), 1)
    record = execute(prepared, new_folder(folder, prepared.run_id), sweep_id=own.job.name, executor=executor)
    journal.append(encode(record) + b"\n")
    journal.sync()
    tell(record, folder)
    if record.error is not None:
        raise RunFailedError(f"{record.error.type}: {record.error.message}")
    return objective({name: metric.value for name, metric in record.metrics.items()}, root.objective)


def objective(metrics: Mapping[str, Any], names: str | list[str] | None) -> float | list[float] | None:
    """Return the metrics that a search is to optimise.

    Raises:
        ConfigError: the run gives no such metric.

    >>> objective({"accuracy": 0.5, "loss": "NaN"}, ["loss", "accuracy"])
    [nan, 0.5]
    """
    if names is None:
        return None
    if isinstance(names, list):
        return [_one(metrics, name) for name in names]
    return _one(metrics, names)


def _one(metrics: Mapping[str, Any], name: str) -> float:
    if name not in metrics:
        raise ConfigError(f"there is no metric {name!r}{did_you_mean(name, metrics)}", path="objective")
    return float(number(metrics[name]))


def outcome(folder: Path, seconds: float) -> Outcome:
    """Return what came of a sweep in *folder* that Hydra's own sweeper ran.

    Raises:
        ConfigError: nothing did.
    """
    journal = Journal(folder)
    standing = journal.catch_up()
    entries = [entry for run_id in standing if (entry := standing.last(run_id)) is not None]
    if not entries:
        raise ConfigError("the sweep ran no point")
    points, sweep_id = recorded(journal, entries)
    return Outcome(
        points=points,
        sweep_id=sweep_id,
        folder=folder,
        journal=journal,
        earlier=0,
        done=len(points),
        failed=sum(entry.status != "ok" for entry in entries),
        seconds=seconds,
        interrupted=False,
    )
