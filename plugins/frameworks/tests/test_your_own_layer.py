"""docs/your-own-layer.md works as written: its modules, its commands, and the check that it says will fail."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs" / "your-own-layer.md"
PAGE = DOCS.read_text() if DOCS.exists() else ""
MODULES = dict(re.findall(r"<!-- (\w+\.py) -->\n```python\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = re.findall(r"<!-- failed: (\w+) -->\n```sh\n(a4eval run .*?)\n```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("check", "command"), COMMANDS, ids=[command.split()[3] for _, command in COMMANDS])
def test_the_fault_on_the_page_is_found(tmp_path, check, command):
    framework = re.search(r"name: (\w+)", command.partition("task.layer=")[2]).group(1)
    if not all(map(find_spec, {"keras": ("keras", "torch"), "jax": ("jax", "flax")}.get(framework, (framework,)))):
        pytest.skip(f"{framework} is not installed: pip install 'a4eval[conformance]'")
    for name, code in MODULES.items():
        (tmp_path / name).write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "a4eval", *shlex.split(command)[1:], "task.coordinates=4"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200", "KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "verdict: failed" in done.stdout
    assert f"{check} failed" in done.stdout, done.stdout


def test_the_page_has_a_module_for_each_framework():
    assert not PAGE or (len(MODULES), len(COMMANDS)) == (3, 3)
