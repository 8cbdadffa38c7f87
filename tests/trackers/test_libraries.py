"""What the trackers of the core write, read back by the libraries themselves, without a network."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import struct
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from textwrap import dedent

import pytest

TASK = """
import math
from dataclasses import dataclass
from a4eval import Component, Interval, Result, Value, hookimpl, param

A4EVAL_API = 1
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000200000001080200000" "07b40e8dd0000000f4944415478"
    "9c63f8cfc0c000c4000a000201"
)

@dataclass
class Told:
    rate: float = param(0.5, help="a rate")
    x: int = param(1, help="a number")
    bad: bool = param(False, help="fails")

    def run(self, run):
        run.artifact("pictures/one.png").write_bytes(PNG)
        run.artifact("notes.txt").write_text("hello")
        print("it says so")
        if self.bad:
            raise ValueError("so it goes")
        interval = Interval(0.95, 0.25, math.inf, "by hand")
        metrics = {"AP@[.50:.95]": Value(0.5, interval=interval), "loss": Value(math.nan), "x": Value(self.x)}
        return Result(metrics, {"by class": [{"class": "a|b", "AP": 1.0}, {"class": "c", "AP": math.nan}]})

@hookimpl
def a4eval_components():
    return [Component(kind="task", name="told", factory=Told)]
"""


@pytest.fixture
def told(tmp_path):
    """Run a4eval with a task that gives all that a record can hold."""
    from a4eval.testing import a_plugin

    a_plugin(tmp_path / "site", TASK, name="told_plugin")
    (tmp_path / "work").mkdir()

    def run(*arguments, sweep=False):
        environment = {
            **os.environ,
            "PYTHONPATH": str(tmp_path / "site"),
            # whoever would call out finds nobody
            **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"),
        }
        way = ["-m", "hydra.sweep.dir=sweep"] if sweep else ["hydra.run.dir=run"]
        done = subprocess.run(
            [sys.executable, "-m", "a4eval", "run", "task=told", "seed=3", *way, *arguments],
            cwd=tmp_path / "work",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "warning" not in done.stderr, done.stderr
        return done.returncode

    run.folder = tmp_path / "work"
    run.record = lambda: json.loads((run.folder / "run" / "result.json").read_text())
    return run


def test_mlflow(told):
    pytest.importorskip("mlflow", reason="pip install 'a4eval[mlflow]'")
    assert told("task.x=7", "trackers=[{name: mlflow, wait: 300}]") == 0
    assert told("task.bad=true", "hydra.run.dir=failed", "trackers=[{name: mlflow, wait: 300}]") == 1
    code = """
        import json, sys
        from mlflow import MlflowClient
        client = MlflowClient("sqlite:///mlflow.db")
        (experiment,) = (one for one in client.search_experiments() if one.name == "a4eval")
        for run in client.search_runs([experiment.experiment_id], order_by=["attributes.start_time"]):
            files, folders = [], [None]
            while folders:
                for one in client.list_artifacts(run.info.run_id, folders.pop()):
                    (folders if one.is_dir else files).append(one.path)
            where = client.download_artifacts(run.info.run_id, "")
            print(json.dumps([run.info.status, run.info.run_name, run.info.start_time, run.info.end_time,
                              {k: str(v) for k, v in run.data.metrics.items()}, run.data.params, run.data.tags,
                              sorted(files), where]))
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)], cwd=told.folder, capture_output=True, text=True, check=True
    )
    ok, failed = map(json.loads, done.stdout.splitlines())
    record = told.record()
    status, name, started, finished, metrics, params, tags, files, where = ok
    assert (status, name) == ("FINISHED", "task=told seed=3 task.x=7")
    for moment, key in ((started, "started"), (finished, "finished")):
        assert abs(moment / 1000 - datetime.fromisoformat(record[key]).timestamp()) < 0.001
    largest = sys.float_info.max  # what MLflow's database has for infinity
    assert {key: float(value) for key, value in metrics.items() if key != "loss"} == {
        "AP__.50:.95_": 0.5,
        "AP__.50:.95_/low": 0.25,
        "AP__.50:.95_/high": largest,
        "x": 7,
    }
    assert math.isnan(float(metrics["loss"]))
    assert {key: params[key] for key in ("task.rate", "task.x", "task.name", "seed")} == {
        "task.rate": "0.5",
        "task.x": "7",
        "task.name": "told",
        "seed": "3",
    }
    assert tags["a4eval.run_id"] == record["run_id"]
    assert files == ["log.txt", "notes.txt", "pictures/one.png", "result.json", "tables/by class.json"]
    assert json.loads(Path(where, "result.json").read_text()) == record
    table = {"columns": ["class", "AP"], "data": [["a|b", 1.0], ["c", None]]}
    assert json.loads(Path(where, "tables", "by class.json").read_text()) == table
    assert Path(where, "notes.txt").read_text() == "hello"
    assert (failed[0], failed[6]["a4eval.error"]) == ("FAILED", "ValueError: so it goes")


def wandb_records(file):
    """Yield the records of a file of W&B's: a log as LevelDB has them, of protocol buffers."""
    from wandb.proto.wandb_internal_pb2 import Record

    content, at, whole = file.read_bytes(), 7, b""
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        _, length, kind = struct.unpack("<IHB", content[at : at + 7])
        whole += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or its last piece
            yield Record.FromString(whole)
            whole = b""


def test_wandb(told):
    pytest.importorskip("wandb", reason="pip install 'a4eval[wandb]'")
    assert told("task.x=7", "trackers=[{name: wandb, wait: 300}]") == 0
    (folder,) = (told.folder / "wandb").glob("offline-run-*")
    (file,) = folder.glob("*.wandb")
    record, config, summary, artifacts = told.record(), {}, {}, []
    for one in wandb_records(file):
        kind = one.WhichOneof("record_type")
        if kind == "run":
            name, project = one.run.display_name, one.run.project
            config |= {item.key: json.loads(item.value_json) for item in one.run.config.update}
        elif kind == "summary":
            summary |= {item.key or ".".join(item.nested_key): item.value_json for item in one.summary.update}
        elif kind == "artifact" and one.artifact.type == "a4eval":
            artifacts += [entry.path for entry in one.artifact.manifest.contents]
        elif kind == "exit":
            assert one.exit.exit_code == 0
    assert (name, project) == ("task=told seed=3 task.x=7", "a4eval")
    assert {key: config[key] for key in ("task.rate", "task.x", "seed")} == {"task.rate": 0.5, "task.x": 7, "seed": 3}
    numbers = {key: float(json.loads(summary[key])) for key in summary if "AP@" in key or key == "x"}
    assert numbers == {"AP@[.50:.95]": 0.5, "AP@[.50:.95]/low": 0.25, "AP@[.50:.95]/high": math.inf, "x": 7}
    assert json.loads(summary["a4eval.run_id"]) == record["run_id"]
    (table,) = folder.rglob("*.table.json")
    content = json.loads(table.read_text())
    assert (content["columns"], content["data"][0]) == (["class", "AP"], ["a|b", 1.0])
    assert sorted(artifacts) == ["log.txt", "notes.txt", "pictures/one.png", "result.json"]


def test_tensorboard(told):
    pytest.importorskip("tensorboardX", reason="pip install 'a4eval[tensorboard]'")
    pytest.importorskip("tensorboard", reason="pip install tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert told("task.x=7,8", "trackers=[tensorboard]", sweep=True) == 0
    folders = sorted((told.folder / "tensorboard" / "a4eval").iterdir())
    assert len(folders) == 2
    seen = EventAccumulator(str(folders[0])).Reload()
    scalars = {tag: seen.Scalars(tag)[0].value for tag in seen.Tags()["scalars"]}
    assert math.isnan(scalars.pop("loss"))
    assert scalars == {"AP__.50_.95_": 0.5, "AP__.50_.95_/low": 0.25, "AP__.50_.95_/high": math.inf, "x": scalars["x"]}
    assert {EventAccumulator(str(one)).Reload().Scalars("x")[0].value for one in folders} == {7, 8}
    (picture,) = seen.Images("pictures/one")
    assert (picture.width, picture.height) == (2, 1)
    text = seen.Tensors("tables/by class/text_summary")[0].tensor_proto.string_val[0].decode()
    assert text == "| class | AP |\n| --- | --- |\n| a\\|b | 1.0 |\n| c | nan |"
    assert "_hparams_/session_start_info" in seen.summary_metadata


def test_trackio(told):
    pytest.importorskip("trackio", reason="pip install 'a4eval[trackio]'")
    assert told("task.x=7,8", "trackers=[trackio]", sweep=True) == 0
    with sqlite3.connect(told.folder / "trackio" / "a4eval.db") as database:
        rows = [json.loads(text) for (text,) in database.execute("select metrics from metrics")]
        configs = [json.loads(text) for (text,) in database.execute("select config from configs")]
    database.close()
    assert sorted(row["x"] for row in rows) == [7, 8]
    assert {row["AP@[.50:.95]/low"] for row in rows} == {0.25}
    assert sorted(config["task.x"] for config in configs) == [7, 8]
    assert {config["task.rate"] for config in configs} == {0.5}
