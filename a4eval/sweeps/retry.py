"""Run points again from what a sweep left in its folder: ``a4eval retry``."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from a4eval.errors import DataError
from a4eval.executors.contract import Job
from a4eval.experiment import Root
from a4eval.journal.journal import FILE_NAME, Journal
from a4eval.journal.standing import latest
from a4eval.sweeps.carry_out import Outcome, carry_out
from a4eval.sweeps.command import kept

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class _Record(msgspec.Struct):
    """What it takes to run a point again."""

    run_id: str
    sweep_id: str
    config: dict[str, object]
    overrides: list[str]
    experiment: str | None


class Recorded:
    """Points known from their records.

    Args:
        journal: where the records are.
        wanted: the run ids of the points.
    """

    def __init__(self, journal: Path, wanted: Iterable[str]) -> None:
        wanted = set(wanted)
        found: dict[str, _Record] = {}
        decoder = msgspec.json.Decoder(_Record)
        with journal.open("rb") as lines:
            for line in lines if wanted else ():
                try:
                    record = decoder.decode(line)
                except msgspec.MsgspecError:
                    continue  # torn
                if record.run_id in wanted:
                    found[record.run_id] = record
        self._records = list(found.values())
        self.run_ids = {run_id: number for number, run_id in enumerate(found)}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._records)

    def __getitem__(self, number: int) -> Job:
        """Return one, ready to run."""
        record = self._records[number]
        return Job(record.run_id, record.experiment, record.config, tuple(record.overrides), attempt=1)

    @cached_property
    def root(self) -> Root:
        """How the sweep was run."""
        return msgspec.convert(self._records[0].config, Root)

    @property
    def sweep_id(self) -> str:
        """The sweep they belong to."""
        return self._records[0].sweep_id


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
    failed = Recorded(journal.path, (run_id for run_id, entry in latest(journal).items() if entry.status != "ok"))
    if not failed:
        return None
    return carry_out(failed, folder, failed.sweep_id, None, {"ok"})
