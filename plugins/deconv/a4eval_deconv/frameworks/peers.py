"""Which frameworks are installed, and one of them run."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    Gradients: TypeAlias = Callable[[NDArray[Any]], tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]

_MODULES: dict[str, list[tuple[str, ...]]] = {
    "torch": [("torch",)],
    "jax": [("jax",)],
    "onnx": [("onnxruntime",), ("onnx",)],
    "tensorflow": [("tensorflow",)],
    "keras": [("keras",), ("torch", "jax", "tensorflow")],
}
"""The modules that a framework needs: one of each choice."""


SINGLE_PRECISION = ("onnx", "keras")
"""The frameworks that are run in float32, and forward only."""


def installed_frameworks() -> list[str]:
    """Return the names of the frameworks that can be imported.

    >>> set(installed_frameworks()) <= {"torch", "jax", "onnx", "tensorflow", "keras"}
    True
    """
    return [name for name, modules in _MODULES.items() if all(any(map(find_spec, choice)) for choice in modules)]


def run(
    framework: str,
    operands: tuple[NDArray[Any], ...],
    stride: Sequence[int],
    dilation: Sequence[int],
    arguments: list[dict[str, Any]],
) -> tuple[NDArray[Any], Gradients | None]:
    """Return a framework's output, and its gradients where it gives them; *operands* are x, weight and bias."""
    peer = import_module(f"a4eval_deconv.frameworks.with_{framework}")
    # TensorFlow gets a kernel that has been spread out already
    dilation = (1,) * len(stride) if framework == "tensorflow" else dilation
    y, gradients = peer.run(*operands, stride, dilation, arguments)
    return y, gradients
