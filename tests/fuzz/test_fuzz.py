"""What fuzzing begins with, and what it once found, comes to a good end; a short run of it, where atheris is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .targets import ROOT, TARGETS, beginnings

CORPUS = Path(__file__).with_name("corpus")


@pytest.mark.parametrize("name", TARGETS)
def test_what_it_begins_with_and_what_it_found(name, tmp_path, monkeypatch):
    (tmp_path / "current").mkdir()
    (tmp_path / "begin").mkdir()
    monkeypatch.chdir(tmp_path / "current")
    kept = [one.read_bytes() for one in sorted((CORPUS / name).glob("*"))]
    inputs = [b"", b"\0" * 9, *beginnings(name, tmp_path / "begin"), *kept]
    assert len(inputs) > 2
    for number, data in enumerate(inputs):
        (tmp_path / str(number)).mkdir()
        TARGETS[name](tmp_path / str(number), data)
    assert list((tmp_path / "current").iterdir()) == []


def test_the_command_fuzzes_and_keeps_what_it_met(tmp_path):
    pytest.importorskip("atheris", reason="needs pip install atheris")
    words = ["--seconds", "3", "--only", "arrays", "--kept", str(tmp_path)]
    command = [sys.executable, "-m", "tests.fuzz", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "executions of 1 targets, 0 with findings" in done.stdout
    assert list((tmp_path / "arrays").iterdir())
