"""The commands and the code of the README and of the page in docs run, and say what they are said to say."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).resolve().parents[1]
PAGES = [PLUGIN / "README.md", PLUGIN.parents[1] / "docs" / "transposed-convolution.md"]


def blocks(language):
    for page in PAGES:
        if page.exists():
            yield from re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


COMMANDS = list(
    dict.fromkeys(
        line
        for block in blocks("")
        for line in block.splitlines()
        if line.startswith("a4eval run") and "conformance" not in line
    )
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_runs(command, tmp_path):
    arguments = [*shlex.split(command)[1:], f"hydra.run.dir={tmp_path / 'out'}", "pictures=false"]
    done = subprocess.run(
        [sys.executable, "-m", "a4eval", *arguments], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    assert record["status"] == "ok"
    if "output_size" in command:
        assert record["metrics"]["output_length"]["value"] == 32


def test_there_are_commands_to_test():
    assert len(COMMANDS) >= 6


def test_the_code_of_the_readme_runs():
    for code in blocks("python"):
        namespace = {}
        exec(compile(code, "README.md", "exec"), namespace)
        assert namespace["y"].shape == (1, 8, 32, 32)
        assert namespace["dx"].shape == (1, 3, 16, 16)
