"""One job of a sweep, on whatever machine it landed."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from a4eval.errors import DataError, PluginError
from a4eval.experiment import Experiment
from a4eval.files import Content, LeftAlone, known, learn
from a4eval.journal.journal import Journal
from a4eval.ownership import RUNS
from a4eval.runs.provenance import THREADS
from a4eval.runs.record import ExecutorRecord, Record, encode
from a4eval.runs.runner import announce, execute, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import Any

    from a4eval.executors.contract import Job, Sweep
    from a4eval.runs.runner import Prepared


def new_folder(sweep: Path, run_id: str) -> Path:
    """Return where the artifacts of a run go that is about to begin.

    Raises:
        DataError: a link there leads elsewhere: whoever sent the sweep's folder knows where its runs will write.
    """
    for place in (sweep / RUNS, sweep / RUNS / run_id):
        if place.is_symlink():
            raise DataError(f"{place}: is a link, and nothing is written where that may lead; remove it")
    return place


class Point(NamedTuple):
    """A point of a sweep of experiments.

    Args:
        experiment: the choice of ``experiment=``, or None.
        config: the resolved config.
        overrides: what the command line set for this point.
    """

    experiment: str | None
    config: dict[str, Any]
    overrides: tuple[str, ...]

    @property
    def limits(self) -> tuple[float | None, int]:
        """How long it may take, and how often it is tried again."""
        return self.config.get("timeout"), self.config.get("retries", 0)


@dataclass(frozen=True)
class ExperimentRunner:
    """Runs experiments: any process that can import a4eval and its plugins will do.

    Args:
        files: those that the planner has read, which no other process need read for their hash.
    """

    files: Mapping[LeftAlone, Content] = field(default_factory=known, repr=False)

    def environment(self, processors: int) -> Mapping[str, str]:
        """One BLAS thread each, so that a number does not depend on the machine."""
        del processors
        return dict.fromkeys(THREADS, "1")

    def within(self, work: Callable[[], None]) -> None:
        """Call *work*, with what is known of the files."""
        learn(self.files)
        work()

    def ready(self, job: Job, folder: Path) -> Prepared:
        """Build the experiment again from its config.

        Raises:
            PluginError: it comes out as another run than the one that was planned.
            DataError: as :func:`new_folder`.
        """
        point: Point = job.point
        prepared = prepare(Experiment(point.experiment, point.config, point.overrides, new_folder(folder, job.run_id)))
        if prepared.run_id != job.run_id:
            planned, found = job.run_id, prepared.run_id
            raise PluginError(
                f"{platform.node()} has other versions of the components than the machine that planned the sweep "
                f"(run {planned} is {found} here)"
            )
        return prepared


def run_job(job: Job, sweep: Sweep) -> Record:
    """Run *job* and return its record; a failure is a record.

    Raises:
        PluginError: this machine has other plugins or versions than the one that planned the sweep.
    """
    prepared = sweep.runner.ready(job, sweep.folder)
    executor = ExecutorRecord(sweep.executor, platform.node(), job.attempt)
    return execute(prepared, prepared.experiment.directory, sweep_id=sweep.sweep_id, executor=executor)


def run_jobs(jobs: Iterable[Job], sweep: Sweep) -> None:
    """Run *jobs* in this process, each into the journal: all that an executor of another kind must bring about.

    Raises:
        PluginError: this machine has other plugins or versions than the one that planned the sweep.
        OutputError: the journal cannot be written.
    """
    journal = Journal(sweep.folder)

    def work() -> None:
        for job in jobs:
            record = run_job(job, sweep)
            journal.append(encode(record) + b"\n")
            tell(record, sweep.folder)

    sweep.runner.within(work)
    journal.sync()


def tell(record: Record, folder: Path) -> list[str]:
    """Tell the plugins of a finished run; return their complaints."""
    return announce(record, folder / RUNS / record.run_id)
