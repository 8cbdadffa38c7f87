"""Run points again from what a sweep left in its folder: ``a4eval retry``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from a4eval.errors import DataError
from a4eval.executors.contract import Job, Jobs
from a4eval.experiment import Root
from a4eval.journal.journal import FILE_NAME, Journal
from a4eval.journal.views import Row
from a4eval.sweeps.carry_out import Outcome, carry_out
from a4eval.sweeps.command import kept

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
        ConfigError: another sweep is running there, or it was started in another working directory.
    """
    journal = Journal(folder)
    if not journal.path.exists():
        raise DataError(f"{folder}: holds no {FILE_NAME}, so it is no sweep's folder")
    kept(folder)  # only to learn that we are in the right directory: the points are in the records
    standing = journal.catch_up()
    failed = [entry for run_id in standing if (entry := standing.last(run_id)) is not None and entry.status != "ok"]
    if not failed:
        return None
    points, sweep_id = recorded(journal, failed)
    return carry_out(points, folder, sweep_id, None, {"ok"})
