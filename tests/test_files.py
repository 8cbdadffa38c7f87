"""A file is hashed once, by whichever process came first, as long as it is left alone."""

from __future__ import annotations

import hashlib
import os
import pickle

import pytest

from a4eval import files
from a4eval.executors.jobs import ExperimentRunner


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(files, "_known", {})


def test_what_another_process_has_read_is_not_read_again(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    found = files.content(path)
    assert found == (hashlib.sha256(b"abc").hexdigest(), 3)
    told = files.known()
    monkeypatch.setattr(files, "_known", {})
    monkeypatch.setattr(files, "opened", None)  # would fail
    files.learn(told)
    assert files.content(path) == found


def test_the_worker_of_a_sweep_knows_what_its_planner_has_read(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    found = files.content(path)
    sent = pickle.dumps(ExperimentRunner())
    monkeypatch.setattr(files, "_known", {})
    monkeypatch.setattr(files, "opened", None)
    there = []
    pickle.loads(sent).within(lambda: there.append(files.content(path)))
    assert there == [found]


def test_a_file_that_was_changed_is_read_again_whatever_was_told(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    files.content(path)
    told = files.known()
    path.write_bytes(b"abd")
    os.utime(path, ns=(1, 1))  # a clock may be coarse; and a time may be set back, but not that of the change itself
    files.learn(told)
    assert files.content(path).sha256 == hashlib.sha256(b"abd").hexdigest()
