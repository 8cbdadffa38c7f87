"""How good is ``algorithm="auto"``?  200 random configurations, every algorithm, float32, one thread.

python benchmarks/deconv_choice.py [--write]
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import math
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from a4eval_deconv import conv_transpose, conv_transpose_algorithm, conv_transpose_gradients
from a4eval_deconv.algorithms.choice import choose_gradients
from a4eval_deconv.geometry import transposed_geometry
from harness import environment, publish, table

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 200


def draw(rng: np.random.Generator) -> tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]:
    """Return the shapes of input and weight, and the options, of 10⁴ to 10⁸·⁵ multiply-adds."""
    while True:
        dims = int(rng.choice([1, 2, 2, 2, 3]))
        limit = {1: 2048, 2: 96, 3: 24}[dims]
        size = tuple(int(n) for n in np.exp(rng.uniform(math.log(3), math.log(limit), dims)))
        kernel = int(rng.integers(1, {1: 16, 2: 8, 3: 5}[dims]))
        stride, dilation = int(rng.choice([1, 1, 2, 2, 2, 3, 4])), int(rng.choice([1, 1, 1, 1, 2]))
        groups = int(rng.choice([1, 1, 1, 1, 2, 4]))
        n, c, o = (2 ** int(power) for power in rng.integers((0, 0, 0), (5, 9, 9)))
        options = {
            "stride": stride,
            "padding": int(rng.integers(0, dilation * (kernel - 1) // 2 + 1)),
            "output_padding": int(rng.integers(0, stride)),
            "dilation": dilation,
            "groups": groups,
        }
        work = n * c * o * kernel**dims * math.prod(size)
        large = n * max(c * math.prod(size), o * groups * math.prod(size) * stride**dims) > 2**23
        if 1e4 <= work <= 3e8 and c % groups == 0 and not large:
            return (n, c, *size), (c, o, *(kernel,) * dims), options


def cpu_seconds(cases: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the least processor seconds of one call of each case, taking turns.

    The calls are short and single-threaded: processor time is less disturbed by what else the machine does.
    """
    repeats, best = {}, {}
    for name, call in cases.items():
        call()
        start = time.thread_time()
        call()
        best[name] = time.thread_time() - start
        repeats[name] = max(1, int(0.003 / max(best[name], 1e-7)))
    for _ in range(rounds):
        for name, call in cases.items():
            start = time.thread_time()
            for _ in range(repeats[name]):
                call()
            best[name] = min(best[name], (time.thread_time() - start) / repeats[name])
    return best


def measure(rng: np.random.Generator, rounds: int = 5) -> tuple[dict[str, float], str, dict[str, float], str]:
    """Return the seconds of each forward algorithm and the one picked, and the same for the gradients."""
    x_shape, weight_shape, options = draw(rng)
    x, weight = (rng.standard_normal(shape, dtype=np.float32) for shape in (x_shape, weight_shape))
    choice = conv_transpose_algorithm(x_shape, weight_shape, **options)
    calls = {name: partial(conv_transpose, x, weight, algorithm=name, **options) for name in choice.seconds}
    seconds = cpu_seconds(calls, rounds)
    dy = rng.standard_normal(conv_transpose(x, weight, **options).shape, dtype=np.float32)
    names = ("gather", "subpixel")
    backward = {name: partial(conv_transpose_gradients, dy, x, weight, algorithm=name, **options) for name in names}
    groups = options.pop("groups")
    geometry = transposed_geometry(x_shape[2:], weight_shape[2:], **options)
    split = (groups, weight_shape[0] // groups, *weight_shape[1:])
    gradients = cpu_seconds(backward, rounds)
    return seconds, choice.algorithm, gradients, choose_gradients(geometry, x_shape[0], split)


def main() -> None:
    rng = np.random.default_rng(0)
    forward, backward = [], []
    names: list[str] = []
    for _ in range(COUNT):
        seconds, picked, gradients, side = measure(rng)
        names.append(picked)
        forward.append(seconds[picked] / min(seconds.values()))
        backward.append(gradients[side] / min(gradients.values()))
    rows = [
        [name, float(np.median(ratios)), float(np.quantile(ratios, 0.95)), float(np.max(ratios)),
         sum(ratio > 1.3 for ratio in ratios)]
        for name, ratios in (("forward", forward), ("gradients", backward))
    ]  # fmt: skip
    counts = ", ".join(f"{name} {names.count(name)}" for name in sorted(set(names)))
    text = f"""## deconv: choice of algorithm

{environment("numpy")}; processor time of the algorithm picked over the best one's.
{COUNT} random configurations; forward picked {counts}.

{table(["", "median", "95 %", "worst", "above 1.3"], rows)}
"""
    publish("deconv_choice", text)


if __name__ == "__main__":
    main()
