"""From Python: what the command does, with nothing of the program's changed."""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import traceback
import warnings

import msgspec
import numpy as np
import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

import a4eval
from a4eval.runs.record import json_schema

Q5 = "assignment4/q5_l2_vs_iou"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def same(record):
    """Return what must be the same of two runs."""
    return {key: record[key] for key in ("run_id", "config", "overrides", "metrics", "tables", "components", "seed")}


def test_a_run_is_that_of_the_command(cli, tmp_path):
    record = a4eval.run(Q5, {"task.W": 12, "seed": 3}, directory="here")
    assert record["iou_p2"] == pytest.approx(10 / 12)
    assert record.path == "here/result.json"
    assert str(record.folder) == "here"
    typed = cli("run", f"experiment={Q5}", "task.W=12", "seed=3", "hydra.run.dir=there").record
    ours = json.loads((tmp_path / "here" / "result.json").read_text())
    ours["overrides"][-1] = typed["overrides"][-1]
    assert same(ours) == same(typed)
    assert msgspec.to_builtins(record)["config"] == ours["config"]


def test_what_a_record_offers():
    record = a4eval.run("assignment4/q3_interpolated_ap")
    assert set(record) == {"11_point", "every_point", "step", "101_point"}
    assert record.metrics["step"].value == pytest.approx(5 / 7)
    assert record.table("ranks").columns == ["query", "rank", "relevance", "precision", "recall"]
    assert len(record.table("ranks")) == 10
    assert "seed 0): ok: 11_point" in repr(record)
    assert set(record.to_dict()) <= set(json_schema()["$defs"]["Record"]["properties"])
    shown = record._repr_html_()
    assert "11_point" in shown
    assert "ranks (10 rows)" in shown
    with pytest.raises(KeyError, match="did you mean 'step'"):
        record["stpe"]
    with pytest.raises(a4eval.ConfigError, match="did you mean 'ranks'"):
        record.table("rank")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"task.w": 1}, "task.w: unknown key; did you mean 'W'"),
        ({"task.W": "wide"}, "task.W: got 'wide'"),
        ({"task.W": object()}, "task.W: got <object"),
        ({"dry_run": True}, "dry_run: "),
        ("task.W=1", "expected a mapping"),
        (["task.W="], "task.W"),
    ],
)
def test_a_wrong_config_is_an_error_and_nothing_is_written(tmp_path, overrides, message):
    with pytest.raises(a4eval.ConfigError) as raised:
        a4eval.run(Q5, overrides)
    assert message in str(raised.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("probe")
def test_a_run_that_fails_is_an_error_with_its_record():
    with pytest.raises(a4eval.RunFailedError, match=r"its record is here/result\.json") as raised:
        a4eval.run("probe", {"task.fail": [0], "task.x": 0}, directory="here")
    assert raised.value.record.status == "failed"
    assert "Traceback" in raised.value.__notes__[0]


@pytest.mark.usefixtures("probe")
def test_infinity_is_a_number(tmp_path):
    record = a4eval.run("probe", {"task.x": float("inf")}, directory="here")
    assert record["value"] == float("inf")
    assert json.loads((tmp_path / "here" / "result.json").read_text())["metrics"]["value"]["value"] == "Infinity"
    assert a4eval.load("here")[0]["value"] == float("inf")


def test_nothing_of_the_programs_state_is_changed(monkeypatch):
    OmegaConf.register_new_resolver("mine", lambda: 7, replace=True)
    hydra, environment = GlobalHydra.instance().hydra, dict(os.environ)
    HydraConfig.instance().cfg = None
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002  (the global generator is what is watched)
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    monkeypatch.setenv("A_SECRET", "value")
    a4eval.run(Q5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        a4eval.sweep(Q5, {"task.W": [6, 8]})
    assert GlobalHydra.instance().hydra is hydra
    assert HydraConfig.instance().cfg is None
    assert OmegaConf.create({"a": "${mine:}", "b": "${oc.env:A_SECRET}"}).b == "value"
    assert OmegaConf.create({"a": "${mine:}"}).a == 7
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    assert {**os.environ, "A_SECRET": ""} == {**environment, "A_SECRET": ""}
    OmegaConf.clear_resolver("mine")


def test_threads_take_turns():
    np.random.seed(5)  # noqa: NPY002
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    found, failed = {}, []

    def one(width):
        try:
            found[width] = a4eval.run(Q5, {"task.W": width})["iou_p2"]
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=one, args=[width]) for width in (6, 8, 10, 12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert found == {width: pytest.approx(1 - 2 / width) for width in (6, 8, 10, 12)}
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_a_sweep_in_a_thread_and_a_timeout_that_nobody_would_hear():
    came = []

    def both():
        came.append(a4eval.sweep(Q5, {"task.W": [6, 8]}, directory="swept"))
        with pytest.raises(a4eval.ConfigError, match="main thread"):
            a4eval.run(Q5, {"timeout": 5})
        came.append("refused")

    thread = threading.Thread(target=both)
    thread.start()
    thread.join()
    assert came[0].column("task.W") == [6, 8]
    assert came[1] == "refused"


def test_a_sweep_is_that_of_the_command_and_goes_on(cli):
    records = a4eval.sweep(Q5, {"task.W": range(6, 9), "seed": [1, 2]})
    assert records.column("task.W") == [6, 6, 7, 7, 8, 8]
    assert records[0].overrides == [f"experiment={Q5}", "task.W=6", "seed=1"]
    again = cli("run", "-m", f"experiment={Q5}", "task.W=6,7,8", "seed=1,2")
    assert "6 of them earlier" in again.out
    assert again.out.splitlines()[-1] == records[0].path


@pytest.mark.usefixtures("place")
def test_failed_points_are_there_with_a_warning(place, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", place.environment["PYTHONPATH"])
    monkeypatch.syspath_prepend(place.environment["PYTHONPATH"].split(os.pathsep)[0])
    from a4eval.registry import registry

    registry.cache_clear()
    with pytest.warns(UserWarning, match="1 of 3 points failed"):
        records = a4eval.sweep("probe", {"task.x": "1,2,3"}, {"task.fail": [2]}, directory="swept")
    registry.cache_clear()
    assert records.column("status") == ["ok", "failed", "ok"]
    assert records.filter("status!=ok")[0].error.type
    with pytest.raises(a4eval.ConfigError, match="holds no value"):
        a4eval.sweep(Q5, {"task.W": []})


def test_two_experiments_are_swept_over():
    records = a4eval.sweep(None, {"experiment": [Q5, "assignment4/q3_interpolated_ap"]}, directory="both")
    assert records.column("experiment") == [Q5, "assignment4/q3_interpolated_ap"]


def test_importing_the_names_imports_little():
    import subprocess

    code = (
        "import sys, a4eval; a4eval.Records, a4eval.Frame; sys.exit('hydra' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: a4eval.run("wrong_name"), "experiment: there is no experiment 'wrong_name'"),
        (lambda: a4eval.run(3), "experiment: got 3, expected the name of one"),
        (lambda: a4eval.run("assignment4/q5_l2_vs_iou", {"task.Wx": 3}), "task.Wx: unknown key; did you mean 'W'?"),
        (lambda: a4eval.run("assignment4/q5_l2_vs_iou", ["task.W=1,2"]), "and a4eval.sweep goes over several"),
        (lambda: a4eval.run("assignment4/q5_l2_vs_iou", config_dir="none"), "config_dir: there is no folder 'none'"),
        (lambda: a4eval.sweep("assignment4/q5_l2_vs_iou", {"task.Wx": [3]}), "task.Wx: unknown key"),
        (lambda: a4eval.run("assignment4/q5_l2_vs_iou", {"task.W": object()}), "expected a number, a text"),
    ],
)
def test_an_error_is_one_exception_in_words_for_python(call, text):
    with pytest.raises(a4eval.ConfigError) as caught:
        call()
    assert text in str(caught.value)
    assert "command line" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert len(traceback.format_exception(caught.value)) <= 6, "a frame of the caller's, one of ours"
