"""Run points again from what a sweep left in its folder: ``a4eval retry``."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from a4eval.errors import A4evalError, ConfigError, DataError
from a4eval.executors.contract import Job
from a4eval.experiment import Experiment, Root, check_root
from a4eval.journal.journal import FILE_NAME, Journal
from a4eval.journal.standing import latest
from a4eval.runs.runner import prepare
from a4eval.sweeps.carry_out import Outcome, carry_out
from a4eval.sweeps.command import kept

if TYPE_CHECKING:
    from collections.abc import Iterable


class _Component(msgspec.Struct, frozen=True):
    """One that a run was built from."""

    kind: str
    plugin: str
    name: str
    version: int


class _Record(msgspec.Struct):
    """What it takes to run a point again."""

    run_id: str
    sweep_id: str | None
    config: dict[str, object]
    overrides: list[str]
    experiment: str | None = None
    components: list[_Component] = []


class Recorded:
    """Points known from their records.

    Args:
        journal: where the records are.
        wanted: the run ids of the points.
        runnable: leave out those that cannot run here as they did when they were recorded.
    """

    def __init__(self, journal: Path, wanted: Iterable[str], *, runnable: bool = False) -> None:
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
        self.left_out: dict[str, str] = {}
        """Run id to why it cannot run here."""
        if runnable:
            self.left_out = {run_id: why for run_id, one in found.items() if (why := _why_not(one))}
            found = {run_id: one for run_id, one in found.items() if run_id not in self.left_out}
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
        return self._records[0].sweep_id or ""


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
    wanted = [run_id for run_id, entry in latest(journal).items() if entry.status != "ok"]
    failed = Recorded(journal.path, wanted, runnable=True)
    doubts = []
    if failed.left_out:
        count, why = len(failed.left_out), next(iter(failed.left_out.values()))
        advice = "the sweep's own command runs what it means now"
        doubts = [f"{count:,} failed run(s) cannot run again as they were recorded: {why}; {advice}"]
    if not failed:
        if doubts:
            raise ConfigError(doubts[0])
        return None
    outcome = carry_out(failed, folder, failed.sweep_id, None, {"ok"})
    return replace(outcome, doubts=(*doubts, *outcome.doubts))


def _why_not(record: _Record) -> str:
    """Say why a run cannot run here as it did when it was recorded; nothing if it can."""
    try:
        check_root(record.config)
        experiment = Experiment(record.experiment, record.config, tuple(record.overrides), Path())
        prepared = prepare(experiment)
    except (A4evalError, KeyError) as error:
        return str(error)
    if prepared.run_id == record.run_id:
        return ""
    here = {(one.kind, one.plugin, one.name): one.version for one in prepared.components}
    for one in record.components:
        version = here.get((one.kind, one.plugin, one.name))
        if version != one.version:
            now = "is not used" if version is None else f"has version {version}"
            return f"{one.kind} {one.plugin}/{one.name} had version {one.version} and {now} now"
    return "their configs mean other runs here"
