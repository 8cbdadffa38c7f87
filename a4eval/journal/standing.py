"""Which record of a run counts.

The newest attempt that finished, ``ok`` or ``failed``, of those that met the data files as they are now.
So a failure counts although an earlier attempt was ok, and what was read from a file that has changed since counts no
more; an interrupted attempt counts where no other does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from a4eval.journal.files import agree, unchanged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from a4eval.journal.views import FileEntry


class Judged(Protocol):
    """What the rule looks at."""

    @property
    def run_id(self) -> str:
        """Which run it is of."""

    @property
    def status(self) -> str:
        """What came of it."""

    @property
    def data(self) -> list[FileEntry]:
        """What it read."""


T = TypeVar("T", bound=Judged)


class Standing(Generic[T]):
    """The records that may count of those it was given: of each run the newest for each state of its data files.

    Args:
        records: in the order in which they were written.
    """

    def __init__(self, records: Iterable[T] = ()) -> None:
        self._runs: dict[str, list[T]] = {}
        """Run id to its records, the newest last."""
        for record in records:
            self.add(record)

    def add(self, record: T) -> None:
        """Take in the next record."""
        known = self._runs.setdefault(record.run_id, [])
        for place in reversed(range(len(known))):
            if agree(known[place].data, record.data):
                if record.status == "interrupted" != known[place].status:
                    return
                del known[place]
                break
        known.append(record)

    def __iter__(self) -> Iterator[str]:
        """Yield the ids of the runs."""
        return iter(self._runs)

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self._runs)

    def of_every_state(self, run_id: str) -> list[T]:
        """Return the newest record of a run for each state of its data files."""
        return self._runs.get(run_id, [])

    def current(self, run_id: str) -> T | None:
        """Return the record of a run that counts, or None if no attempt met the data files as they are now."""
        return next((one for one in reversed(self.of_every_state(run_id)) if unchanged(one.data)), None)

    def last(self, run_id: str) -> T | None:
        """Return the record of a run that counts, or else the newest, although its data files have changed since."""
        return self.current(run_id) or next(reversed(self.of_every_state(run_id)), None)
