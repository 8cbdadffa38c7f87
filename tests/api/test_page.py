"""docs/python.md does what it says, line by line."""

from __future__ import annotations

import doctest
import re
import shlex
import warnings
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "python.md").read_text()


def test_what_the_page_runs_prints_what_it_shows(tmp_path, monkeypatch, cli):
    for name in ("pandas", "polars", "duckdb", "pyarrow"):
        pytest.importorskip(name, reason="the page uses it")
    blocks = re.findall(r"```pycon\n(.*?)```", PAGE, re.DOTALL)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "python.md", None, 0)
    said = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        doctest.DocTestRunner().run(test, out=said.append)
    assert said == []
    assert len(test.examples) > 15
    (commands,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "metrics.parquet").unlink()
    for command in commands.splitlines():
        done = cli(*shlex.split(command, comments=True)[1:])
        assert done.code == 0, done.err
