"""Whatever is killed, whenever: nothing is lost and nothing is run twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

KILLS = int(os.environ.get("A4EVAL_KILLS", "20"))
"""200 in continuous integration, over ten points each."""


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


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the workers in /proc")
def test_workers_and_parent_killed_at_random(place):
    rng = random.Random(20)
    points = 10 * KILLS
    sweep = [f"task.x=range(0,{points})", "task.seconds=0.2", "executor.workers=4", "retries=2"]
    command = ["run", "-m", "experiment=probe", "hydra.sweep.dir=sweep", *sweep]
    kills = parents = 0
    process = place.start(*command)
    while kills < KILLS:
        time.sleep(rng.uniform(0.05, 0.4))
        if process.poll() is not None:
            out, err = process.communicate()
            assert process.returncode in (0, 1), out + err
            assert len(set(place.ok())) < points, f"all done after only {kills} kills: make the points slower"
            process = place.start(*command)
            continue
        workers = children(process.pid)
        if rng.random() < 0.2:
            process.kill()
            process.communicate()
            parents += 1
            process = place.start(*command)
        elif workers:
            try:
                os.kill(rng.choice(workers), signal.SIGKILL)
            except ProcessLookupError:
                continue
        else:
            continue
        kills += 1
    out, err = process.communicate(timeout=300)
    assert process.returncode in (0, 1), out + err
    place.run(*command, timeout=300)
    place.run("retry", "sweep", timeout=300)
    assert parents
    assert place.ok() == list(range(points))
    assert len({one["run_id"] for one in place.records() if one["status"] == "ok"}) == points


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


def test_a_full_disk_ends_the_sweep_and_loses_nothing(place):
    disk = place.folder / "sweep"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        full = place.sweep("task.x=range(0,200)")
        assert full.code == 1
        assert "cannot be written: No space left on device" in full.err
        done = place.ok()
        assert 20 < len(done) < 120
        assert (disk / "results.jsonl").read_bytes().endswith(b"\n")
        subprocess.run(["mount", "-o", "remount,size=10m", str(disk)], check=True)
        again = place.sweep("task.x=range(0,200)")
        assert again.code == 0, again.err
        assert f"{len(done)} of them earlier" in again.out
        assert place.ok() == list(range(200))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


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
