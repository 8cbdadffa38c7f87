"""Shared by the tests: a check of a layer, and the modules of strangers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from a4eval import Run, build

settings.register_profile("patient", settings(), deadline=None)  # a loaded machine is no defect
settings.load_profile("patient")


STRANGERS = Path(__file__).parent / "strangers"
collect_ignore = ["strangers"]
"""Modules of strangers hold no tests, and need frameworks that may not be there."""


@pytest.fixture
def strangers(monkeypatch):
    """Stand in the folder of the strangers' modules, whose import the command allowed."""
    monkeypatch.chdir(STRANGERS)
    monkeypatch.syspath_prepend(str(STRANGERS))
    monkeypatch.setenv("A4EVAL_ALLOW_IMPORT", "torch_modules,jax_functions,keras_layers,metric_functions")


@pytest.fixture
def check():
    """Check a layer, and return the verdict and the rows by check."""

    def run(layer, **options):
        task = build("task", {"name": "check_layer", "layer": layer, "coordinates": 4, **options})
        result = task.run(Run(directory=None))
        return result.verdict.outcome, {row["check"]: row for row in result.tables["checks"]}

    return run


@pytest.fixture
def torch():
    """torch, where it is installed."""
    return pytest.importorskip("torch", reason="torch is not installed: pip install 'a4eval[conformance]'")


@pytest.fixture
def jax():
    """jax with flax, where they are installed."""
    pytest.importorskip("flax", reason="flax is not installed: pip install 'a4eval[conformance]'")
    return pytest.importorskip("jax", reason="jax is not installed: pip install 'a4eval[conformance]'")


@pytest.fixture
def keras(torch):
    """Keras on torch, where they are installed."""
    import os

    os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras", reason="keras is not installed: pip install 'a4eval[conformance]'")
