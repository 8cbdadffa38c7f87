"""The page "Keep your Hydra app" works as written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec

from hydra_plugins.a4eval import SETTINGS

from ..conftest import ROOT
from .apps import PATH, STARTS

pytestmark = STARTS

PAGE = (ROOT / "docs" / "hydra-apps.md").read_text()


def test_the_page_works_as_written(tmp_path):
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (config,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    models = re.findall(r"`(\w+\.yaml)` \(`(\{.*?\})`\)", PAGE)
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "train.py").write_text(script)
    (tmp_path / "conf" / "config.yaml").write_text(config)
    for name, text in models:
        (tmp_path / "conf" / "model" / name).write_text(text)
    environment = {**os.environ, "PYTHONPATH": PATH, "XDG_STATE_HOME": str(tmp_path / "state"), "COLUMNS": "80"}

    def start(words):
        given = shlex.split(re.sub(r"\s#.*", "", words))
        command = [sys.executable, *(["-m", "a4eval"] if given[0] == "a4eval" else []), *given[1:]]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    lines = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    done = start(next(line for line in lines if line.startswith("python train.py")))
    assert done.returncode == 1, done.stderr
    (folder,) = (one.parent for one in (tmp_path / "multirun").rglob("results.jsonl"))
    assert "6 points: 5 ok, 1 failed" in done.stdout
    assert "ValueError: lr=0.4 is too large" in done.stdout
    assert re.search(r"python\S* train.py lr=0.4 model=large\n", done.stdout)
    assert "6 points: 5 ok, 1 failed" in PAGE
    short = str(folder.relative_to(tmp_path))
    for line in lines:
        if line.startswith("a4eval"):
            done = start(line.replace("multirun/DATE/TIME", short))
            unwell = ("retry", "resume")  # a point has failed
            assert done.returncode == any(one in line for one in unwell), line + done.stdout + done.stderr
            assert done.stdout
    assert start("python train.py").returncode == 0  # by itself
    if find_spec("optuna") is not None:
        (search,) = (line for line in lines if "search.name" in line)
        done = start(search)
        assert done.returncode == 0, done.stderr
        assert "the best of 30 trials (30 complete):\n  loss=" in done.stdout


def test_the_settings_on_the_page_are_those_of_the_code():
    table = PAGE[PAGE.index("| `hydra.sweeper.…`") :]
    rows = table[: table.index("\n\n")].splitlines()[2:]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])} == set(SETTINGS)
