"""The trackers of a command, each a process beside the run or sweep, for which nothing waits long."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, TypeAlias

from a4eval import child
from a4eval.config.builder import build
from a4eval.contracts import lacking
from a4eval.conversion import show
from a4eval.environment import filled
from a4eval.errors import ConfigError, PluginError, together
from a4eval.runs.provenance import THREADS
from a4eval.terminal import remark
from a4eval.trackers.contract import Tracker
from a4eval.trackers.feeder import Feed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS_UNTIL_SAID = 3.0
"""After so long a command says what it is waiting for."""
HURRIED = 3.0
"""Seconds that a command which was interrupted waits."""
LAST_WORDS = 2000
"""Bytes of what a tracker that crashed had printed."""


Trackers: TypeAlias = list[tuple[Any, str, Tracker]]
"""What a config says of each, where it says so, and each, built."""


def trackers_of(config: Any) -> Trackers:
    """Build the trackers that a config asks for, and so check them; return what it says of each, where, and each.

    Args:
        config: the root key ``trackers``: a list of names and nodes, or a name.

    Raises:
        ConfigError: there is none of a name, or a parameter is wrong.
        MissingExtraError: its library is not installed.
        PluginError: it lacks what a tracker must have.
    """
    if not isinstance(config, (list, str)):
        raise ConfigError(f"got {show(config)}, expected a list of trackers: [mlflow]", path="trackers")
    found, problems = [], []
    for place, node in enumerate(config if isinstance(config, list) else [config]):
        path = f"trackers[{place}]" if isinstance(config, list) else "trackers"
        try:
            tracker = build("tracker", filled(node), path=path)
        except ConfigError as error:
            problems.append(error)
            continue
        if missing := lacking(Tracker, tracker):
            raise PluginError(f"{path}: {_name(node)!r} is no tracker: it lacks {', '.join(missing)}")
        found.append((node, path, tracker))
    if problems:
        raise together(problems)
    return found


def _name(node: Any) -> str:
    return str(node if isinstance(node, str) else node["name"])


class _Fed:
    """The handle of a tracker's process."""

    def __init__(self, node: Any, path: str, wait: float, file: Path, *, journal: bool) -> None:
        self._name, self._wait = _name(node), wait
        ours, theirs = socket.socketpair()
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115  (it is open as long as the process lives)
        with theirs:
            self._process = child.start(
                "a4eval.trackers.feeder",
                (theirs.fileno(),),
                environment=dict.fromkeys(THREADS, "1"),
                stdout=self._printed,
                stderr=self._printed,
            )
        self._connection = Connection(ours.detach())
        with suppress(OSError):  # it could not even start: that is found in the end
            self._connection.send(Feed(node, path, file.absolute(), journal))

    def end(self, start: float, patience: float) -> list[str]:
        """Wait from *start* on for what it has still to be given, and return what went wrong, a line each."""
        doubts: list[str] = []
        said, wait = False, min(self._wait, patience)
        try:
            with suppress(OSError):
                self._connection.send(None)
            while (left := start + wait - time.monotonic()) > 0:
                if self._connection.poll(left if said else min(left, SECONDS_UNTIL_SAID)):
                    text = self._connection.recv()
                    if text is None:
                        return doubts
                    doubts.append(f"{self._name}: {' '.join(text.split())}")
                elif not said and left > SECONDS_UNTIL_SAID:
                    said = True
                    remark(f"a4eval: waiting for {self._name}, {wait:g} s at most; Ctrl-C leaves it")
            doubts.append(f"{self._name}: was ended after {wait:g} s; what it has is not whole (`wait` is how long)")
        except (EOFError, OSError):
            doubts.append(f"{self._name}: {self._last_words()}")
        except KeyboardInterrupt:
            doubts.append(f"{self._name}: was ended; what it has is not whole")
        return doubts

    def close(self) -> None:
        """End its process, and whatever that started."""
        child.end(self._process)
        self._connection.close()
        self._printed.close()

    def _last_words(self) -> str:
        status = self._process.wait()
        size = os.fstat(self._printed.fileno()).st_size
        text = os.pread(self._printed.fileno(), LAST_WORDS, max(0, size - LAST_WORDS)).decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        how = f"was killed by signal {-status}" if status < 0 else f"ended with exit status {status}"
        return f"its process {how}" + (f": {lines[-1]}" if lines else "")


class Feeds:
    """The processes of a command's trackers."""

    def __init__(self, fed: list[_Fed]) -> None:
        self._fed = fed

    def end(self, *, hurry: bool = False) -> list[str]:
        """Let each have the rest; return what went wrong, a line each.  None of it is the run's affair."""
        start = time.monotonic()
        return [doubt for fed in self._fed for doubt in fed.end(start, HURRIED if hurry else float("inf"))]


@contextmanager
def feeding(trackers: Trackers, file: Path, *, journal: bool) -> Iterator[Feeds]:
    """Give trackers what is in *file*, within this context.

    Args:
        trackers: as :func:`trackers_of` returns them.
        file: a finished record, or the journal of a sweep, which may be yet to come.
        journal: which of the two.
    """
    fed: list[_Fed] = []
    try:
        for node, path, tracker in trackers:
            fed.append(_Fed(node, path, tracker.wait, file, journal=journal))
        yield Feeds(fed)
    finally:
        for one in fed:
            one.close()


def track(trackers: Trackers, file: Path, *, hurry: bool = False) -> list[str]:
    """Give trackers the finished record *file*; return what went wrong, a line each."""
    with feeding(trackers, file, journal=False) as feeds:
        return feeds.end(hurry=hurry)
