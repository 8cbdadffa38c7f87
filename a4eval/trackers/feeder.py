"""What runs in a tracker's own process: it is given the record of a run, or those of a sweep as they come."""

from __future__ import annotations

import os
import sys
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from a4eval import child
from a4eval.config.builder import build
from a4eval.environment import filled
from a4eval.errors import told
from a4eval.journal.journal import Journal
from a4eval.ownership import folder_of
from a4eval.trackers.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from a4eval.trackers.contract import Tracker

SECONDS_BETWEEN_LOOKS = 0.5
FAILURES_ALLOWED = 3
"""How many records in a row a tracker may refuse; then it is given no more."""
NICENESS = 10
"""So much less of the processor than a run."""


class Feed(NamedTuple):
    """What a tracker is to be given.

    Args:
        node: what the config says of it.
        path: where it says so.
        file: a record, or the journal of a sweep.
        journal: which of the two.
    """

    node: Any
    path: str
    file: Path
    journal: bool


def main() -> None:
    """Give records to a tracker; told what, and when that is all, through the socket named on the command line."""
    connection = Connection(int(sys.argv[1]))
    child.leave_with_owner(connection.fileno())
    os.nice(NICENESS)
    feed: Feed = connection.recv()
    try:
        tracker: Tracker = build("tracker", filled(feed.node), path=feed.path)
        if feed.journal:
            _follow(tracker, feed, connection)
        else:
            tracker.track(msgspec.json.decode(feed.file.read_bytes()), feed.file.parent)
    except Exception as error:  # noqa: BLE001  (a stranger's tracker may raise anything)
        connection.send(told(error))
    connection.send(None)
    os._exit(0)  # whatever the tracker left running


def _follow(tracker: Tracker, feed: Feed, connection: Connection) -> None:
    """Give it what comes into the journal and it has not, until there will be no more."""
    journal, ledger = Journal(feed.file.parent), Ledger(feed.file.parent, feed.node)
    failures, ended = 0, False
    while not ended:
        ended = connection.poll(SECONDS_BETWEEN_LOOKS)  # the journal is looked at once more after that
        for entry in journal.follow():
            (record,) = journal.read([entry], dict[str, Any])
            run = entry.run_id, str(record["started"])
            if ledger.has(*run):
                continue
            ledger.note(*run, given=True)
            try:
                tracker.track(record, folder_of(feed.file, entry.run_id))
                failures = 0
            except Exception as error:  # noqa: BLE001
                ledger.note(*run, given=False)
                failures += 1
                if failures == 1:
                    connection.send(f"run {entry.run_id}: {told(error)}")
                if failures == FAILURES_ALLOWED:
                    connection.send(f"it refused {failures} records in a row and is given no more")
                    return
