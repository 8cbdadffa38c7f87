"""An experiment on detections takes any reader of detections by its ``task.data`` alone."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from .file_sets import box_text, coco, detection_table, open_images, voc


@pytest.mark.parametrize("write", [coco, voc, box_text, detection_table, open_images])
def test_coco_statistics_of_any_reader(tmp_path, write):
    node, _ = write(tmp_path, np.random.default_rng(0))
    data = [f"task.data.{key}={json.dumps(value)}" for key, value in node.items() if key != "columns"]
    command = [sys.executable, "-m", "a4eval", "run", "experiment=detection/coco", *data]
    done = subprocess.run(
        [*command, f"hydra.run.dir={tmp_path / 'run'}"], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    values = json.loads((tmp_path / "run" / "result.json").read_text())["metrics"]
    assert 0 < values["AP"]["value"] < 1
