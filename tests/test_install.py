"""The stranger's plugin, installed by pip into a fresh environment."""

from __future__ import annotations

import json
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

STRANGER = Path(__file__).resolve().parent / "stranger"


@pytest.fixture
def python(tmp_path):
    """A fresh environment's python that also sees what this environment has: only the stranger is installed anew."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False)
    fresh = folder / "bin" / "python"
    purelib = subprocess.run(
        [fresh, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    lines = "".join(f"import site; site.addsitedir({path!r})\n" for path in site.getsitepackages())
    Path(purelib, "parent.pth").write_text(lines)
    return fresh


def test_a_stranger_is_installed_used_and_broken(python, tmp_path):
    source = shutil.copytree(STRANGER, tmp_path / "source")
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-deps",
        "--no-build-isolation",
        "-q",
        source,
    ]
    subprocess.run(install, check=True, capture_output=True)

    def a4eval(*arguments):
        return subprocess.run(
            [python, "-m", "a4eval", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    ran = a4eval("run", "experiment=stranger/heads", "hydra.run.dir=heads")
    assert ran.returncode == 0, ran.stderr
    assert json.loads((tmp_path / "heads" / "result.json").read_text())["metrics"]["heads"]["value"] == 0.6
    layer = a4eval("run", "experiment=stranger/square", "hydra.run.dir=square")
    assert layer.returncode == 0, layer.stderr
    assert json.loads((tmp_path / "square" / "result.json").read_text())["metrics"]["failed_checks"]["value"] == 0
    wrong = a4eval("run", "experiment=stranger/square", "task.layer.slip=1.001", "hydra.run.dir=wrong")
    assert wrong.returncode == 3, wrong.stderr
    record = json.loads((tmp_path / "wrong" / "result.json").read_text())
    assert record["metrics"]["failed_checks"]["value"] >= 2
    assert record["verdict"]["outcome"] == "failed"
    assert record["verdict"]["reasons"][0].startswith("gradient failed at ")
    assert "slip" in a4eval("components", "square").stdout

    plugin = next(python.parent.parent.rglob("a4eval_stranger/plugin.py"))
    plugin.write_text(plugin.read_text().replace("A4EVAL_API = 1", "raise RuntimeError('out of order')"))
    listed = {one["plugin"]: one for one in json.loads(a4eval("plugins", "--json").stdout)}
    assert listed["stranger"]["reason"] == "RuntimeError: out of order"
    assert listed["a4eval"]["state"] == "active"
    gone = a4eval("run", "experiment=stranger/heads")
    assert gone.returncode == 2
    assert "there is no experiment 'stranger/heads'" in gone.stderr


def test_a_new_plugin_is_installed_and_runs(python, tmp_path):
    """What a4eval new makes is a distribution: its wheel holds the experiments, and pip needs no network."""
    subprocess.run([python, "-m", "a4eval", "new", "my-study", "--only", "task"], cwd=tmp_path, check=True)
    install = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*install, tmp_path / "my-study"], check=True, capture_output=True)
    ran = subprocess.run(
        [python, "-m", "a4eval", "run", "experiment=my_study/chance", "hydra.run.dir=out"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    value = json.loads((tmp_path / "out" / "result.json").read_text())["metrics"]["accuracy"]
    assert value["interval"]["low"] < 0.25 < value["interval"]["high"]
