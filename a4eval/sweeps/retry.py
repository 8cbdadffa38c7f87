"""Run points again from what a sweep left in its folder: ``a4eval retry``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from omegaconf import OmegaConf

from a4eval.config.apart import apart
from a4eval.config.compose import compose
from a4eval.config.salvage import contained
from a4eval.errors import A4evalError, ConfigError, DataError
from a4eval.executors.contract import Job, Jobs
from a4eval.executors.jobs import ExperimentRunner, Point
from a4eval.experiment import LOCAL, Experiment, Root, check_root
from a4eval.journal.journal import FILE_NAME, Journal
from a4eval.journal.views import Row
from a4eval.plurals import counted
from a4eval.runs.runner import prepare
from a4eval.sweeps.carry_out import Outcome, carry_out
from a4eval.sweeps.command import check_changes, chooses, kept, root_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval.journal.views import Entry
    from a4eval.sweeps.command import Command


def recorded(
    journal: Journal, entries: Sequence[Entry], changes: Mapping[str, object] | None = None
) -> tuple[Jobs, str]:
    """Return the points of *entries*, made from their records in *journal*, and the id of the sweep they belong to.

    Args:
        journal: where the records are.
        entries: the points.
        changes: root keys that are other than recorded.
    """
    changed = {"trackers": []} | dict(changes or {})  # a record chooses none

    def make(number: int) -> Job:
        (row,) = journal.read([entries[number]], Row)
        config = msgspec.json.decode(row.config) | changed
        point = Point(row.experiment, config, tuple(row.overrides))
        return Job(row.run_id, point, *point.limits)

    (first,) = journal.read(entries[:1], Row)
    root = msgspec.convert(msgspec.json.decode(first.config) | changed, Root)
    return Jobs((entry.run_id for entry in entries), make, root, ExperimentRunner()), first.sweep_id or ""


def retry(folder: Path, overrides: Sequence[str] = ()) -> Outcome | None:
    """Run the failed points of *folder* again; None if there are none.

    Args:
        folder: the sweep's folder.
        overrides: of ``executor``, ``timeout`` and the like.

    Raises:
        DataError: *folder* holds no journal, or that no record.
        ConfigError: another sweep is running there, it was started in another working directory, its records ask for
            an executor that the command does not name, or none of them can run as it was recorded.
    """
    check_changes(overrides)
    journal = Journal(folder)
    if not journal.path.exists():
        raise DataError(f"{folder}: holds no {FILE_NAME}, so it is no sweep's folder")
    # only to learn that we are in the right directory, and what ran the sweep: the points are in the records
    started = kept(folder)
    standing = journal.catch_up()
    if not standing:
        raise DataError(f"{journal.path}: holds no record")
    failed = [entry for run_id in standing if (entry := standing.last(run_id)) is not None and entry.status != "ok"]
    if not failed:
        return None
    changes = _changes(overrides, started)
    left_out = {row.run_id: why for row in journal.read(failed, _Row) if (why := _why_not(row))}
    doubts = []
    if left_out:
        why, advice = next(iter(left_out.values())), "the sweep's own command runs what it means now"
        doubts = [f"{counted(len(left_out), 'failed run')} cannot run again as they were recorded: {why}; {advice}"]
        failed = [entry for entry in failed if entry.run_id not in left_out]
    if not failed:
        raise ConfigError(doubts[0])
    points, sweep_id = recorded(journal, failed, changes)
    if "executor" not in changes:
        _refuse_elsewhere(folder, points.conduct.executor)
    outcome = carry_out(points, folder, sweep_id, None, {"ok"}, among_others=True)
    return replace(outcome, doubts=(*doubts, *outcome.doubts))


class _Component(msgspec.Struct):
    """One that a run was built from."""

    kind: str
    plugin: str
    name: str
    version: int


class _Row(Row):
    """A record, and what its run was built from."""

    components: list[_Component] = msgspec.field(default_factory=list)


def _why_not(row: _Row) -> str:
    """Say why a run cannot run here as it did when it was recorded; nothing if it can."""
    try:
        config = msgspec.json.decode(row.config)
        check_root(config)
        prepared = prepare(Experiment(row.experiment, config, tuple(row.overrides), Path()))
    except (A4evalError, KeyError, TypeError) as error:
        return str(error)
    if prepared.run_id == row.run_id:
        return ""
    here = {(one.kind, one.plugin, one.name): one.version for one in prepared.components}
    for one in row.components:
        version = here.get((one.kind, one.plugin, one.name))
        if version != one.version:
            now = "is not used" if version is None else f"has version {version}"
            return f"{one.kind} {one.plugin}/{one.name} had version {one.version} and {now} now"
    return "their configs mean other runs here"


def _changes(overrides: Sequence[str], started: Command | None) -> dict[str, object]:
    """Return the root keys that are other than in the records, by the command or by the user's own that came before."""
    said = list(overrides)
    if started is not None and started.ours:
        started.allow.grant()
        said_again = {root_key(one) for one in said} - ({"executor"} if not chooses(said) else set())
        kept_on = {"executor", "trackers"} - said_again
        said = [*(one for one in started.overrides if root_key(one) in kept_on), *said]
    if not said:
        return {}
    config_dir = Path(started.config_dir) if started and started.config_dir else None
    with apart():
        config = compose(said, config_dir)
        changed = {key: config[key] for key in {root_key(one) for one in said}}
        return {key: contained(value) if OmegaConf.is_config(value) else value for key, value in changed.items()}


def _refuse_elsewhere(folder: Path, executor: Any) -> None:
    """Refuse an executor that only a record asks for: it may come from anyone."""
    name = executor.get("name") if isinstance(executor, dict) else executor
    if name not in LOCAL:
        message = f"the records of {folder} ask for {name!r}, which only a command may choose"
        raise ConfigError(
            f"{message}; give `a4eval retry {folder} executor={name}`, or executor=local", path="executor"
        )
