"""Files that tasks are given: weights, checkpoints, ONNX models and pictures; the first byte may say of which kind."""

from __future__ import annotations

import io
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .target import Target, tried


def weights(folder: Path, data: bytes) -> None:
    """A trained kernel for a layer."""
    from a4eval_deconv.weights import load_weight

    file = folder / f"weight{('.npy', '.npz', '.safetensors')[data[0] % 3 if data else 0]}"
    file.write_bytes(data[1:])
    tried(lambda: load_weight(file), str(file))


def onnx(folder: Path, data: bytes) -> None:
    """A model."""
    from a4eval_deconv.tasks.onnx_conv_transpose import OnnxConvTranspose

    from a4eval import Run

    file = folder / "model.onnx"
    file.write_bytes(data)
    tried(lambda: OnnxConvTranspose(file).run(Run(folder)), str(file))


def picture(folder: Path, data: bytes) -> None:
    """An image that boxes are drawn on."""
    from a4eval_ap_metric.thumbnails import packed, small_copy

    file = folder / "image.jpg"
    file.write_bytes(data)
    tried(lambda: packed([small_copy(file, 64)], 10_000), str(file))


def checkpoint(folder: Path, data: bytes) -> None:
    """Where a training goes on from, and its next step."""
    file = folder / "checkpoint.npz"
    file.write_bytes(data)
    tried(lambda: _study(file, 2), str(file))


def _study(file: Path, steps: int) -> None:
    from a4eval import Run, build

    problem = {"name": "keyword_recall", "fillers": 2, "keywords": 2}
    node = {
        "name": "sequence_study",
        "layer": {"name": "rnn", "hidden": 2},
        "problem": problem,
        "checkpoint": str(file),
    }
    study = build("task", node | {"steps": steps, "seeds": 1, "batch": 2, "checkpoint_every": 1, "window": 1})
    run = Run(file.parent)
    study._train(run, study._training(run))


def _checkpoint() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        _study(Path(folder, "checkpoint.npz"), 1)
        return Path(folder, "checkpoint.npz").read_bytes()


def _weights() -> list[bytes]:
    from safetensors.numpy import save

    weight = np.ones((1, 1, 2), np.float32)
    npy, npz = io.BytesIO(), io.BytesIO()
    np.save(npy, weight)
    np.savez_compressed(npz, w=weight)
    return [b"\0" + npy.getvalue(), b"\1" + npz.getvalue(), b"\2" + save({"w": weight})]


def _model() -> bytes:
    from onnx import TensorProto, helper

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 3, 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, None, None])
    w = helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 2, 2], [1.0] * 4)
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2], pads=[0, 1, 0, 1])
    model = helper.make_model(helper.make_graph([node], "g", [x], [y], [w]), ir_version=8)
    return bytes(model.SerializeToString())


def _pictures() -> list[bytes]:
    from PIL import Image

    files = {kind: io.BytesIO() for kind in ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF")}
    for kind, file in files.items():
        Image.new("RGB", (4, 3)).save(file, kind)
    return [file.getvalue() for file in files.values()]


KNOWN = {
    "checkpoint": ("numpy", Target(checkpoint, lambda: [_checkpoint()])),
    "weights": ("safetensors", Target(weights, _weights)),
    "onnx": ("onnx", Target(onnx, lambda: [_model()])),
    "picture": ("PIL", Target(picture, _pictures)),
}
TARGETS = {name: one for name, (package, one) in KNOWN.items() if find_spec(package)}
