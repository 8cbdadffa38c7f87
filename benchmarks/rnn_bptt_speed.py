"""Backpropagation through time and its decomposition against torch and jax, on one core."""

from __future__ import annotations

import one_thread  # noqa: F401  (before anything that computes)

# isort: split
import subprocess
import sys
import time
import tracemalloc
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from a4eval_rnn_bptt import attribute, follow
from harness import environment, interleave, publish, table

from a4eval import build

SIZES = {"small": (1, 50, 32, 16), "medium": (32, 100, 128, 64), "large": (64, 200, 256, 128)}
CELLS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def draw(cell: Any, batch: Any, steps: Any, hidden: Any, inputs: Any, dtype: Any) -> Any:
    rng = np.random.default_rng(0)
    layer = build("layer", {"name": cell, "inputs": inputs, "hidden": hidden})
    params = {name: value.astype(dtype) for name, value in layer.init(rng).items()}
    x, dy = (rng.standard_normal((steps, batch, width)).astype(dtype) for width in (inputs, hidden))
    return layer, params, x, dy


def ours(layer: Any, params: Any, x: Any, dy: Any) -> Any:
    _, tape = layer.forward(params, x)
    return layer.gradients(params, tape, dy, want_dx=False).params


def torch_call(cell: Any, params: Any, x: Any, dy: Any) -> Any:
    module = CELLS[cell](x.shape[2], dy.shape[2]).to(torch.from_numpy(x).dtype)
    module.load_state_dict({f"{name}_l0": torch.from_numpy(value) for name, value in params.items()})
    tx, tdy, weights = torch.from_numpy(x), torch.from_numpy(dy), list(module.parameters())
    return lambda: torch.autograd.grad(module(tx)[0], weights, tdy)


def jax_step(cell: Any, w: Any, h: Any, x: Any) -> Any:
    a = x @ w["weight_ih"].T + w["bias_ih"]
    b = h[0] @ w["weight_hh"].T + w["bias_hh"]
    if cell == "rnn":
        return (jnp.tanh(a + b),)
    if cell == "lstm":
        i, f, g, o = jnp.split(a + b, 4, -1)
        c = jax.nn.sigmoid(f) * h[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
        return jax.nn.sigmoid(o) * jnp.tanh(c), c
    (ar, az, an), (br, bz, bn) = jnp.split(a, 3, -1), jnp.split(b, 3, -1)
    z = jax.nn.sigmoid(az + bz)
    return ((1 - z) * jnp.tanh(an + jax.nn.sigmoid(ar + br) * bn) + z * h[0],)


def jax_call(cell: Any, params: Any, x: Any, dy: Any) -> Any:
    zeros = tuple(jnp.zeros((x.shape[1], dy.shape[2]), x.dtype) for _ in range(2 if cell == "lstm" else 1))

    def loss(w: Any, x: Any, dy: Any) -> Any:
        def step(h: Any, one: Any) -> Any:
            h = jax_step(cell, w, h, one)
            return h, h[0]

        return jnp.vdot(jax.lax.scan(step, zeros, x)[1], dy)

    gradient = jax.jit(jax.grad(loss))
    w, jx, jdy = {name: jnp.asarray(value) for name, value in params.items()}, jnp.asarray(x), jnp.asarray(dy)
    return lambda: jax.block_until_ready(gradient(w, jx, jdy))


def whole_passes() -> str:
    rows = []
    for cell in CELLS:
        for name, size in SIZES.items():
            for dtype in ("float64", "float32"):
                layer, params, x, dy = draw(cell, *size, dtype)
                cases = {"a4eval": lambda a=(layer, params, x, dy): ours(*a), "torch": torch_call(cell, params, x, dy)}
                if dtype == "float32":
                    cases["jax"] = jax_call(cell, params, x, dy)
                seconds = interleave(cases, rounds=7)
                mine = seconds["a4eval"]
                ratios = [mine / seconds[peer] if peer in seconds else "" for peer in ("torch", "jax")]
                shown = [seconds[one] * 1e3 if one in seconds else "" for one in ("a4eval", "torch", "jax")]
                rows.append([cell, f"{name} {size}", dtype, *shown, *ratios])
    return table(["cell", "batch, steps, hidden, in", "dtype", "ms", "torch", "jax", "÷ torch", "÷ jax"], rows)


def repeated_autograd(cell: Any, params: Any, x: Any, dy: Any, copies: Any) -> Any:
    """The share of every pair in torch: one ``torch.autograd.grad`` a loss step.

    With *copies* as one would write it, with respect to a copy of the weight at every step; without, by a trick:
    only to the pre-activations, each then multiplied with what the whole gradient makes of the state before.
    """
    w = {name: torch.from_numpy(value) for name, value in params.items()}
    tx, tdy = torch.from_numpy(x), torch.from_numpy(dy)

    def call() -> Any:
        leaf = {name: value.clone().requires_grad_() for name, value in w.items()}
        h = [torch.zeros(x.shape[1], dy.shape[2], dtype=tx.dtype, requires_grad=True)]
        c, before = torch.zeros_like(h[0]), []
        each = [w["weight_hh"].clone().requires_grad_() for _ in tx] if copies else [leaf["weight_hh"]] * len(tx)
        for one, weight in zip(tx, each, strict=True):
            a, b = one @ leaf["weight_ih"].T + leaf["bias_ih"], h[-1] @ weight.T + leaf["bias_hh"]
            if cell == "rnn":
                before.append(a + b)
                h.append(torch.tanh(before[-1]))
            elif cell == "lstm":
                before.append(a + b)
                i, f, g, o = before[-1].chunk(4, 1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                h.append(torch.sigmoid(o) * torch.tanh(c))
            else:
                before.append(b)
                (ar, az, an), (br, bz, bn) = a.chunk(3, 1), b.chunk(3, 1)
                z = torch.sigmoid(az + bz)
                h.append((1 - z) * torch.tanh(an + torch.sigmoid(ar + br) * bn) + z * h[-1])
        total = sum((one * error).sum() for one, error in zip(h[1:], tdy, strict=True))
        whole = sum(torch.autograd.grad(total, each if copies else each[0], retain_graph=True))
        into = [whole] * len(tx) if copies else [(one @ whole.T).detach() for one in h[:-1]]
        ends = each if copies else before
        share = np.zeros((len(tx), len(tx)))
        for t in range(len(tx)):
            deltas = torch.autograd.grad((h[t + 1] * tdy[t]).sum(), ends[: t + 1], retain_graph=True)
            share[t, : t + 1] = [float((d * p).sum()) for d, p in zip(deltas, into, strict=False)]
        return share / float((whole**2).sum())

    return call


def peak(call: Any) -> Any:
    tracemalloc.start()
    call()
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size


def decompositions() -> str:
    rows = []
    for cell in CELLS:
        layer, params, x, dy = draw(cell, *SIZES["medium"], "float32")

        def share(layer: Any = layer, params: Any = params, x: Any = x, dy: Any = dy) -> Any:
            return attribute(follow(layer, params, x), dy, weights=["weight_hh"])["weight_hh"].share

        theirs, trick = (repeated_autograd(cell, params, x, dy, copies) for copies in (True, False))
        assert max(np.abs(share() - one()).max() for one in (theirs, trick)) < 1e-4
        plain = lambda a=(layer, params, x, dy): ours(*a)  # noqa: E731  (a case of the table, named by it)
        seconds = interleave({"plain": plain, "share": share, "torch": theirs, "trick": trick}, rounds=3)
        one = seconds["share"]
        memory = peak(share) / peak(plain)
        torch_ratios = [seconds[name] / one for name in ("torch", "trick")]
        rows.append([cell, seconds["plain"] * 1e3, one * 1e3, one / seconds["plain"], *torch_ratios, memory])
    header = ["cell", "one BPTT, ms", "shares, ms", "÷ one BPTT", "torch, copies of the weight ÷ shares"]
    header += ["torch, pre-activations alone ÷ shares", "peak memory ÷ BPTT's"]
    return table(header, rows)


def many_models() -> str:
    rows = []
    for cell in CELLS:
        layer, params, x, dy = draw(cell, *SIZES["small"], "float32")
        rng = np.random.default_rng(1)
        drawn = [layer.init(rng) for _ in range(32)]
        stack = {name: np.stack([one[name] for one in drawn]).astype(np.float32) for name in drawn[0]}
        xs, dys = np.stack([x] * 32), np.stack([dy] * 32)
        seconds = interleave(
            {"one": lambda a=(layer, params, x, dy): ours(*a), "all": lambda a=(layer, stack, xs, dys): ours(*a)},
            rounds=15,
        )
        rows.append([cell, seconds["one"] * 1e3, seconds["all"] * 1e3, seconds["all"] / seconds["one"]])
    return table(["cell", "1 model, ms", "32 models, ms", "÷ 1 model"], rows)


COLD = {
    "a4eval": """
import numpy as np
from a4eval_rnn_bptt import lstm_forward, lstm_backward
r = np.random.default_rng(0)
p = {"weight_ih": r.random((128, 16)), "weight_hh": r.random((128, 32))}
p |= {"bias_ih": r.random(128), "bias_hh": r.random(128)}
y, tape = lstm_forward(p, r.random((50, 1, 16)))
lstm_backward(p, tape, y)
""",
    "torch": """
import torch
m = torch.nn.LSTM(16, 32)
y, _ = m(torch.rand(50, 1, 16))
y.sum().backward()
""",
    "numpy alone": "import numpy",
}


def cold_starts() -> str:
    seconds = {name: [] for name in COLD}
    for _ in range(5):
        for name, code in COLD.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            seconds[name].append(time.perf_counter() - start)
    middle = {name: median(times) for name, times in seconds.items()}
    rows = [[name, one, middle["torch"] / one] for name, one in middle.items()]
    return table(["cold process to the first LSTM gradient", "s", "torch ÷ it"], rows)


def main() -> None:
    start = time.perf_counter()
    parts = [
        "## Backpropagation through time (rnn_bptt)",
        environment("numpy", "torch", "jax") + ", one core; medians.",
        "Forward and all parameter gradients:",
        whole_passes(),
        "The share of every (loss step, source step) in the recurrent weights' gradient, medium size, float32:",
        decompositions(),
        "32 models stacked on a leading axis, small size, float32:",
        many_models(),
        cold_starts(),
    ]
    publish("rnn_bptt_speed", "\n\n".join(parts))
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
