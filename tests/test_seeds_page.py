"""docs/seeds.md works as written, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "seeds.md").read_text()
SHELL = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_page(tmp_path):
    tool = tmp_path / "a4eval"
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m a4eval "$@"\n')
    tool.chmod(0o755)
    folder = tmp_path / "empty"
    folder.mkdir()

    def run(script):
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "COLUMNS": "80"}
        words = ["bash", "-c", script]
        return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    # as many steps as tell that it runs; what comes out of them is not of this page
    compared, ranked, stopped = (run(text.replace("task.steps=150", "task.steps=5")) for text in SHELL)
    assert "note: 2 problems, 10 seeds, each drawn with all problems together" in compared.stdout, compared.stderr
    assert "problems of accuracy, the worst first" in compared.stdout
    assert "accuracy not worse by more than 0.01" in compared.stdout
    assert compared.returncode in (0, 3, 4)
    assert ranked.returncode == 0, ranked.stderr
    assert "the best of 4 looks better than it is" in ranked.stdout
    assert all(len(line) <= 80 for line in ranked.stdout.splitlines() if "  " in line), ranked.stdout
    assert stopped.returncode in (0, 3, 4), stopped.stderr
    assert "accuracy is " in stopped.stdout
