"""Runs of a small metric, in this process."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from a4eval.registry import registry


@pytest.fixture
def hits(cli, tmp_path, monkeypatch):
    """Run ``evaluate`` on hits into a folder, and return that."""
    site = tmp_path / "site"
    info = site / "accuracies-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: accuracies\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[a4eval]\naccuracies = accuracies\n")
    shutil.copy(Path(__file__).parent / "accuracies.py", site)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "accuracies", raising=False)
    registry.cache_clear()

    def run(folder, values, *overrides, interval="{resamples: 200}", **columns):
        data = {"name": "hits", "hits": [float(one) for one in values], **columns}
        done = cli(
            "run",
            "task.name=evaluate",
            f"task.data={_hydra(data)}",
            "task.metrics.accuracy=accuracy_of_hits",
            *([f"task.interval={interval}"] if interval else []),
            f"hydra.run.dir={folder}",
            *overrides,
        )
        assert done.code == 0, done.err
        return tmp_path / folder

    yield run
    registry.cache_clear()


def _hydra(value):
    """Write a value as Hydra's overrides take it."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}: {_hydra(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)
