"""Run points again from what a sweep left in its folder: ``a4eval retry``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from a4eval.errors import A4evalError, ConfigError, DataError
from a4eval.executors.contract import Job, Jobs
from a4eval.experiment import Experiment, Root, check_root
from a4eval.journal.journal import FILE_NAME, Journal
from a4eval.journal.views import Row
from a4eval.runs.runner import prepare
from a4eval.sweeps.carry_out import Outcome, carry_out
from a4eval.sweeps.command import kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval.journal.views import Entry


def recorded(journal: Journal, entries: Sequence[Entry]) -> tuple[Jobs, str]:
    """Return the points of *entries*, made from their records in *journal*, and the id of the sweep they belong to."""

    def make(number: int) -> Job:
        (row,) = journal.read([entries[number]], Row)
        config = msgspec.json.decode(row.config)
        return Job(row.run_id, row.experiment, config, tuple(row.overrides), attempt=1)

    (first,) = journal.read(entries[:1], Row)
    root = msgspec.json.decode(first.config, type=Root)
    return Jobs((entry.run_id for entry in entries), make, root), first.sweep_id or ""


def retry(folder: Path) -> Outcome | None:
    """Run the failed points of *folder* again; None if there are none.

    Raises:
        DataError: *folder* holds no journal.
        ConfigError: another sweep is running there, it was started in another working directory, or none of them can
            run as it was recorded.
    """
    journal = Journal(folder)
    if not journal.path.exists():
        raise DataError(f"{folder}: holds no {FILE_NAME}, so it is no sweep's folder")
    kept(folder)  # only to learn that we are in the right directory: the points are in the records
    standing = journal.catch_up()
    failed = [entry for run_id in standing if (entry := standing.last(run_id)) is not None and entry.status != "ok"]
    if not failed:
        return None
    left_out = {row.run_id: why for row in journal.read(failed, _Row) if (why := _why_not(row))}
    doubts = []
    if left_out:
        why, advice = next(iter(left_out.values())), "the sweep's own command runs what it means now"
        doubts = [f"{len(left_out):,} failed run(s) cannot run again as they were recorded: {why}; {advice}"]
        failed = [entry for entry in failed if entry.run_id not in left_out]
    if not failed:
        raise ConfigError(doubts[0])
    points, sweep_id = recorded(journal, failed)
    return replace(carry_out(points, folder, sweep_id, None, {"ok"}), doubts=tuple(doubts))


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
