"""Whatever is killed, whenever: a sweep over an app ends with each point once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from ..executors.test_dispatch import children
from .apps import PATH

KILLS = int(os.environ.get("A4EVAL_KILLS", "20")) // 2 or 1
CODE = """
import time
import hydra

@hydra.main(version_base=None)
def train(cfg):
    time.sleep(0.3)
    return cfg.x

if __name__ == "__main__":
    train()
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the workers in /proc")
def test_workers_and_the_program_killed_at_random(tmp_path):
    (tmp_path / "train.py").write_text(CODE)
    points = 8 * KILLS
    words = [
        f"+x=range({points})",
        "hydra/sweeper=a4eval",
        "hydra.sweeper.executor.workers=3",
        "hydra.sweeper.retries=3",
    ]
    environment = {**os.environ, "PYTHONPATH": PATH, "XDG_STATE_HOME": str(tmp_path / "state")}

    def start():
        command = [sys.executable, "train.py", "-m", *words]
        with (tmp_path / "said").open("a") as said:
            return subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=said, stderr=said)

    rng, process, kills = random.Random(23), start(), 0
    while kills < KILLS:
        time.sleep(rng.uniform(0.2, 1.5))
        if process.poll() is not None:
            break
        workers = children(process.pid)
        if rng.random() < 0.3:
            process.kill()
            process.wait()
            process = start()
        elif workers:
            try:
                os.kill(rng.choice(workers), signal.SIGKILL)
            except ProcessLookupError:
                continue
        else:
            continue
        kills += 1
    assert kills == KILLS, "all done before: make the points slower"
    process.wait()
    if process.returncode:  # a point that was killed as often as it was tried
        assert start().wait() in (0, 1)
    found = [journal for journal in (tmp_path / "multirun").rglob("results.jsonl") if journal.stat().st_size]
    (journal,) = found
    records = []
    for line in journal.read_text().splitlines():
        try:
            records.append(json.loads(line))
        except ValueError:
            continue  # torn
    done = Counter(one["config"]["x"] for one in records if one["status"] == "ok")
    failed = {one["config"]["x"] for one in records if one["status"] == "failed"} - set(done)
    assert set(done.values()) == {1}
    assert set(done) | failed == set(range(points))
    assert len(failed) <= KILLS / 4, (tmp_path / "said").read_text()
    for record in records:
        assert Path(record["app"]["directory"]).name == str(record["config"]["x"])
