"""The executor ``adverse``: loses workers and mixes up the order, as clusters do, for the tests of plugins."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from a4eval.component import param
from a4eval.executors.contract import Ended
from a4eval.executors.local import Local

if TYPE_CHECKING:
    from a4eval.executors.contract import Job


@dataclass
class Adverse(Local):
    """Two worker processes on this machine under bad luck: what is lost runs again."""

    workers: int | None = param(2, help="number of processes", minimum=1)
    kills: int = param(0, help="so many workers are killed while they work", minimum=0)
    reorders: bool = param(False, help="mix up the points, and in which order it is heard that they have ended")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._luck = random.Random(0)  # noqa: S311  (no secret: the same bad luck every time)
        self._killed = 0

    def submit(self, chunk: int, jobs: list[Job]) -> None:
        """Give *jobs* to a process, in another order."""
        super().submit(chunk, self._luck.sample(jobs, len(jobs)) if self.reorders else jobs)

    def collect(self, seconds: float) -> list[Ended]:
        """Wait for processes to finish their chunks; some are killed before."""
        lost = [self._kill()] if self._busy and self._killed < self.kills else []
        ended = lost or super().collect(seconds)
        return ended[::-1] if self.reorders else ended

    def _kill(self) -> Ended:
        worker = self._busy.pop(0)
        assert worker.pending is not None
        self._killed += 1
        worker.connection.poll(0.5 * self._luck.random())
        worker.kill()
        return Ended(worker.pending, "its machine was lost")
