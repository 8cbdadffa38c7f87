"""The executor ``local``: processes on this machine."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import ClassVar, Literal

from a4eval.component import check_ranges, param
from a4eval.executors.contract import Ended, Job, Sweep
from a4eval.executors.worker import Begun, ChunkDone, Refused, Settings, Worker

SECONDS_BETWEEN_CHECKS = 1.0
MOST_WORKERS = 1_024
"""More than any machine has processors: a config that someone sent may say it, and each is a process."""


def processors() -> int:
    """Return how many processors this process may use, or how many there are where the system cannot say."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def visible_gpus() -> list[str]:
    """Return the GPUs that a process started here may use, as ``CUDA_VISIBLE_DEVICES`` names them."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        return [one.strip() for one in said.split(",") if one.strip()]
    there = Path("/proc/driver/nvidia/gpus")
    return [str(number) for number in range(len(list(there.iterdir())))] if there.is_dir() else []


@dataclass
class Local:
    """Worker processes on this machine, each with one BLAS thread."""

    workers: int | None = param(
        None, help="number of processes; one for each processor this process may use", minimum=1, maximum=MOST_WORKERS
    )
    memory_limit: float | None = param(None, help="memory that each process may allocate", unit="GB", above=0)
    gpus: list[int | str] | Literal["auto"] | None = param(
        None, help="GPUs that the processes are given in turn, one each, by CUDA_VISIBLE_DEVICES; auto: those there are"
    )

    chunk_seconds: ClassVar[float] = 0.5

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.gpus == []:
            raise ValueError("gpus must name at least one, or be null")
        self.patience = 0.0
        """Seconds between a worker's death and the verdict that its run is to blame."""
        self._idle: list[Worker] = []
        self._busy: list[Worker] = []

    def start(self, sweep: Sweep) -> None:
        """Get ready; processes are started as there is work for them, never more than there are points."""
        limit = None if self.memory_limit is None else int(self.memory_limit * 1e9)
        self._settings = Settings(sweep, memory_limit=limit)
        self._environment = sweep.runner.environment(max(1, processors() // self.slots()))
        self._inherited = () if sweep.lock is None else (sweep.lock,)
        gpus = visible_gpus() if self.gpus == "auto" else [str(one) for one in self.gpus or ()]
        self._gpus = [gpus[place % len(gpus)] for place in range(self.slots())] if gpus else []

    def slots(self) -> int:
        """One chunk for each process."""
        return self.workers or processors()

    def submit(self, chunk: int, jobs: list[Job]) -> None:
        """Give *jobs* to an idle process, or to a new one in place of one that died."""
        worker = self._idle.pop() if self._idle else self._new()
        self._busy.append(worker)
        with suppress(BrokenPipeError):  # it died idle; its hang-up is collected like any other death
            worker.submit(chunk, jobs)

    def collect(self, seconds: float) -> list[Ended]:
        """Wait for processes to finish their chunks, or to die."""
        until = time.monotonic() + seconds
        ended: list[Ended] = []
        while not ended and (left := until - time.monotonic()) > 0 and self._busy:
            ready = wait([worker.connection for worker in self._busy], min(left, SECONDS_BETWEEN_CHECKS))
            for worker in list(self._busy):
                if worker.connection in ready and (one := self._listen(worker)):
                    ended.append(one)
                elif worker in self._busy:
                    worker.look_after()
        return ended

    def stop(self) -> None:
        """Kill the processes."""
        for worker in self._idle + self._busy:
            worker.kill()
        self._idle, self._busy = [], []

    def _new(self) -> Worker:
        """Start a process, with the GPU that the others leave: that of the one in whose place it comes."""
        free = list(self._gpus)
        for worker in self._idle + self._busy if free else ():
            free.remove(worker.gpu)
        gpu = free[0] if free else ""
        environment = {**self._environment, "CUDA_VISIBLE_DEVICES": gpu} if gpu else self._environment
        return Worker(self._settings, environment, self._inherited, gpu)

    def _listen(self, worker: Worker) -> Ended | None:
        assert worker.pending is not None
        try:
            message = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            self._busy.remove(worker)
            time.sleep(self.patience)
            return Ended(worker.pending, *worker.end())
        if isinstance(message, Refused):
            raise message.error
        if isinstance(message, Begun):
            worker.note_begun()
        elif isinstance(message, ChunkDone):
            self._busy.remove(worker)
            self._idle.append(worker)
            return Ended(worker.pending)
        return None
