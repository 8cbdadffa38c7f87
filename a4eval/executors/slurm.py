"""The executor ``slurm``: an array of Slurm jobs, by submitit.

The points are shared out evenly over at most ``array_size`` jobs; each job runs its share as a small sweep of its own,
with worker processes on its node, and writes to the journal in the sweep's folder, which all nodes must see.
A job that left Slurm's queue without a result was lost, and what it left undone goes into another.
It stays in the queue until its last process is gone, so its successor never runs beside it.

What submitit passes to a job and back is a pickle, in a folder: it lies in one that this command makes, under a name
that nobody could know before, and that nobody else may enter.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import subprocess
import time
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from a4eval.component import check_ranges, param
from a4eval.context import check_installed, require
from a4eval.errors import A4evalError, ConfigError
from a4eval.executors.contract import DetachedError, Ended, Job, Jobs, Sweep
from a4eval.experiment import Conduct
from a4eval.plurals import counted
from a4eval.regular import content, to_write
from a4eval.terminal import remark

if TYPE_CHECKING:
    from types import ModuleType

LOGS = "slurm"
JOBS = "jobs.txt"
LONGEST = 2**24
"""Bytes of the list of jobs."""
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_BETWEEN_QUESTIONS = 5.0
"""How often the queue is asked for; a job that ends well is seen at once, by its result."""


@dataclass
class Slurm:
    """Slurm jobs with worker processes of one BLAS thread each."""

    partition: str | None = param(None, help="the partition; Slurm's default when absent")
    time_limit: int = param(
        60, help="how long a job may take; what it leaves undone goes into another", unit="minutes", minimum=1
    )
    processors: int = param(1, help="processors of a job, each with a worker process", minimum=1)
    memory: float = param(2, help="memory of a job", unit="GB", above=0)
    array_size: int = param(64, help="how many jobs at most", minimum=1)
    wait: bool = param(True, help="wait for the jobs; false submits them and leaves: `a4eval resume` collects")
    options: dict[str, Any] = param(default_factory=dict, help="further parameters of submitit: account, qos, setup, …")

    chunk_seconds: ClassVar[float] = inf

    def __post_init__(self) -> None:
        check_ranges(self)
        check_installed("submitit", "a4eval[slurm]")
        self._jobs: dict[int, Any] = {}
        self._fresh: list[tuple[int, list[Job]]] = []
        self._asked = -inf
        self._queue: set[str] = set()

    def start(self, sweep: Sweep) -> None:
        """Find Slurm, and wait for what an earlier command left in its queue: it is not submitted twice."""
        self._submitit = _submitit()
        self._sweep = sweep
        self._logs = sweep.folder / LOGS
        if not str(self._logs).isprintable():  # its name stands in a shell script
            raise ConfigError(f"Slurm cannot be given a folder named {str(sweep.folder)!r}", path="hydra.sweep.dir")
        if self._logs.is_symlink():
            raise ConfigError(
                f"{self._logs} is a link, and nothing is written where that may lead", path="hydra.sweep.dir"
            )
        ours = self._logs / secrets.token_hex(8)
        self._logs.mkdir(parents=True, exist_ok=True)
        ours.mkdir(mode=0o700)
        try:
            self._executor = self._submitit.SlurmExecutor(folder=ours)
            self._executor.update_parameters(
                job_name=re.sub(r"[^\w.-]", "_", sweep.sweep_id, flags=re.ASCII),
                time=self.time_limit,
                cpus_per_task=self.processors,
                mem=f"{round(self.memory * 1000)}MB",
                **({"partition": self.partition} if self.partition else {}),
                **self.options,
            )
        except (RuntimeError, ValueError) as error:
            raise ConfigError(" ".join(str(error).split()), path="executor") from error
        self._await_earlier()

    def slots(self) -> int:
        """One chunk for each job."""
        return self.array_size

    def submit(self, chunk: int, jobs: list[Job]) -> None:
        """Take a share; the shares are submitted together, as one array."""
        self._fresh.append((chunk, jobs))

    def collect(self, seconds: float) -> list[Ended]:
        """Submit what is new; wait for jobs to end."""
        if self._fresh:
            self._send()
        if not self.wait:
            raise DetachedError(f"{counted(len(self._jobs), 'job')} submitted to Slurm")
        until = time.monotonic() + seconds
        while not (ended := [chunk for chunk, job in self._jobs.items() if self._over(job)]):
            if time.monotonic() > until:
                break
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return [self._take(chunk) for chunk in ended]

    def stop(self) -> None:
        """Cancel the jobs, unless they were to be left alone."""
        for job in self._jobs.values() if self.wait else ():
            job.cancel()
        self._jobs = {}

    def _send(self) -> None:
        sent = {}
        try:
            with self._executor.batch():
                for chunk, jobs in self._fresh:
                    sent[chunk] = self._executor.submit(host, self._sweep, self.processors, jobs)
        except RuntimeError as error:  # what submitit makes of sbatch's complaint, which stands on its last line
            silent = not str(error).strip() and error.__cause__ is not None  # it was killed, say
            raise ConfigError(_last_line(error.__cause__ if silent else error), path="executor") from error
        self._fresh = []
        self._jobs |= sent
        self._asked = -inf
        with os.fdopen(to_write(self._logs / JOBS, os.O_WRONLY | os.O_APPEND), "a") as file:
            file.writelines(f"{job.job_id}\n" for job in sent.values())

    def _over(self, job: Any) -> bool:
        return bool(job.paths.result_pickle.exists()) or not self._queued(job.job_id)

    def _queued(self, job_id: str) -> bool:
        if time.monotonic() - self._asked > SECONDS_BETWEEN_QUESTIONS:
            queue = _queue()
            if queue is None:
                return True  # its controller is down: ask again
            self._queue, self._asked = queue, time.monotonic()
        return job_id in self._queue

    def _take(self, chunk: int) -> Ended:
        job = self._jobs.pop(chunk)
        if not job.paths.result_pickle.exists():
            state = job.watcher.get_state(job.job_id, mode="force")  # UNKNOWN if Slurm keeps no accounts
            return Ended(chunk, f"its Slurm job {job.job_id} ended as {state}")
        if (error := job.exception()) is not None:
            return Ended(chunk, f"its Slurm job {job.job_id} failed: {_last_line(error)}")
        if (refused := job.result()) is not None:
            raise refused
        return Ended(chunk)

    def _await_earlier(self) -> None:
        listed = self._logs / JOBS
        try:
            earlier = _listed(listed)
        except FileNotFoundError:
            return
        except OSError as error:
            raise ConfigError(f"{listed}: {error.strerror}", path="hydra.sweep.dir") from error
        if not all(re.fullmatch(r"\d+(_\d+)?", one) for one in earlier):
            message = f"{listed} is no file of a4eval, which keeps its jobs there; choose another folder"
            raise ConfigError(message, path="hydra.sweep.dir")
        while left := [job_id for job_id in earlier if self._queued(job_id)]:
            if not self.wait:
                raise DetachedError(f"{counted(len(left), 'job')} of an earlier command still in Slurm's queue")
            time.sleep(SECONDS_BETWEEN_LOOKS)
        listed.unlink()


class _Remarks(logging.Handler):
    """What submitit has to say, said as we say things."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print it."""
        remark(f"a4eval: {record.levelname.lower()}: submitit: {' '.join(record.getMessage().split())}")


def _submitit() -> ModuleType:
    """Import submitit, and hear what it has to say.

    Left to itself it would set up logging for the whole process: close the handlers of others, whose streams may be
    someone's still, and print to whatever streams are there at that moment.
    """
    before = os.environ.get("SUBMITIT_LOG_LEVEL")
    os.environ["SUBMITIT_LOG_LEVEL"] = "NOCONFIG"
    try:
        module = require("submitit", "a4eval[slurm]")
    finally:
        if before is None:
            del os.environ["SUBMITIT_LOG_LEVEL"]
        else:
            os.environ["SUBMITIT_LOG_LEVEL"] = before
    logger = logging.getLogger("submitit")
    logger.handlers[:], logger.propagate = [_Remarks(logging.WARNING)], False
    return module


def _tell_slurm(*words: str) -> str | None:
    """Return what Slurm answers, or None if it does not."""
    try:
        # fixed words and numbers of jobs, to the user's own Slurm
        asked = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    except OSError:
        return None
    return None if asked.returncode else asked.stdout


def _queue() -> set[str] | None:
    """Return the numbers of the user's jobs, or None if Slurm does not answer."""
    said = _tell_slurm("squeue", "--noheader", "--array", "--me", "--format=%i")
    return None if said is None else set(said.split())


def _listed(file: Path) -> list[str]:
    return content(file, LONGEST).decode(errors="replace").split()


def cancel_left(folder: Path) -> int:
    """Take the jobs of the sweep in *folder* out of Slurm's queue, and return how many they were.

    They are those that write into it; the file that lists them may come from anyone, and name any job of the user's.
    """
    logs = (folder / LOGS).resolve()
    try:
        listed = _listed(logs / JOBS)
    except OSError:
        return 0
    left = [one for one in sorted(_queue() or ()) if one in listed and _writes_to(one, logs)]
    return len(left) if left and _tell_slurm("scancel", *left) is not None else 0


def _writes_to(job: str, logs: Path) -> bool:
    found = re.search(r"^\s*StdOut=(.+)$", _tell_slurm("scontrol", "show", "job", job) or "", re.MULTILINE)
    return found is not None and Path(found[1]).resolve().is_relative_to(logs)


def _last_line(error: BaseException | None) -> str:
    """Return what an error says in the end, or else its name."""
    return next(reversed(str(error).strip().splitlines()), "") or type(error).__name__


def host(sweep: Sweep, processors: int, jobs: list[Job]) -> A4evalError | None:
    """Run *jobs* on the node this is called on; return the error that no other node would escape."""
    from a4eval.executors.dispatch import Dispatcher, Tally
    from a4eval.executors.local import Local
    from a4eval.journal.journal import Journal

    journal = Journal(sweep.folder)
    journal.catch_up()  # what is there already is not ours
    here = replace(sweep, lock=None)
    local = Local(processors)
    local.patience = 1.0  # who kills the whole job kills this process as well, and then no run is to blame
    try:
        local.start(here)
        here_too = Jobs.of(jobs, Conduct(), sweep.runner)
        Dispatcher(here_too, local, here, journal, retry=False).run(range(len(jobs)), Tally(len(jobs)))
    except A4evalError as error:
        return error
    finally:
        local.stop()
    return None
