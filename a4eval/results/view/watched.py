"""All that is known of the folder that is viewed, and who is told when it changes."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from a4eval.errors import told
from a4eval.results.view.below import Below
from a4eval.results.view.read import Run, Sweep
from a4eval.terminal import remark

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from a4eval.journal.views import Row

SECONDS = 0.5
"""Between two looks at the folder, if they are quick."""
SHARE = 25
"""How many times as long as the processor took to look nothing is looked at afterwards."""
SECONDS_BETWEEN_FILES = 10.0
"""Between two looks at every record of a run: we put it in place whole, so that its folder tells; others may not."""
SECONDS_BETWEEN_NEWS = 0.25
"""How often a first long look tells how far it is."""


class Watched:
    """The sweeps and runs below a folder.

    Whoever reads :attr:`sweeps` and :attr:`runs` has them as they were at one moment: they are replaced, not changed.

    Args:
        root: the folder.
        tell: is called when something has changed, from another thread.
    """

    def __init__(self, root: Path, tell: Callable[[], None] = lambda: None) -> None:
        self.root = root
        self.sweeps: dict[str, Sweep] = {}
        self.runs: dict[str, Run] = {}
        self.version = 0
        """Counts the changes."""
        self.reading = True
        """Not everything has been read for the first time yet."""
        self.tell = tell
        self._stop = threading.Event()
        self._below = Below(str(root), self._stop.is_set)
        self._every = 0.0

    @property
    def beyond(self) -> bool:
        """There are more folders than are looked into."""
        return self._below.beyond

    def watch(self) -> None:
        """Look again and again, in a thread of its own, until :meth:`stop`."""
        threading.Thread(target=self._watch, name="a4eval view", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.is_set():
            before = time.thread_time()
            try:
                self.look()
            except Exception as error:  # noqa: BLE001  (whatever a folder holds, the others' records are shown)
                remark(f"a4eval: warning: the folder could not be looked at: {told(error)}")
            self._stop.wait(max(SECONDS, SHARE * (time.thread_time() - before)))

    def look(self) -> None:
        """Take in whatever has changed."""
        sweeps: dict[str, Sweep] = {}
        runs: dict[str, Run] = {}
        told, changed = time.monotonic(), False
        known: dict[str, Sweep | Run] = {one.name: one for of in (self.sweeps, self.runs) for one in of.values()}
        every = told - self._every > SECONDS_BETWEEN_FILES
        if every:
            self._every = told
        for name, fresh in self._below.look().items():
            if self._stop.is_set():
                return
            one = known.get(name) or (Sweep if name.endswith(".jsonl") else Run)(self.root, name)
            if fresh or every or one.why or isinstance(one, Sweep):
                changed |= one.look() | (name not in known)
            if isinstance(one, Sweep):
                sweeps[one.key] = one
            else:
                runs[one.key] = one
            if self.reading and time.monotonic() - told > SECONDS_BETWEEN_NEWS:
                told = time.monotonic()
                self._replace(dict(sweeps), dict(runs))
        first, self.reading = self.reading, False
        if changed or first or len(known) != len(sweeps) + len(runs):
            self._replace(sweeps, runs)

    def _replace(self, sweeps: dict[str, Sweep], runs: dict[str, Run]) -> None:
        self.sweeps, self.runs = sweeps, runs
        self.version += 1
        self.tell()

    def failed(self) -> list[Row]:
        """Return every run that did not end well."""
        points = (row for one in self.sweeps.values() for row in one.points.values())
        runs = (one.row for one in self.runs.values() if one.row is not None)
        return [row for of in (points, runs) for row in of if row.status != "ok"]
