"""Parts of one run, carried out beside each other as the points of a sweep are: on its executor, none lost or repeated.

They live in the run's folder until its record is written, so a run that was killed goes on with what it had.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from a4eval import ownership
from a4eval.errors import A4evalError, DataError
from a4eval.executors.contract import Job
from a4eval.executors.jobs import RUNS
from a4eval.executors.slurm import LOGS
from a4eval.experiment import Experiment
from a4eval.journal.journal import FILE_NAME
from a4eval.journal.lock import LOCK_NAME
from a4eval.journal.query import stream
from a4eval.runs.record import ErrorRecord, FileRecord
from a4eval.runs.runner import prepare
from a4eval.sweeps.carry_out import carry_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from a4eval.experiment import Root


class _Record(msgspec.Struct):
    """What the whole needs of a part's record."""

    run_id: str
    warnings: list[str]
    artifacts: list[FileRecord]
    error: ErrorRecord | None


class Part(NamedTuple):
    """A part that was carried out.

    Args:
        warnings: its doubts.
        artifacts: the content of each, by name.
    """

    warnings: list[str]
    artifacts: dict[str, bytes]


class _Parts:
    """The parts as points: the experiment with each of *tasks* in place of its own."""

    def __init__(self, experiment: Experiment, tasks: Iterable[dict[str, Any]]) -> None:
        self._experiment = experiment
        self._configs = [{**experiment.config, "task": task} for task in tasks]
        self.run_ids = {self._run_id(config): number for number, config in enumerate(self._configs)}
        self._ids = list(self.run_ids)

    def __len__(self) -> int:
        return len(self._configs)

    def __getitem__(self, number: int) -> Job:
        whole = self._experiment
        return Job(self._ids[number], whole.name, self._configs[number], whole.overrides, attempt=1)

    @property
    def root(self) -> Root:
        """That of the whole, which fails with the first part that fails."""
        return msgspec.structs.replace(self._experiment.root, fail_fast=True)

    def _run_id(self, config: dict[str, Any]) -> str:
        whole = self._experiment
        return prepare(Experiment(whole.name, config, whole.overrides, whole.directory)).run_id


def carry_out_parts(experiment: Experiment, tasks: Iterable[dict[str, Any]]) -> Iterator[Part]:
    """Run each of *tasks*, which differ from each other, in place of the experiment's own and yield them in order.

    Args:
        experiment: the whole.
        tasks: config nodes; those that an earlier attempt in the same folder has finished are not run again.

    Raises:
        DataError: a part found its data wrong, or the folder for the parts is someone else's.
        A4evalError: a part failed otherwise, or was left to a cluster.
        KeyboardInterrupt: it was interrupted.
    """
    parts = _Parts(experiment, tasks)
    folder = experiment.directory / ownership.UNFINISHED
    ownership.make(folder, [FILE_NAME, LOCK_NAME, RUNS, LOGS])
    outcome = carry_out(parts, folder, experiment.directory.name, None, {"ok"}, what="parts")
    if outcome.interrupted:
        raise KeyboardInterrupt
    if outcome.detached:
        again = f"once they have run, give the command again with hydra.run.dir={experiment.directory}"
        raise A4evalError(f"{outcome.detached}; {again}, which gathers them")
    records = {one.run_id: one for one in stream(folder / FILE_NAME, _Record) if one is not None}
    for run_id, number in parts.run_ids.items():
        if run_id in records and (error := records[run_id].error) is not None:
            if error.type == DataError.__name__:
                raise DataError(error.message)
            failed = f"part {number + 1} of {len(parts)}: {error.type}: {error.message}"
            raise A4evalError(f"{failed}; its record is in {folder / FILE_NAME}")
    for run_id in parts.run_ids:
        record, place = records[run_id], folder / RUNS / run_id
        yield Part(record.warnings, {one.path: _read(place / one.path, one.sha256) for one in record.artifacts})


def _read(path: Path, sha256: str) -> bytes:
    """Return what a part has written, just as it was."""
    remedy = f"remove {path.parents[2]}, which all nodes must share, and run again"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; {remedy}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DataError(f"{path}: has changed since it was written; {remedy}")
    return content
