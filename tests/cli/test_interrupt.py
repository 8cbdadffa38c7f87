"""Ctrl-C, whenever it comes, is one line and exit status 130."""

from __future__ import annotations

import signal
import time

import pytest

from a4eval.cli.main import app
from a4eval.sweeps import retry


@pytest.mark.parametrize("clean_up_fails", [False, True])
def test_ctrl_c_in_any_command(monkeypatch, tmp_path, capsys, clean_up_fails):
    def interrupted(_folder, _overrides):
        try:
            raise KeyboardInterrupt
        finally:
            if clean_up_fails:
                raise AttributeError("half cleaned up")

    monkeypatch.setattr(retry, "retry", interrupted)
    with pytest.raises(SystemExit) as ended:
        app(["retry", str(tmp_path)])
    assert ended.value.code == 130
    assert capsys.readouterr().err == "a4eval: interrupted\n"


def test_other_errors_pass(monkeypatch, tmp_path):
    def failed(_folder, _overrides):
        raise AttributeError("a fault")

    monkeypatch.setattr(retry, "retry", failed)
    with pytest.raises(AttributeError, match="a fault"):
        app(["retry", str(tmp_path)])


def test_no_journal_is_named_where_none_is(place):
    process = place.start("run", "-m", "experiment=probe", "task.seconds=60", "task.x=1,2", "hydra.sweep.dir=sweep")
    until = time.monotonic() + 30
    while not (place.folder / "sweep" / "sweep.json").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "2 not run" in out
    assert "results.jsonl" not in out
