"""One job of a sweep, on whatever machine it landed."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from a4eval.errors import PluginError
from a4eval.experiment import Experiment
from a4eval.journal.journal import Journal
from a4eval.runs.record import ExecutorRecord, Record, encode
from a4eval.runs.runner import announce, execute, prepare

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from a4eval.executors.contract import Job, Sweep
    from a4eval.runs.runner import Prepared

RUNS = "runs"


def folder_of(file: Path, run_id: str) -> Path:
    """Return where a run's artifacts are.

    Args:
        file: its record, or the journal of its sweep.
        run_id: its identity.

    >>> from pathlib import Path
    >>> str(folder_of(Path("multirun/results.jsonl"), "4f0a")), str(folder_of(Path("outputs/result.json"), "4f0a"))
    ('multirun/runs/4f0a', 'outputs')
    """
    return file.parent / RUNS / run_id if file.suffix == ".jsonl" else file.parent


def run_job(job: Job, sweep_id: str, folder: Path, executor: str) -> Record:
    """Run *job* and return its record; a failure is a record.

    Args:
        job: the job.
        sweep_id: goes into the record.
        folder: the sweep's folder.
        executor: the executor's name, for the record.

    Raises:
        PluginError: this machine has other plugins or versions than the one that planned the sweep.
    """
    prepared = ready(job, folder)
    return execute(
        prepared,
        prepared.experiment.directory,
        sweep_id=sweep_id,
        executor=ExecutorRecord(executor, platform.node(), job.attempt),
    )


def run_jobs(jobs: Iterable[Job], sweep: Sweep) -> None:
    """Run *jobs* in this process, each into the journal: all that an executor of another kind must bring about.

    Raises:
        PluginError: this machine has other plugins or versions than the one that planned the sweep.
        DataError: the journal cannot be written.
    """
    journal = Journal(sweep.folder)
    for job in jobs:
        record = run_job(job, sweep.sweep_id, sweep.folder, sweep.executor)
        journal.append(encode(record) + b"\n")
        tell(record, sweep.folder)
    journal.sync()


def ready(job: Job, folder: Path) -> Prepared:
    """Build *job* again from its config.

    Raises:
        PluginError: it comes out as another run than the one that was planned.
    """
    experiment = Experiment(job.experiment, job.config, job.overrides, folder / RUNS / job.run_id)
    prepared = prepare(experiment)
    if prepared.run_id != job.run_id:
        planned, found = job.run_id, prepared.run_id
        raise PluginError(
            f"{platform.node()} has other versions of the components than the machine that planned the sweep "
            f"(run {planned} is {found} here)"
        )
    return prepared


def tell(record: Record, folder: Path) -> list[str]:
    """Tell the plugins of a finished run; return their complaints."""
    return announce(record, folder / RUNS / record.run_id)
