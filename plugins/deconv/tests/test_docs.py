"""The commands and the code of the README and of the page in docs run, and say what they are said to say."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from a4eval_deconv import (
    Crop,
    convention_crop,
    output_shape_crop,
    tensorflow_output_shape_crop,
    torch_output_size_crop,
)

from .frameworks.test_onnx_file import saved

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
    if "model.onnx" in command:
        saved(tmp_path / "model.onnx", {"strides": [2, 2], "auto_pad": "SAME_UPPER"})
    arguments = [*shlex.split(command)[1:], f"hydra.run.dir={tmp_path / 'out'}", "pictures=false"]
    done = subprocess.run(
        [sys.executable, "-m", "a4eval", *arguments], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    assert record["status"] == "ok"
    if "output_size" in command:
        assert record["metrics"]["output_length"]["value"] == 32
    if "model.onnx" in command:
        assert record["metrics"]["onnx_in_one_call"]["value"] == 1


def test_there_are_commands_to_test():
    assert len(COMMANDS) >= 3 * len([page for page in PAGES if page.exists()])


@pytest.mark.skipif(not PAGES[1].exists(), reason="the documentation is not beside the plugin")
def test_the_table_of_sizes_is_what_the_functions_say():
    """31 and 32 of 16 pixels, kernel 3, stride 2, as the page says them."""
    said = {
        "TensorFlow": [tensorflow_output_shape_crop(16, size, 3, 2) for size in (31, 32)],
        "Keras": [convention_crop("keras_same", 3, 2, output_padding=extra) for extra in (0, 1)],
        "torch": [torch_output_size_crop(16, size, 3, 2, padding=1) for size in (31, 32)],
        "ONNX": [output_shape_crop(16, size, 3, 2) for size in (31, 32)],
    }
    rows = re.findall(
        r"^\| (\w+) `.*\| (\d) before, (\d) after \| (\d) before, (\d) after \|$", PAGES[1].read_text(), re.MULTILINE
    )
    assert {name: [Crop(int(a), int(b)), Crop(int(c), int(d))] for name, a, b, c, d in rows} == said


def test_the_code_of_the_readme_runs():
    for code in blocks("python"):
        namespace = {}
        exec(compile(code, "README.md", "exec"), namespace)
        assert namespace["y"].shape == (1, 8, 32, 32)
        assert namespace["dx"].shape == (1, 3, 16, 16)
