"""The examples in the core's docstrings say what the code does; those of the plugins pytest finds by itself."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

from a4eval.errors import MissingExtraError

from .fences import ROOT

FILES = [file for file in sorted((ROOT / "a4eval").rglob("*.py")) if "\n    >>> " in file.read_text()]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_the_examples_of_a_file(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        module = import_module(".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    except MissingExtraError as error:
        pytest.skip(str(error))
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)
