"""How good is ``algorithm="auto"``?  200 random configurations, every algorithm, float32, one thread.

python benchmarks/deconv_choice.py [--write]
"""

from __future__ import annotations

import one_thread  # noqa: F401  (before anything that computes)

# isort: split
import math
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from a4eval_deconv import conv_transpose, conv_transpose_algorithm, conv_transpose_gradients
from a4eval_deconv.algorithms.choice import GRADIENTS, choose_gradients
from a4eval_deconv.algorithms.chunks import workspace
from a4eval_deconv.geometry import Geometry, transposed_geometry
from harness import environment, publish, table

if TYPE_CHECKING:
    from collections.abc import Callable


COUNT = 200
LIMIT = 1.3


@dataclass(frozen=True)
class Drawn:
    """A random configuration and its arrays."""

    x: np.ndarray
    weight: np.ndarray
    options: dict[str, Any]
    geometry: Geometry
    dy: np.ndarray

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Drawn:
        """Draw one of 10⁴ to 10⁸·⁵ multiply-adds."""
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
                break
        shapes = (n, c, *size), (c, o, *(kernel,) * dims)
        x, weight = (rng.standard_normal(shape, dtype=np.float32) for shape in shapes)
        spatial = {name: value for name, value in options.items() if name != "groups"}
        geometry = transposed_geometry(size, weight.shape[2:], **spatial)
        dy = rng.standard_normal((n, groups * o, *geometry.output), dtype=np.float32)
        return cls(x, weight, options, geometry, dy)

    @property
    def n(self) -> int:
        """The number of samples."""
        return int(self.x.shape[0])

    @property
    def split(self) -> tuple[int, ...]:
        """The shape of the weight, groups apart."""
        groups = self.options["groups"]
        return (groups, self.weight.shape[0] // groups, *self.weight.shape[1:])

    @property
    def budget(self) -> int:
        """The elements of workspace that are allowed."""
        return workspace(self.dy.size, self.x.size)


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


class Measured(NamedTuple):
    """Seconds of each algorithm."""

    forward: dict[str, float]
    gradients: dict[str, float]


def measure(one: Drawn, rounds: int = 5) -> Measured:
    names = conv_transpose_algorithm(one.x.shape, one.weight.shape, **one.options).seconds
    forward = {
        name: partial(conv_transpose, one.x, one.weight, algorithm=name, **one.options)  # type: ignore[arg-type]
        for name in names
    }
    gradients = {
        name: partial(conv_transpose_gradients, one.dy, one.x, one.weight, algorithm=name, **one.options)  # type: ignore[arg-type]
        for name in GRADIENTS
    }
    return Measured(cpu_seconds(forward, rounds), cpu_seconds(gradients, rounds))


def ratios(one: Drawn, measured: Measured) -> tuple[float, float]:
    """Return how many times the best one's seconds the picked algorithms take, forward and for the gradients."""
    forward = conv_transpose_algorithm(one.x.shape, one.weight.shape, **one.options).algorithm
    gradients = choose_gradients(one.geometry, one.n, one.split, one.budget).algorithm
    return (
        measured.forward[forward] / min(measured.forward.values()),
        measured.gradients[gradients] / min(measured.gradients.values()),
    )


def main() -> None:
    rng = np.random.default_rng(0)
    found: list[tuple[float, float]] = []
    names: list[str] = []
    for _ in range(COUNT):
        one = Drawn.draw(rng)
        names.append(conv_transpose_algorithm(one.x.shape, one.weight.shape, **one.options).algorithm)
        pair = ratios(one, measure(one))
        if max(pair) > 0.95 * LIMIT:  # near the limit: once more, and longer
            pair = ratios(one, measure(one, rounds=25))
        if max(pair) > LIMIT:
            print(one.x.shape, one.weight.shape, one.options, pair, file=sys.stderr)
        found.append(pair)
    rows = [
        [name, float(np.median(side)), float(np.quantile(side, 0.95)), float(np.max(side)),
         sum(ratio > LIMIT for ratio in side)]
        for name, side in zip(("forward", "gradients"), zip(*found, strict=True), strict=True)
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
