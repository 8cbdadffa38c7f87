"""The executor ``ray``: a Ray cluster, an existing one by its address or one started here.

Each chunk is a Ray task that hands its jobs to a worker process beside it, so a run that crashes takes that process
along and not Ray's.
The records come back through Ray: no shared folder is needed, except by runs that leave artifacts.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from a4eval.component import check_ranges, param
from a4eval.context import check_installed, require
from a4eval.errors import A4evalError, ConfigError
from a4eval.executors.contract import Ended, Job, Sweep
from a4eval.executors.worker import Begun, Finished, Refused, Settings, Worker
from a4eval.journal.journal import Journal

if TYPE_CHECKING:
    from types import ModuleType

SECONDS_BETWEEN_CHECKS = 1.0


class Brought(NamedTuple):
    """What a Ray task brings home: the records, and why there are no more."""

    lines: list[bytes]
    reason: str = ""
    blame: bool = False
    printed: bytes = b""
    error: A4evalError | None = None


@dataclass
class Ray:
    """Ray tasks, each with a worker process of one BLAS thread."""

    address: str | None = param(None, help="an existing cluster: auto, or host:port; absent, one is started here")
    processors: float = param(
        1, help="processors that a run reserves; as many run at a time as the cluster has room for", above=0
    )
    memory_limit: float | None = param(None, help="memory that each worker process may allocate", unit="GB", above=0)

    chunk_seconds: ClassVar[float] = 1.0

    def __post_init__(self) -> None:
        check_ranges(self)
        check_installed("ray", "a4eval[ray]")
        self._ray: Any = None
        self._chunks: dict[Any, int] = {}

    def start(self, sweep: Sweep) -> None:
        """Connect to the cluster, or start one."""
        self._ray = connect(self.address)
        limit = None if self.memory_limit is None else int(self.memory_limit * 1e9)
        self._settings = Settings(replace(sweep, lock=None), False, limit, str(Path.cwd()))
        self._environment = dict(sweep.runner.environment(max(1, int(self.processors))))
        self._journal = Journal(sweep.folder)
        # a lost chunk is sent again by the sweep, which knows what it had finished
        self._task = self._ray.remote(num_cpus=self.processors, max_retries=0)(host)

    def slots(self) -> int:
        """As many chunks as the nodes that are there now have room for."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1) / self.processors))

    def submit(self, chunk: int, jobs: list[Job]) -> None:
        """Send *jobs* to the cluster."""
        self._chunks[self._task.remote(self._settings, self._environment, jobs)] = chunk

    def collect(self, seconds: float) -> list[Ended]:
        """Wait for chunks to come home, and write their records."""
        waiting = list(self._chunks)
        ready, _ = self._ray.wait(waiting, num_returns=1, timeout=seconds)
        if ready:
            ready, _ = self._ray.wait(waiting, num_returns=len(waiting), timeout=0)
        return [self._take(task) for task in ready]

    def stop(self) -> None:
        """Cancel what runs and leave the cluster; one that was started here ends."""
        if self._ray is None:
            return  # it never started
        for task in self._chunks:
            self._ray.cancel(task, force=True)
        self._chunks = {}
        self._ray.shutdown()

    def _take(self, task: Any) -> Ended:
        chunk = self._chunks.pop(task)
        try:
            brought: Brought = self._ray.get(task)
        except self._ray.exceptions.RayError as error:
            return Ended(chunk, f"lost by Ray ({type(error).__name__})")
        if brought.lines:
            self._journal.append(b"".join(brought.lines))
            self._journal.sync()
        if brought.error is not None:
            raise brought.error
        return Ended(chunk, brought.reason, brought.blame, brought.printed)


def connect(address: str | None) -> ModuleType:
    """Connect to Ray and return its module.

    Raises:
        MissingExtraError: it is not installed.
        ConfigError: there is no cluster at *address*.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # the future default; else Ray warns of it
    ray = require("ray", "a4eval[ray]")
    quiet: dict[str, Any] = {"logging_level": "warning", "log_to_driver": False}
    if address is None:
        ray.init("local", include_dashboard=False, object_store_memory=200_000_000, **quiet)  # never someone else's
        return ray
    try:
        node, _, port = address.rpartition(":")
        if port.isdigit() and "/" not in node:
            socket.create_connection((node, int(port)), timeout=10).close()  # Ray would try for minutes
        ray.init(address=address, **quiet)
    except (OSError, ValueError, RuntimeError) as error:
        message = f"cannot connect to {address!r}: {str(error).splitlines()[0]}"
        raise ConfigError(message, path="executor.address") from error
    return ray


_worker: Worker | None = None
_told: Settings | None = None


def host(settings: Settings, environment: dict[str, str], jobs: list[Job]) -> Brought:
    """Run *jobs* in the worker process of this Ray process, which outlives the chunk."""
    global _worker, _told  # noqa: PLW0603  (Ray reuses its processes; so the worker is kept from chunk to chunk)
    if _worker is None or _told != settings:
        _worker, _told = Worker(settings, environment), settings
    worker, lines = _worker, list[bytes]()
    try:
        worker.submit(0, jobs)
        while True:
            if not wait([worker.connection], SECONDS_BETWEEN_CHECKS):
                worker.look_after()
                continue
            message = worker.connection.recv()
            if isinstance(message, Finished):
                lines.append(message.line)
            elif isinstance(message, Begun):
                worker.note_begun()
            elif isinstance(message, Refused):
                _worker = None
                return Brought(lines, error=message.error)
            else:
                return Brought(lines)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        _worker = None
        try:
            return Brought(lines, *worker.end())
        except A4evalError as error:
            return Brought(lines, error=error)
