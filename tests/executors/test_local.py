"""The executor `local`: what it finds out about the machine, and what it says of a run."""

from __future__ import annotations

import os
from types import SimpleNamespace

from a4eval.executors import local
from a4eval.executors.contract import Sweep


def test_processors_where_the_system_tells_no_affinity(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert local.processors() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert local.Local().slots() == 1


def test_no_more_processes_than_there_are_chunks(monkeypatch, tmp_path):
    started = []
    fake = SimpleNamespace(submit=lambda *_: None, kill=lambda: None, gpu="")
    monkeypatch.setattr(local, "Worker", lambda *_: started.append(1) or fake)
    executor = local.Local(40)
    executor.start(Sweep("x", tmp_path, "local", SimpleNamespace(environment=lambda _threads: {})))
    assert len(started) == 0
    executor.submit(1, [])
    executor.submit(2, [])
    assert len(started) == 2


def test_a_timeout_is_no_foreign_error(place):
    done = place.run("run", "experiment=probe", "task.seconds=30", "timeout=0.2", "hydra.run.dir=run")
    assert (done.code, done.err) == (1, "a4eval: error: took longer than timeout=0.2 seconds\n")


def test_a_metric_that_is_no_number_is_a_failed_record(place):
    done = place.sweep("task.x=1,2", "task.metric=null,[1.5],0.5")
    assert done.code == 1
    assert "6 points: 2 ok, 4 failed" in done.out
    texts = {one["error"]["message"] for one in place.records() if one["error"]}
    assert len(texts) == 2
    assert all(text.startswith("metric 'given' cannot go into a record") for text in texts)
    assert len(place.run("ls", "sweep", "status=ok", "--csv").out.splitlines()) == 3
