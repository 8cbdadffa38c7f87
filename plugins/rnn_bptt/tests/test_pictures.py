"""Every picture is drawn where matplotlib is installed."""

from __future__ import annotations

import numpy as np
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
    drawn = ("decay", "sensitivity", "spectrum", "share", "truncation")
    assert names == {f"{name}.{end}" for name in drawn for end in ("png", "svg")}
    assert all(path.stat().st_size > 1000 for path in run.artifacts)


def test_shares_have_one_scale_whole_steps_and_the_name_of_the_cell():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'a4eval[plots]'")
    from a4eval_rnn_bptt.pictures import share_picture, title_of

    layer = build("layer", {"name": "lstm", "inputs": 2, "hidden": 3})
    shares = {"weight_ih": np.tril(np.full((3, 3), 0.1)), "weight_hh": np.tril(np.full((3, 3), -0.4))}
    figure = share_picture(shares, title_of(layer))
    figure.canvas.draw()
    heats = [axis for axis in figure.axes if axis.images]
    assert {image.get_clim() for axis in heats for image in axis.images} == {(-0.4, 0.4)}
    assert len(figure.axes) == 5, "two matrices, two rows of bars, one colour bar"
    for axis in figure.axes[:4]:
        for tick in axis.get_xticks():
            assert tick == round(tick)
    assert figure.get_suptitle() == "Where the gradient comes from: LSTM, 2 inputs, 3 hidden"
