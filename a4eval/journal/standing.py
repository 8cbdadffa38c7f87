"""Which record of a run counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.journal.files import unchanged

if TYPE_CHECKING:
    from a4eval.journal.journal import Entry, Journal


def latest(journal: Journal) -> dict[str, Entry]:
    """Return the last entry of every run in *journal*, or its last ``ok`` one.

    An ``ok`` one counts no more once a file it read has changed, nor does a failure before it.
    """
    found: dict[str, Entry] = {}
    for entry in journal.follow():
        known = found.get(entry.run_id)
        if known is not None and known.status == "ok" and entry.status != "ok":
            continue
        if entry.status != "ok" or unchanged(entry.data):
            found[entry.run_id] = entry
        elif known is not None and known.status != "ok":
            del found[entry.run_id]
    return found
