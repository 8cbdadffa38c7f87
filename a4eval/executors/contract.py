"""Where the points of a sweep run: the kind ``executor``.

An executor takes chunks and says when each has ended, no more.
What came out of a chunk is not its business: every finished run is in the journal, and what a chunk left undone is seen
from there, whether it ended well, its worker was killed or its machine burnt down.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from a4eval.experiment import Conduct
    from a4eval.runs.runner import Prepared


class Job(NamedTuple):
    """One point of a sweep, ready to run anywhere.

    Args:
        run_id: the identity that its record will have.
        point: what it is, as the sweep's :class:`Runner` knows it.
        timeout: seconds that it may take, or None.
        retries: how often it is tried again if it fails.
        attempt: 1 at first.
    """

    run_id: str
    point: Any
    timeout: float | None = None
    retries: int = 0
    attempt: int = 1


class Runner(Protocol):
    """Knows what the points of a sweep are; it is pickled, and goes wherever they run."""

    def environment(self, processors: int) -> Mapping[str, str]:
        """Return the environment variables of a worker process for which there are *processors*."""

    def within(self, work: Callable[[], None]) -> None:
        """Call *work*, which runs points for as long as there are some, where they can run in this process."""

    def ready(self, job: Job, folder: Path) -> Prepared:
        """Return the run that *job* is, in the sweep's *folder*.

        Raises:
            PluginError: this machine has other plugins or versions than the one that planned the sweep.
        """


class Jobs:
    """The points of a sweep, each made ready when it is asked for: a point costs no memory before its turn.

    Args:
        run_ids: their identities, in order.
        make: makes the point of a number, ready to run.
        conduct: how the sweep is run.
        runner: what runs them.
    """

    def __init__(self, run_ids: Iterable[str], make: Callable[[int], Job], conduct: Conduct, runner: Runner) -> None:
        self.run_ids = {run_id: number for number, run_id in enumerate(run_ids)}
        """Run id to the number of its point."""
        self.conduct = conduct
        self.runner = runner
        self._make = make

    @classmethod
    def of(cls, jobs: Sequence[Job], conduct: Conduct, runner: Runner) -> Jobs:
        """Return points that are ready already."""
        return cls((job.run_id for job in jobs), jobs.__getitem__, conduct, runner)

    def __len__(self) -> int:
        """How many points there are."""
        return len(self.run_ids)

    def __getitem__(self, number: int) -> Job:
        """Return a point, ready to run."""
        return self._make(number)

    def ends(self) -> tuple[Job, Job]:
        """Return the first point that is known, and the last."""
        numbers = list(self.run_ids.values())
        return self[numbers[0]], self[numbers[-1]]


@dataclass(frozen=True, slots=True)
class Sweep:
    """What all chunks of a sweep share.

    Args:
        sweep_id: goes into each record.
        folder: the sweep's folder: the journal, and a folder below ``runs/`` for each run with artifacts.
        executor: the executor's name, for the records.
        runner: what runs the points.
        lock: the open file that keeps a second sweep out, which a worker on this machine should inherit; or None.
    """

    sweep_id: str
    folder: Path
    executor: str
    runner: Runner
    lock: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a chunk ended.

    Args:
        chunk: the number it was submitted under.
        reason: empty if it came to its end, else what stopped it: "killed by SIGSEGV", "its node was lost".
        blame: the first run it left undone caused that, and is a failed run; else the machine did, and all it left
            undone run again.
        printed: what that run had printed, as far as it is known.
    """

    chunk: int
    reason: str = ""
    blame: bool = False
    printed: bytes = b""


class DetachedError(Exception):
    """The jobs were left to a cluster that runs them by itself; the text says how many and where."""


@runtime_checkable
class Executor(Protocol):
    """Runs chunks of jobs, several at a time.  Its parameters are its dataclass fields.

    ``start`` comes first and once, then ``slots``, ``submit`` and ``collect`` in turn until no chunk is left.
    """

    chunk_seconds: ClassVar[float]
    """How long a chunk should take, so that starting one costs little against it."""

    def start(self, sweep: Sweep) -> None:
        """Get ready.

        Raises:
            MissingExtraError, ConfigError: it cannot run here.
        """

    def slots(self) -> int:
        """Return how many chunks to keep submitted at a time, at least 1; it may change as nodes come and go."""

    def submit(self, chunk: int, jobs: list[Job]) -> None:
        """Run *jobs* in their order, somewhere, soon; :func:`a4eval.executors.jobs.run_jobs` does it."""

    def collect(self, seconds: float) -> list[Ended]:
        """Wait at most *seconds* for chunks to end and return those that did.

        Raises:
            DetachedError: nobody is to wait for them.
        """

    def stop(self) -> None:
        """End everything at once, running jobs included; it may come twice, and after a ``start`` that failed."""
