"""docs/your-own-metric.md works as written: its files, its commands, what they say, and the check that fails."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs" / "your-own-metric.md"
PAGE = DOCS.read_text() if DOCS.exists() else ""
FILES = dict(re.findall(r"<!-- (\w+\.(?:py|csv)) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = re.findall(r"<!-- (says|failed): ([^\n]+) -->\n```sh\n(a4eval run .*?)\n```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("how", "text", "command"), COMMANDS, ids=range(len(COMMANDS)))
def test_the_commands_of_the_page_do_what_it_says(tmp_path, how, text, command):
    for module in ("sklearn", "torchmetrics", "pytrec_eval"):
        if not find_spec(module):
            pytest.skip(f"{module} is not installed: pip install 'a4eval[conformance]'")
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "a4eval", *shlex.split(command)[1:]],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (3 if how == "failed" else 0), done.stderr
    assert (f"{text} failed" if how == "failed" else text) in done.stdout, done.stdout


def test_the_page_has_files_and_commands():
    assert not PAGE or (len(FILES), len(COMMANDS)) == (2, 6)
