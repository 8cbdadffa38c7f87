"""What a function sees and what a sweep leaves are what Hydra's basic sweeper and launcher make."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import hydra
import pytest
import yaml

from .apps import APPS, PATH, STARTS

pytestmark = STARTS

OURS = {".lock", "results.jsonl", "sweep.json", "runs"}  # and the list of packages


def start(app, folder, *more):
    """Run an app's program and return how it ended."""
    words = app.words.split("\n" if "\n" in app.words else " ")
    environment = {**os.environ, "PYTHONPATH": PATH, "PWD": str(folder), **app.environment}
    command = [sys.executable, *app.start, "-m", *words, *more]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def left(folder):
    """Return the content of every file that a sweep left, without what differs between any two sweeps."""
    found = {}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        name = path.relative_to(folder)
        if name.parts[0] in OURS or name.match("packages-*.txt"):
            continue
        text = path.read_text().replace(str(folder), "SWEEP")
        if path.suffix == ".yaml":
            found[str(name)] = without_the_sweeper(yaml.safe_load(text))
        elif path.suffix == ".json":
            found[str(name)] = json.loads(text)
        else:
            found[str(name)] = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "TIME", text)
    return found


def without_the_sweeper(config):
    if isinstance(config, dict) and "hydra" in config:
        own = config["hydra"]
        del own["sweeper"]
        own["runtime"]["choices"].pop("hydra/sweeper")
        own["overrides"]["hydra"] = [
            one for one in own["overrides"]["hydra"] if not one.startswith(("hydra/sweeper", "hydra.sweep.dir"))
        ]
        own["sweep"]["dir"] = "SWEEP"
    return config


@pytest.mark.parametrize("name", APPS)
def test_as_hydras_own(name, tmp_path):
    app = APPS[name]
    app.write(tmp_path)
    theirs = start(app, tmp_path, f"hydra.sweep.dir={tmp_path}/basic")
    ours = start(app, tmp_path, f"hydra.sweep.dir={tmp_path}/a4eval", "hydra/sweeper=a4eval")
    if theirs.returncode and not hydra.__version__.startswith("1.3"):
        pytest.skip(f"Hydra {hydra.__version__} runs no such app: {theirs.stderr.splitlines()[-1]}")
    assert theirs.returncode == 0, theirs.stderr
    assert ours.returncode == 0, ours.stdout + ours.stderr
    expected, found = left(tmp_path / "basic"), left(tmp_path / "a4eval")
    assert found.keys() == expected.keys()
    assert any(one.endswith("seen.json") for one in expected)
    for file, content in expected.items():
        assert found[file] == content, file
    records = [json.loads(line) for line in (tmp_path / "a4eval" / "results.jsonl").read_text().splitlines()]
    assert len({one["run_id"] for one in records}) == len(records) == sum(f.endswith("seen.json") for f in expected)
    for record in records:
        folder = os.path.relpath(record["app"]["directory"], tmp_path / "a4eval")
        seen = expected[f"{folder}/seen.json"]
        assert record["overrides"] == seen["overrides"]
        if isinstance(seen["resolved"], dict):
            assert record["config"] == seen["resolved"]
