"""Transposed convolution against torch, onnxruntime and jax: forward and backward, float32, one thread each.

python benchmarks/deconv_speed.py [--write]
"""

from __future__ import annotations

import one_thread  # noqa: F401  (before anything that computes)

# isort: split
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from a4eval_deconv import conv_transpose, conv_transpose_algorithm, conv_transpose_gradients
from a4eval_deconv.frameworks.with_onnx import one_node_model, session
from harness import environment, interleave, publish, table

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Case:
    """One workload: (n, in channels, *size) to so many channels."""

    name: str
    x: tuple[int, ...]
    out_channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    output_padding: int = 0

    @property
    def options(self) -> dict[str, int]:
        """The keywords of ours and torch's functions."""
        return {"stride": self.stride, "padding": self.padding, "output_padding": self.output_padding}

    @property
    def weight(self) -> tuple[int, ...]:
        """The weight's shape."""
        return (self.x[1], self.out_channels, *(self.kernel,) * (len(self.x) - 2))

    def __str__(self) -> str:
        shape = "×".join(map(str, self.x))
        return f"{self.name}: {shape} → {self.out_channels}, k{self.kernel} s{self.stride}"


CASES = [
    Case("A", (1, 1, 3, 3), 1, 7),
    Case("B", (8, 64, 32, 32), 32, 4, 2, 1),
    Case("C", (1, 256, 16, 16), 128, 3, 2, 1, 1),
    Case("D", (16, 3, 64, 64), 16, 5),
    Case("E", (1, 512, 8, 8), 256, 2, 2),
    Case("3-D, 32", (1, 32, 24, 24, 24), 32, 2, 2),
    Case("3-D, 64", (1, 64, 24, 24, 24), 64, 2, 2),
]


def arrays(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(case.x, dtype=np.float32)
    weight = rng.standard_normal(case.weight, dtype=np.float32)
    dy = rng.standard_normal(conv_transpose(x, weight, **case.options).shape, dtype=np.float32)
    return x, weight, dy


def with_torch(case: Case, x: Any, weight: Any, dy: Any) -> tuple[Callable[[], Any], Callable[[], Any]]:
    import torch

    torch.set_num_threads(1)
    function = getattr(torch.nn.functional, f"conv_transpose{len(case.x) - 2}d")
    inputs, filters = torch.tensor(x), torch.tensor(weight)
    bias = torch.zeros(case.out_channels)

    def forward() -> Any:
        with torch.inference_mode():
            return function(inputs, filters, **case.options)

    leaves = [tensor.clone().requires_grad_() for tensor in (inputs, filters, bias)]
    y = function(*leaves, **case.options)
    return forward, partial(torch.autograd.grad, y, leaves, torch.tensor(dy), retain_graph=True)


def with_onnxruntime(case: Case, x: Any, weight: Any) -> Callable[[], Any]:
    dims = len(case.x) - 2
    attributes = {
        "strides": [case.stride] * dims,
        "pads": [case.padding] * 2 * dims,
        "output_padding": [case.output_padding] * dims,
        "kernel_shape": [case.kernel] * dims,
    }
    model = session(one_node_model("ConvTranspose", attributes, x.shape, weight.shape, weight))
    return lambda: model.run(None, {"x": x})


def with_jax(case: Case, x: Any, weight: Any, dy: Any) -> tuple[Callable[[], Any], Callable[[], Any]]:
    import jax

    axes = "DHW"[-(len(case.x) - 2) :]
    edge = case.kernel - 1
    padding = [(edge - case.padding, edge - case.padding + case.output_padding)] * len(axes)

    def compute(inputs: Any, filters: Any) -> Any:
        numbers = ("NC" + axes, "OI" + axes, "NC" + axes)
        strides = (case.stride,) * len(axes)
        return jax.lax.conv_transpose(
            inputs, filters, strides, padding, dimension_numbers=numbers, transpose_kernel=True
        )

    forward = jax.jit(compute)
    backward = jax.jit(lambda inputs, filters, gradient: jax.vjp(compute, inputs, filters)[1](gradient))
    inputs, filters, gradient = (jax.device_put(array) for array in (x, weight, dy))
    np.testing.assert_allclose(forward(inputs, filters), conv_transpose(x, weight, **case.options), rtol=0, atol=1e-3)
    return (
        lambda: forward(inputs, filters).block_until_ready(),
        lambda: [one.block_until_ready() for one in backward(inputs, filters, gradient)],
    )


def main() -> None:
    forward_rows, backward_rows = [], []
    for case in CASES:
        x, weight, dy = arrays(case)
        torch_forward, torch_backward = with_torch(case, x, weight, dy)
        jax_forward, jax_backward = with_jax(case, x, weight, dy)
        seconds = interleave(
            {
                "ours": lambda x=x, weight=weight, case=case: conv_transpose(x, weight, **case.options),
                "torch": torch_forward,
                "onnxruntime": with_onnxruntime(case, x, weight),
                "jax": jax_forward,
            }
        )
        picked = conv_transpose_algorithm(case.x, case.weight, **case.options).algorithm
        peers = [seconds[name] for name in ("torch", "onnxruntime", "jax")]
        forward_rows.append(
            [str(case), picked, *(1e3 * one for one in seconds.values()), seconds["ours"] / seconds["torch"],
             seconds["ours"] / min(peers)]
        )  # fmt: skip
        seconds = interleave(
            {
                "ours": lambda x=x, weight=weight, dy=dy, case=case: conv_transpose_gradients(
                    dy, x, weight, **case.options
                ),
                "torch": torch_backward,
                "jax": jax_backward,
            },
            rounds=5,
        )
        backward_rows.append([str(case), *(1e3 * one for one in seconds.values()), seconds["ours"] / seconds["torch"]])
    forward_header = ["forward, ms", "algorithm", "ours", "torch", "onnxruntime", "jax", "ours/torch", "ours/fastest"]
    text = f"""## deconv: speed

{environment("numpy", "torch", "onnxruntime", "jax")}; float32, one thread each, medians.

{table(forward_header, forward_rows)}

{table(["backward, ms", "ours", "torch", "jax", "ours/torch"], backward_rows)}
"""
    publish("deconv_speed", text)


if __name__ == "__main__":
    main()
