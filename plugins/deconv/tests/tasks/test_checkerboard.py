"""The task checkerboard with our layers, strangers' layers and trained kernels."""

from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from a4eval_deconv import (
    checkerboard_score,
    frequency_response,
    load_weight,
    output_score,
)
from a4eval_deconv.tasks.checkerboard import Checkerboard

from a4eval import ConfigError, DataError, Run, build


@pytest.fixture
def run(tmp_path):
    return Run(directory=tmp_path, seed=0)


def experiment():
    yaml = pytest.importorskip("yaml", reason="PyYAML comes with hydra-core")
    folder = Path(__file__).resolve().parents[2] / "a4eval_deconv" / "configs" / "experiment" / "deconv"
    return yaml.safe_load((folder / "checkerboard.yaml").read_text())["task"]


def test_the_experiment(run):
    result = build("task", experiment()).run(run)
    values = {name: value.value for name, value in result.metrics.items()}
    assert values["score"] == pytest.approx(0.75, abs=0.05)
    assert values["score_pixel_shuffle"] == pytest.approx(0.75, abs=0.05)
    assert values["score_icnr"] == pytest.approx(0, abs=1e-12)
    assert values["score_resize_conv"] == pytest.approx(0, abs=1e-12)
    assert {row["multiply_adds_per_output"] for row in result.tables["scores"]} == {12.0}
    assert [row["overlap_low"] == row["overlap_high"] for row in result.tables["scores"]] == [True] * 4
    shares = [row["power_share"] for row in result.tables["image_frequencies"] if row["label"] == "layer"]
    assert sum(shares) == pytest.approx(1)


def test_pictures_of_a_photograph(tmp_path):
    for module in ("matplotlib", "sklearn", "PIL"):
        pytest.importorskip(
            module, reason=f"{module} is not installed: pip install 'a4eval[plots]' 'a4eval-deconv[photo]'"
        )
    run = Run(directory=tmp_path, seed=0, pictures=True)
    result = build("task", {**experiment(), "photo": "china", "draws": 2}).run(run)
    assert result.metrics["photo_score"].value > 0.1
    assert result.metrics["photo_score_icnr"].value < 0.001
    assert sorted(path.name for path in run.artifacts) == ["checkerboard.png", "checkerboard.svg"]
    assert all(path.stat().st_size > 10_000 for path in run.artifacts)


@dataclass
class Stranger:
    """A layer that knows nothing of this plugin: each pixel becomes a block of 3 with a dark corner."""

    def example(self, rng):
        return rng.standard_normal((1, 2, 4, 4))

    def init(self, rng):
        return {"gain": np.ones(2)}

    def forward(self, params, x):
        y = np.repeat(np.repeat(x * params["gain"][:, None, None], 3, axis=2), 3, axis=3)
        y[:, :, ::3, ::3] = 0
        return y, x

    def backward(self, params, tape, dy):
        dy = dy.copy()
        dy[:, :, ::3, ::3] = 0
        n, c, height, width = tape.shape
        blocks = dy.reshape(n, c, height, 3, width, 3).sum(axis=(3, 5))
        dx = blocks * params["gain"][:, None, None]
        return {"gain": (blocks * tape).sum(axis=(0, 2, 3))}, dx


def test_a_strangers_layer_is_checked(run):
    task = replace(build("task", {"name": "check_layer", "layer": "conv"}), layer=Stranger())
    assert task.run(run).metrics["failed_checks"].value == 0


def test_a_strangers_layer_is_measured_and_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'a4eval[plots]'")
    run = Run(directory=tmp_path, pictures=True)
    result = Checkerboard(layer=Stranger(), draws=1, size=8).run(run)
    # one phase of nine is dark: 1 − (8/9)² / (8/9)
    assert result.metrics["score"].value == pytest.approx(1 / 9, abs=1e-12)
    assert result.tables["scores"][0]["scale"] == "3 × 3"
    assert result.tables["scores"][0]["multiply_adds_per_output"] is None
    assert len(run.artifacts) == 2


def test_a_trained_kernel_from_each_kind_of_file(tmp_path, run):
    weight = np.random.default_rng(3).standard_normal((3, 3, 4, 4)).astype(np.float32)
    np.save(tmp_path / "w.npy", weight)
    np.savez(tmp_path / "w.npz", up=weight, other=np.ones(3))
    files = [("w.npy", None), ("w.npz", "up")]
    if find_spec("safetensors"):
        import_module("safetensors.numpy").save_file({"up": weight}, tmp_path / "w.safetensors")
        files.append(("w.safetensors", None))
    for name, key in files:
        np.testing.assert_array_equal(load_weight(tmp_path / name, key), weight)
        node = {**experiment(), "compare": {}, "weight": str(tmp_path / name), "weight_key": key}
        result = build("task", node).run(run)
        assert result.metrics["score"].value == pytest.approx(checkerboard_score(weight, 2), abs=1e-12)
        assert result.metrics["score"].n == 1
        assert str(tmp_path / name) in run.sources


@pytest.mark.parametrize(
    ("name", "content", "key", "text"),
    [
        ("w.npy", None, None, r"cannot be read"),
        ("w.txt", b"1", None, r"weights are read from .npy, .npz and .safetensors"),
        ("w.npy", b"nonsense", None, r"is no .npy file"),
        ("w.npz", b"nonsense", None, r"is no .npz file"),
        ("w.npy", np.ones((3, 3, 4, 5)), None, r"shape \(3, 3, 4, 5\), but the layer takes \(3, 3, 4, 4\)"),
        ("w.npy", np.ones(3), None, r"of shape \(3,\), expected numbers of shape"),
        ("w.npy", np.full((3, 3, 4, 4), np.nan), None, r"144 entries that are NaN or infinite, the first at"),
        ("w.npy", np.full((3, 3, 4, 4), "a"), None, r"is <U1 of shape"),
        ("w.npz", {"a": np.ones((3, 3, 4, 4)), "b": np.ones(1)}, None, r"holds a, b; set the key to one of them"),
        ("w.npz", {"a": np.ones((3, 3, 4, 4))}, "b", r"set the key to one of them, got 'b'"),
    ],
)
def test_a_bad_weight_file_is_one_clear_error(name, content, key, text, tmp_path, run):
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, dict):
        np.savez(path, **content)
    elif content is not None:
        np.save(path, content)
    task = build("task", {**experiment(), "compare": {}, "weight": str(path), "weight_key": key})
    with pytest.raises(DataError, match=text):
        task.run(run)


def test_wrong_configs(run):
    with pytest.raises(ConfigError, match="the label 'layer' is taken"):
        build("task", {"name": "checkerboard", "compare": {"layer": "conv"}})
    with pytest.raises(ConfigError, match="draws: got 0, expected at least 1"):
        build("task", {"name": "checkerboard", "draws": 0})
    with pytest.raises(ConfigError, match="did you mean 'resize_conv'"):
        build("task", {"name": "checkerboard", "layer": "resize_con"})
    with pytest.raises(ValueError, match="leaves no whole period"):
        output_score(np.ones((1, 4, 4)), (2, 2), 2)
    with pytest.raises(ValueError, match="points must be at least"):
        frequency_response(np.ones((1, 1, 5)), 4)
