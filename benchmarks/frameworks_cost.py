"""What the layers ``torch`` and ``jax`` cost over calling the framework directly: one forward and backward pass.

    python -m benchmarks.frameworks_cost --write

Both compute the gradients of the input and of all weights, in float32, on one thread; the adapter's arrays are numpy's.
torch takes those as they are, jax copies them: called directly, it has its own in one row, numpy's in the next.
Peak memory is what the process holds at most during a pass beyond what it held before, as Linux counts it.
"""

from __future__ import annotations

import benchmarks.one_thread  # noqa: F401  isort:skip  (before numpy and the frameworks)

import ctypes
import gc
import re
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import build
from benchmarks.harness import environment, interleave, publish, table

if TYPE_CHECKING:
    from collections.abc import Callable

CASES: dict[str, dict[str, Any]] = {
    "torch Conv2d, 8×64×32×32, k3": {
        "name": "torch", "layer": "Conv2d", "arguments": [64, 64, 3], "input": [8, 64, 32, 32],
    },
    "torch ConvTranspose2d, 8×64×16×16, k4 s2": {
        "name": "torch", "layer": "ConvTranspose2d", "arguments": [64, 32, 4, 2], "input": [8, 64, 16, 16],
    },
    "torch LSTM, 50 steps, 32×64, 128 units": {
        "name": "torch", "layer": "LSTM", "arguments": [64, 128], "input": [50, 32, 64], "batch_axis": 1, "output": 0,
    },
    "torch LayerNorm, 256×512": {"name": "torch", "layer": "LayerNorm", "arguments": [512], "input": [256, 512]},
    "torch LayerNorm, 8×128×512": {"name": "torch", "layer": "LayerNorm", "arguments": [512], "input": [8, 128, 512]},
    "jax Conv, 8×32×32×64, k3": {
        "name": "jax", "layer": "Conv", "arguments": [64, 64, [3, 3]], "input": [8, 32, 32, 64],
    },
    "jax Linear, 256×512": {"name": "jax", "layer": "Linear", "arguments": [512, 512], "input": [256, 512]},
}  # fmt: skip
FROM_NUMPY = ", called with numpy's arrays"
CASES |= {f"{case}{FROM_NUMPY}": node for case, node in CASES.items() if node["name"] == "jax"}


def calls(case: str) -> dict[str, Callable[[], Any]]:
    """Return a pass through the adapter and one without it."""
    layer = build("layer", CASES[case])
    rng = np.random.default_rng(0)
    params = {name: one.astype(np.float32) for name, one in layer.init(rng).items()}
    x = layer.example(rng).astype(np.float32)
    dy = np.ones_like(layer.forward(params, x)[0])

    def adapter() -> Any:
        _, tape = layer.forward(params, x)
        return layer.backward(params, tape, dy)

    if CASES[case]["name"] == "torch":
        return {"directly": _torch(CASES[case], params, x, dy), "adapter": adapter}
    return {"directly": _jax(CASES[case], params, x, dy, own=not case.endswith(FROM_NUMPY)), "adapter": adapter}


def _torch(node: dict[str, Any], params: Any, x: Any, dy: Any) -> Callable[[], Any]:
    import torch

    module = getattr(torch.nn, node["layer"])(*node["arguments"])
    module.load_state_dict({name: torch.tensor(one) for name, one in params.items()})
    given, gradient = torch.tensor(x, requires_grad=True), torch.tensor(dy)

    def call() -> Any:
        y = module(given)
        y = y[0] if isinstance(y, tuple) else y
        return torch.autograd.grad(y, [given, *module.parameters()], gradient)

    return call


def _jax(node: dict[str, Any], params: Any, x: Any, dy: Any, *, own: bool) -> Callable[[], Any]:
    import jax
    from flax import nnx

    graph, state = nnx.split(getattr(nnx, node["layer"])(*node["arguments"], rngs=nnx.Rngs(0)))

    @jax.jit
    def both(params: Any, x: Any, dy: Any) -> Any:
        def apply(params: Any, x: Any) -> Any:
            return nnx.merge(graph, nnx.from_flat_state({(name,): nnx.Param(one) for name, one in params.items()}))(x)

        y, pull = jax.vjp(apply, params, x)
        return y, pull(dy)

    del state
    given = jax.tree.map(jax.numpy.asarray, (params, x, dy)) if own else (params, x, dy)
    return lambda: jax.block_until_ready(both(*given))


_M_MMAP_THRESHOLD = -3


def peak_memory(call: Callable[[], Any]) -> float:
    """Return the most MB that a call holds beyond what is held when all that was freed is given back.

    The median of some calls, less the least that was held before one of them.
    """
    libc, befores, peaks = ctypes.CDLL(None), [], []
    libc.mallopt(_M_MMAP_THRESHOLD, 2**16)  # every larger array is given back at once, and not kept for the next
    for _ in range(14):
        gc.collect()
        libc.malloc_trim(0)  # what was freed is no longer held
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        befores.append(_held("VmRSS"))
        result = call()
        peaks.append(_held("VmHWM"))
        del result
    return median(peaks[5:]) - min(befores[5:])  # the first ones find room for what stays


def _held(what: str) -> float:
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def main() -> None:
    seconds = {case: interleave(calls(case), rounds=9, at_least=0.2) for case in CASES}
    rows = []
    for case in CASES:  # all again: how memory is counted makes it slower
        held = {name: peak_memory(one) for name, one in calls(case).items()}
        slower, larger = (one["adapter"] / one["directly"] for one in (seconds[case], held))
        milliseconds = [one * 1e3 for one in seconds[case].values()]
        rows.append([case, *milliseconds, slower, *held.values(), larger])
    header = ["forward and backward", "directly, ms", "adapter, ms", "ratio", "directly, MB", "adapter, MB", "ratio"]
    text = "## Layers of other frameworks: what the adapter costs\n\n"
    text += f"{environment('torch', 'jax', 'flax', 'numpy')}; one thread, float32, medians of 9 interleaved rounds.\n"
    text += "The adapter adds some .06 to .1 ms of Python, which shows where a pass is hardly longer; jax, called\n"
    text += "with its own arrays, holds less, since numpy's are copied.\n\n"
    publish("frameworks_cost", text + table(header, rows))


if __name__ == "__main__":
    main()
