"""What a sweep's processes leave behind; ``tests/faults`` kills them at random."""

from __future__ import annotations

import time
from pathlib import Path


def children(pid):
    """Return the processes that *pid* started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(after_name[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def test_workers_leave_when_the_parent_is_killed(place):
    process = place.start("run", "-m", "experiment=probe", "task.x=1,2", "task.seconds=60", "hydra.sweep.dir=sweep")
    until = time.monotonic() + 30
    while not (workers := children(process.pid)):
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(1)
    process.kill()
    process.communicate()
    until = time.monotonic() + 5
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < until, "a worker outlived its parent"
        time.sleep(0.05)


def test_a_torn_line_is_closed_and_passed_over(place):
    assert place.sweep("task.x=1,2,3").code == 0
    journal = place.folder / "sweep" / "results.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-20])
    again = place.sweep("task.x=1,2,3")
    assert again.code == 0
    assert "2 of them earlier" in again.out
    assert place.ok() == [1, 2, 3]
    assert len(journal.read_bytes().splitlines()) == 4
