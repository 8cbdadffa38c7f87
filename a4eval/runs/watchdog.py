"""A process beside a single run that ends it when it does not hear its timeout, and leaves its record.

In a sweep the owner of the worker does that.
"""

from __future__ import annotations

import faulthandler
import os
import select
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from a4eval.runs.interrupts import GRACE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS_TO_WRITE = 2.0
ENDED = b"ended"
OVERDUE = 3
"""Its exit status when it has written the record."""


@contextmanager
def watched(timeout: float | None, directory: Path, record: Callable[[], bytes]) -> Iterator[None]:
    """Within this context a run that goes on long past its *timeout* is ended: exit status 1, as of any failed run.

    Args:
        timeout: seconds, or None for no limit.
        directory: the run's folder.
        record: makes the record that it then has.
    """
    if timeout is None:
        yield
        return
    code = f"import sys; sys.path[:] = {sys.path!r}; from a4eval.runs.watchdog import main; main()"
    line, limit = record(), timeout + GRACE_SECONDS
    # our own interpreter and our own code
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", "-c", code, str(time.monotonic() + limit), str(directory), str(len(line))],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    with process, process.stdin as told, Path(os.devnull).open("wb") as nowhere:
        with suppress(BrokenPipeError):
            told.write(line)
            told.flush()
        # its thread runs no Python, so compiled code cannot hold it up
        faulthandler.dump_traceback_later(limit + SECONDS_TO_WRITE, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            with suppress(BrokenPipeError):
                told.write(ENDED)
                told.flush()
    if process.returncode == OVERDUE:
        os._exit(1)  # its record says so already


def main() -> None:
    """Wait until the run ends or its time is over; then write the record and say so."""
    until, directory, size = float(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    line = b""
    while len(line) < size:
        if not (more := os.read(0, size - len(line))):
            return  # the run's process was killed
        line += more
    if select.select([0], [], [], max(0, until - time.monotonic()))[0]:
        return  # the run has ended, or was killed
    from a4eval.runs.record import Record, write
    from a4eval.terminal import put, remark

    record = msgspec.json.decode(line, type=Record)
    finished = datetime.now(UTC)
    record.finished = finished.isoformat()
    record.timing.wall_seconds = (finished - datetime.fromisoformat(record.started)).total_seconds()
    with suppress(OSError):  # where the system has no such clock
        record.timing.cpu_seconds = time.clock_gettime(~os.getppid() << 3 | 2)  # the processor time of that process
    path = write(record, directory)
    assert record.error is not None
    remark(f"a4eval: error: {record.error.message}")
    put(path)
    sys.exit(OVERDUE)
