"""Run the points of a sweep on an executor until the journal has them all."""

from __future__ import annotations

import math
import os
import platform
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from a4eval.errors import DataError
from a4eval.executors.contract import Executor, Job, Jobs, Sweep
from a4eval.executors.jobs import tell
from a4eval.journal.journal import Journal
from a4eval.runs.record import ExecutorRecord, encode
from a4eval.runs.runner import execute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from a4eval.contracts import Result
    from a4eval.executors.contract import Ended
    from a4eval.journal.views import Entry

SECONDS_BETWEEN_LOOKS = 0.25
LOSSES_ALLOWED = 3
"""How often a run may be lost through no fault of its own before it counts as failed."""
RECORDS_LOST_ALLOWED = 30
"""How often, if only its record was: someone put another file in the journal's place while it was written."""
BARREN_ALLOWED = 6
"""How many chunks in a row, at least, may be lost before the first record: more, and nothing will ever come through."""


class WorkerDiedError(Exception):
    """The error in the record of a run that took its worker along."""


@dataclass
class _Died:
    """A task in place of one that cannot tell what happened to it."""

    reason: str
    printed: bytes = b""

    def run(self, _: object) -> Result:
        os.write(1, self.printed)  # again, so that it is kept beside the record that is made here
        raise WorkerDiedError(self.reason)


@dataclass
class Tally:
    """How far a sweep is."""

    total: int
    done: int = 0
    failed: int = 0
    """Of those done."""


@dataclass
class Dispatcher:
    """Feeds an executor and learns from the journal what became of each point.

    Args:
        jobs: all points of the sweep, the ``attempt`` of each being 1.
        executor: where they run; started already.
        sweep: what they share.
        journal: its journal, read up to now.
        fail_fast: stop at the first failure.
        tell: called with the tally whenever it may have changed.
        retry: give failed runs the further attempts that their config allows.
        more: asked, with the executor's slots and how many chunks are in them, whenever no point waits for one that is
            free: further points to run.
    """

    jobs: Jobs
    executor: Executor
    sweep: Sweep
    journal: Journal
    fail_fast: bool = False
    tell: Callable[[Tally], None] = lambda _tally: None
    retry: bool = True
    more: Callable[[int, int], Sequence[int]] = lambda _slots, _running: ()
    _pending: deque[int] = field(default_factory=deque)
    _chunks: dict[int, dict[str, int]] = field(default_factory=dict)
    """Chunk to the run ids and indices in it."""
    _open: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Run id to the chunk that it is expected from, and which attempt."""
    _attempts: Counter[int] = field(default_factory=Counter)
    _losses: Counter[int] = field(default_factory=Counter)
    _started: dict[int, float] = field(default_factory=dict)
    _seconds: float = math.inf
    """What a job costs, by the last chunk that ended."""
    _barren: int = 0
    """How many chunks in a row were lost without a record."""

    def run(self, todo: Iterable[int], tally: Tally) -> None:
        """Run the points *todo*; return when each is done, or at the first failure if so asked.

        Raises:
            OutputError: the journal cannot be written.
            PluginError: the workers cannot do what was planned.
            DetachedError: the executor leaves the jobs to a cluster.
        """
        self._pending = deque(todo)
        number = 0
        try:
            while self._asked(tally) or self._chunks:
                slots = self.executor.slots()
                while self._pending and len(self._chunks) < slots:
                    number += 1
                    self._submit(number, slots)
                ended = self.executor.collect(SECONDS_BETWEEN_LOOKS)
                self._read(tally)
                for one in ended:
                    self._close(one, tally)
                self._read(tally)
                self.tell(tally)
                if self.fail_fast and tally.failed:
                    return
        finally:
            self.executor.stop()
            self._read(tally)

    def _asked(self, tally: Tally) -> bool:
        """Say whether points wait, and ask for more if there are none and room for some."""
        slots = self.executor.slots()
        if not self._pending and len(self._chunks) < slots:
            self._pending.extend(self.more(slots, len(self._chunks)))
            tally.total = len(self.jobs)
        return bool(self._pending)

    def _submit(self, number: int, slots: int) -> None:
        indices = [self._pending.popleft() for _ in range(self._size(slots))]
        jobs = [self._job(index) for index in indices]
        self._chunks[number] = {job.run_id: index for job, index in zip(jobs, indices, strict=True)}
        self._open.update((job.run_id, (number, job.attempt)) for job in jobs)
        self._started[number] = time.monotonic()
        self.executor.submit(number, jobs)

    def _job(self, index: int) -> Job:
        job = self.jobs[index]
        return job._replace(attempt=job.attempt + self._attempts[index])

    def _size(self, slots: int) -> int:
        """Return how many jobs the next chunk takes: worth their overhead, but some left for everyone to the end."""
        left = len(self._pending)
        if math.isinf(self.executor.chunk_seconds):
            return math.ceil(left / (slots - len(self._chunks)))
        return max(1, min(int(self.executor.chunk_seconds / self._seconds), math.ceil(left / (2 * slots))))

    def _read(self, tally: Tally) -> None:
        for entry in self.journal.follow():
            number, attempt = self._open.get(entry.run_id, (0, 0))
            if entry.executor.attempt == attempt:  # else it is another sweep's, or from another time
                del self._open[entry.run_id]
                self._barren = 0
                self._settle(self._chunks[number][entry.run_id], entry, tally)

    def _settle(self, index: int, entry: Entry, tally: Tally) -> None:
        failed = entry.status != "ok"
        if failed and self.retry and not entry.stands(self.jobs[index].retries):
            self._attempts[index] += 1
            self._pending.append(index)
            return
        tally.done += 1
        tally.failed += failed

    def _close(self, ended: Ended, tally: Tally) -> None:
        """Take in that a chunk has ended; what it left undone runs again, but for the run that stopped it."""
        indices = self._chunks[ended.chunk]
        left = [index for run_id, index in indices.items() if self._awaited(run_id, ended.chunk)]
        elapsed = time.monotonic() - self._started.pop(ended.chunk)
        if len(left) < len(indices):
            self._seconds = elapsed / (len(indices) - len(left))
        if left and ended.blame:
            self._give_up(left.pop(0), ended.reason, ended.printed)
        elif left:
            self._count_loss(left, ended.reason)
        self._pending.extendleft(reversed(left))
        self._read(tally)
        for run_id in indices:
            if self._awaited(run_id, ended.chunk):
                del self._open[run_id]
        del self._chunks[ended.chunk]

    def _awaited(self, run_id: str, number: int) -> bool:
        return self._open.get(run_id, (0, 0))[0] == number

    def _count_loss(self, left: list[int], reason: str) -> None:
        """Take in that a machine lost a chunk; take from *left* a run that was underway too often when that happened.

        Raises:
            DataError: it goes on like this, and nothing comes through.
        """
        allowed = LOSSES_ALLOWED if reason else RECORDS_LOST_ALLOWED
        reason = reason or "its chunk ended without its record"
        self._barren += 1
        if self._barren > max(BARREN_ALLOWED, 2 * self.executor.slots()):
            raise DataError(f"{self._barren} chunks in a row were lost: {reason}")
        self._losses[left[0]] += 1
        if self._losses[left[0]] >= allowed:
            self._give_up(left.pop(0), f"{reason}, {allowed} times")

    def _give_up(self, index: int, reason: str, printed: bytes = b"") -> None:
        """Write the record that the run could not write itself."""
        job = self._job(index)
        prepared = self.sweep.runner.ready(job, self.sweep.folder)
        executor = ExecutorRecord(self.sweep.executor, platform.node(), job.attempt)
        directory = prepared.experiment.directory
        died = prepared.instead(_Died(reason, printed))
        record = execute(died, directory, sweep_id=self.sweep.sweep_id, executor=executor)
        self.journal.append(encode(record) + b"\n")
        tell(record, self.sweep.folder)
