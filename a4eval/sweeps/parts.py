"""Parts of one run, carried out beside each other as the points of a sweep are: on its executor, none lost or repeated.

They live in the run's folder until its record is written, so a run that was killed goes on with what it had.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from a4eval import ownership
from a4eval.errors import A4evalError, DataError
from a4eval.executors.contract import Job, Jobs
from a4eval.executors.jobs import ExperimentRunner, Point
from a4eval.executors.slurm import LOGS
from a4eval.experiment import Experiment
from a4eval.journal.journal import FILE_NAME
from a4eval.journal.lock import LOCK_NAME
from a4eval.ownership import RUNS
from a4eval.regular import opened
from a4eval.runs import installed
from a4eval.runs.record import FileRecord, Record
from a4eval.runs.runner import prepare
from a4eval.sweeps.carry_out import carry_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from a4eval.journal.journal import Journal


_READ_TOGETHER = 4  # what parts left behind


class Part(NamedTuple):
    """A part that was carried out.

    Args:
        warnings: its doubts.
        artifacts: the content of each, by name; it may be written to.
    """

    warnings: list[str]
    artifacts: dict[str, memoryview]


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
    parts = _parts(experiment, tasks)
    folder = experiment.directory / ownership.UNFINISHED
    ownership.make(folder, [FILE_NAME, LOCK_NAME, RUNS, LOGS, installed.file_name()])
    outcome = carry_out(parts, folder, experiment.directory.name, None, {"ok"}, what="parts")
    if outcome.interrupted:
        raise KeyboardInterrupt
    if outcome.detached:
        again = f"once they have run, give the command again with hydra.run.dir={experiment.directory}"
        raise A4evalError(f"{outcome.detached}; {again}, which gathers them")
    found = [(number, outcome.journal.standing.current(run_id)) for run_id, number in parts.run_ids.items()]
    for number, entry in found:
        if entry is not None and entry.status != "ok":
            (record,) = outcome.journal.read([entry], Record)
            raise _failure(record, f"part {number + 1} of {len(parts)}", outcome.journal)
    for number, entry in found:
        if entry is None:
            raise DataError(f"the data of part {number + 1} of {len(parts)} changed while it was read; run again")
    records = outcome.journal.read([entry for _, entry in found if entry], Record)
    with ThreadPoolExecutor(_READ_TOGETHER) as threads:  # reading and hashing need no Python
        yield from threads.map(partial(_part, folder / RUNS), records)


def _part(runs: Path, record: Record) -> Part:
    place = runs / record.run_id
    return Part(record.warnings, {one.path: _read(place, one) for one in record.artifacts})


def _parts(whole: Experiment, tasks: Iterable[dict[str, Any]]) -> Jobs:
    """Return the parts as points: *whole* with each of *tasks* in place of its own; the first failure ends them."""
    configs = [{**whole.config, "task": task} for task in tasks]
    ids = [prepare(Experiment(whole.name, config, whole.overrides, whole.directory)).run_id for config in configs]
    points = [Point(whole.name, config, whole.overrides) for config in configs]
    jobs = [Job(one, point, *point.limits) for one, point in zip(ids, points, strict=True)]
    return Jobs.of(jobs, msgspec.structs.replace(whole.root, fail_fast=True), ExperimentRunner())


def _failure(record: Record, part: str, journal: Journal) -> A4evalError:
    """Return what a failed part makes of the whole."""
    assert record.error is not None
    if record.error.type == DataError.__name__:
        return DataError(record.error.message)
    return A4evalError(f"{part}: {record.error.type}: {record.error.message}; its record is in {journal.path}")


def _read(place: Path, artifact: FileRecord) -> memoryview:
    """Return what a part has written into its folder, just as it was."""
    path = place / artifact.path
    remedy = f"remove {place.parents[1]}, which all nodes must share, and run again"
    if not path.resolve().is_relative_to(place.resolve()):
        raise DataError(f"{path}: lies outside the folder of its part; {remedy}")
    try:
        if not path.is_file() or path.stat().st_size != artifact.bytes:
            raise DataError(f"{path}: has changed since it was written; {remedy}")
        found = np.empty(artifact.bytes, np.uint8).data
        with opened(path) as file:
            read = file.readinto(found)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; {remedy}") from error
    if read != artifact.bytes or hashlib.sha256(found).hexdigest() != artifact.sha256:
        raise DataError(f"{path}: has changed since it was written; {remedy}")
    return found
