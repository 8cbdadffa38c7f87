"""A process of our own: a fresh interpreter, never a fork, in a session of its own, which ends with its owner."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Process = subprocess.Popen[bytes]


def start(
    module: str,
    handles: Sequence[int],
    *,
    environment: Mapping[str, str],
    kept: Sequence[int] = (),
    directory: str | Path = ".",
    **streams: Any,
) -> Process:
    """Start ``main()`` of a module of ours.

    Args:
        module: its name.
        handles: open files, whose numbers are its arguments.
        environment: variables that it has beside this process's own.
        kept: further open files, which stay open as long as it lives.
        directory: where it starts, if there is such a folder.
        streams: ``stdout`` and ``stderr``, as ``subprocess`` takes them.
    """
    code = f"import sys; sys.path[:] = {sys.path!r}; from {module} import main; main()"
    # our own interpreter and our own code
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", "-u", "-c", code, *map(str, handles)],  # -u: what it prints is there when it is killed
        pass_fds=(*handles, *kept),
        env={**os.environ, **environment},
        cwd=directory if Path(directory).is_dir() else None,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches its owner alone
        **streams,
    )


def end(process: Process) -> None:
    """End it at once, and whatever it started."""
    with suppress(ProcessLookupError):  # it had left already
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def leave_with_owner(handle: int) -> None:
    """From here on, end this process as soon as the other end of the socket *handle* is closed, whatever it does."""
    threading.Thread(target=_wait, args=(handle,), daemon=True).start()


def _wait(handle: int) -> None:
    closed = select.poll()
    closed.register(handle, 0)  # no event asked for: only the hang-up is reported
    closed.poll()
    os._exit(1)
