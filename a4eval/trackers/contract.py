"""Where copies of finished records go: the kind ``tracker``.

A tracker is given records that are written already, one at a time, in a process of its own.
So nothing that it does, or fails to do, touches a run: it may hang, crash or print what it likes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from a4eval.component import check_ranges, param

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@runtime_checkable
class Tracker(Protocol):
    """Is given finished records.  Its parameters are its dataclass fields."""

    wait: float
    """How many seconds a command waits for it, once all that is to be tracked has its record."""

    def track(self, record: Mapping[str, Any], folder: Path) -> None:
        """Keep a copy of a record; what it raises is shown as a warning, and the record is offered again another time.

        Args:
            record: as plain JSON types.
            folder: where the run's artifacts are.
        """


@dataclass(kw_only=True)
class Waited:
    """What all of our trackers have."""

    wait: float = param(60.0, help="how long a command waits for it in the end", unit="seconds", above=0)

    def __post_init__(self) -> None:
        check_ranges(self)
