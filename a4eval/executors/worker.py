"""A worker process: the loop it runs, and the handle its owner holds.

It has one BLAS thread, and leaves at once when its owner is gone, even in the middle of a run.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import sys
import time
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from a4eval import child
from a4eval.errors import A4evalError, PluginError
from a4eval.runs.interrupts import GRACE_SECONDS, leave_polite_kills_to_the_owner, overdue
from a4eval.runs.printed import content, go_to, new_file, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval.executors.contract import Job, Sweep


class Settings(NamedTuple):
    """What a worker is told first.

    Args:
        sweep: what the jobs share.
        journal: write the records to the sweep's journal; else send them to the owner.
        memory_limit: bytes the process may allocate, or None.
        directory: where the command was given; relative paths of a config start there, on any machine that has it.
    """

    sweep: Sweep
    journal: bool = True
    memory_limit: int | None = None
    directory: str = "."


class Begun(NamedTuple):
    """Message: a job has begun; of a chunk whose jobs have no timeout, only the first is told."""


class Finished(NamedTuple):
    """Message: a job's record, for an owner that keeps the journal."""

    line: bytes


class ChunkDone(NamedTuple):
    """Message: the last job of the chunk has ended."""


class Refused(NamedTuple):
    """Message: the worker cannot go on, and no other could."""

    error: A4evalError


class Worker:
    """The owner's handle of a worker process.

    Args:
        settings: what to tell it first.
        environment: variables that it has beside this process's own.
        inherited: open files that it shall keep open as long as it lives.
        gpu: the one that it was given, if any.
    """

    def __init__(
        self, settings: Settings, environment: Mapping[str, str], inherited: tuple[int, ...] = (), gpu: str = ""
    ) -> None:
        ours, theirs = socket.socketpair()
        self._printed = new_file()
        with theirs:
            self._process = child.start(
                __name__,
                (theirs.fileno(), self._printed),
                kept=inherited,
                environment=environment,
                directory=settings.directory,
                stdout=2,  # what a run prints must not mix with our tables
            )
        self.connection = Connection(ours.detach())
        self.gpu = gpu
        self.jobs: list[Job] = []
        self.pending: int | None = None
        """The number of the chunk it works on."""
        self._begun = 0
        self._since = 0.0
        self._overdue = ""
        self.connection.send(settings)

    def submit(self, chunk: int, jobs: list[Job]) -> None:
        """Send a chunk."""
        self.pending, self.jobs, self._begun = chunk, jobs, 0
        self.connection.send(jobs)

    def note_begun(self) -> None:
        """Take in that its next job has begun."""
        self._begun += 1
        self._since = time.monotonic()

    def look_after(self) -> None:
        """Kill it if its run is long past its timeout, and leave out what is too much of what that prints."""
        if not self._begun:
            return
        shorten(self._printed)
        timeout = self.jobs[self._begun - 1].timeout
        if timeout is not None and time.monotonic() - self._since > timeout + GRACE_SECONDS:
            self._overdue = overdue(timeout)
            self._process.kill()

    @property
    def at_work(self) -> bool:
        """Has it begun a job of its chunk?"""
        return self._begun > 0

    def kill(self) -> None:
        """End it at once, and whatever it started."""
        child.end(self._process)
        self._close()

    def _close(self) -> None:
        self.connection.close()
        os.close(self._printed)

    def end(self) -> tuple[str, bool, bytes]:
        """Return what it died of, whether its run is to blame, and what that had printed.

        Raises:
            PluginError: it could not even start.
        """
        status = self._process.wait()
        printed = content(self._printed)
        self._close()
        return self._epitaph(status), self.at_work, printed

    def _epitaph(self, status: int) -> str:
        if status < 0:
            return f"{self._overdue}killed by {signal.Signals(-status).name}"
        if not self.at_work:
            raise PluginError(f"a worker process cannot start: it ended with exit status {status}")
        return f"ended its worker process with exit status {status}"


def main() -> None:
    """Be a worker: read settings and chunks from the socket named on the command line until it closes."""
    connection = Connection(int(sys.argv[1]))
    go_to(int(sys.argv[2]))
    leave_polite_kills_to_the_owner()
    child.leave_with_owner(connection.fileno())
    try:
        settings: Settings = connection.recv()
        if settings.memory_limit is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (settings.memory_limit, settings.memory_limit))
        settings.sweep.runner.within(partial(_serve, connection, settings))
    except EOFError:
        return
    except A4evalError as error:
        connection.send(Refused(error))


def _serve(connection: Connection, settings: Settings) -> NoReturn:
    """Work, and leave: what called this may be a stranger's program, which has nothing more to do here."""
    try:
        _work(connection, settings)
    except EOFError:
        pass
    except A4evalError as error:
        connection.send(Refused(error))
    os._exit(0)


def _work(connection: Connection, settings: Settings) -> NoReturn:
    from a4eval.executors.jobs import run_job, tell
    from a4eval.journal.journal import Journal
    from a4eval.runs import installed
    from a4eval.runs.record import encode
    from a4eval.terminal import remark

    sweep, owner = settings.sweep, os.fstat(connection.fileno())
    journal = Journal(sweep.folder)
    if settings.journal:  # else there may be no folder on this machine
        installed.keep(sweep.folder)
    gc.freeze()  # what is imported by now stays: no run need look through it for garbage
    while True:
        jobs: list[Job] = connection.recv()
        timed = any(job.timeout is not None for job in jobs)
        for number, job in enumerate(jobs):
            if timed or not number:
                connection.send(Begun())
            record = run_job(job, sweep)
            _leave_without(owner, connection)
            line = encode(record) + b"\n"
            if settings.journal:
                journal.append(line)
            else:
                connection.send(Finished(line))
            for doubt in tell(record, sweep.folder):
                remark(f"a4eval: warning: {doubt}")
        journal.sync()
        connection.send(ChunkDone())


def _leave_without(owner: os.stat_result, connection: Connection) -> None:
    """End this process if its run closed what leads to its owner: that run is to blame, and not the next."""
    try:
        there = os.path.samestat(owner, os.fstat(connection.fileno()))
    except OSError:
        there = False
    if not there:
        os._exit(1)
