"""Every picture is drawn where matplotlib is installed."""

from __future__ import annotations

import pytest

from a4eval import build


def test_pictures_are_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'a4eval[plots]'")
    from a4eval import Run

    run = Run(directory=tmp_path, seed=0, pictures=True)
    layer = {"name": "gru", "inputs": 2, "hidden": 3}
    build("task", {"name": "gradient_flow", "layer": layer, "steps": 8, "spectrum": True}).run(run)
    build("task", {"name": "bptt_decomposition", "layer": layer, "steps": 8, "truncation": True}).run(run)
    names = {path.name for path in run.artifacts}
    assert names == {f"{name}.{end}" for name in ("decay", "spectrum", "share", "truncation") for end in ("png", "svg")}
    assert all(path.stat().st_size > 1000 for path in run.artifacts)
