"""An experiment on detections takes any reader of detections by its ``task.data`` alone."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from .file_sets import box_text, coco, detection_table, mixed, open_images, oriented_text, panoptic, voc


def parquet(folder, rng, kind="parquet"):
    csv = pytest.importorskip("pyarrow.csv", reason="pyarrow reads Parquet and Arrow")
    from pyarrow import feather, parquet

    node, metrics = detection_table(folder, rng)
    for key in ("ground_truth", "detections"):
        path = node[key].replace(".csv", f".{kind}")
        (parquet.write_table if kind == "parquet" else feather.write_feather)(csv.read_csv(node[key]), path)
        node[key] = path
    return node, metrics


def arrow(folder, rng):
    return parquet(folder, rng, "arrow")


def command_of(node, tmp_path):
    data = []
    for key, value in node.items():
        inner = {f"{key}.{one}": of for one, of in value.items()} if isinstance(value, dict) else {key: value}
        data += [f"task.data.{one}={json.dumps(of)}" for one, of in inner.items()]
    command = [sys.executable, "-m", "a4eval", "run", "experiment=detection/coco", *data]
    return [*command, f"hydra.run.dir={tmp_path / 'run'}"]


READERS = [coco, voc, box_text, mixed, oriented_text, open_images, detection_table, parquet, arrow]


@pytest.mark.parametrize("write", READERS)
def test_coco_statistics_of_any_reader(tmp_path, write):
    node, _ = write(tmp_path, np.random.default_rng(0))
    done = subprocess.run(command_of(node, tmp_path), check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    values = json.loads((tmp_path / "run" / "result.json").read_text())["metrics"]
    assert 0 < values["AP"]["value"] < 1


def test_segments_are_no_detections(tmp_path):
    node, _ = panoptic(tmp_path, np.random.default_rng(0))
    done = subprocess.run(command_of(node, tmp_path), check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert "metrics.coco takes 'detection' batches, but data gives 'panoptic' batches" in done.stderr
