"""How often is a gate wrong, and how often does it find what is there?  Simulated pairs of equal and unequal skill.

    python benchmarks/gate_simulation.py [--write] [--pairs 2000]

A pair is a difference a unit; its mean is what is gated.  *worse* and *better* where there is no difference are errors
and must stay below alpha each; *worse* at a loss of the detectable size should come out four times in five.
A loss of exactly the margin is *not worse* as often as no difference is *better*: the same test, moved by the margin.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from harness import environment, publish, table
from numpy.typing import NDArray

from a4eval.statistics.decisions import POWER, Difference, decide
from a4eval.statistics.mean import t_quantile
from a4eval.statistics.resampled import resample

ALPHA, RESAMPLES = 0.05, 499


@dataclass(frozen=True)
class Kind:
    """A kind of differences.

    Args:
        units: how many.
        draw: from generator and how many to differences of mean 0.
        deviation: of one unit, or of a cluster's mean.
        size: units a cluster.
        told: whether the gate knows of the clusters.
    """

    units: int
    draw: Callable[[np.random.Generator, int], NDArray[np.float64]]
    deviation: float
    size: int = 1
    told: bool = True


def normal(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.normal(size=n)


def skewed(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.exponential(size=n) - 1


def heavy(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.standard_t(3, n)


def hits(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.choice([-1.0, 0.0, 1.0], n, p=[0.1, 0.8, 0.1])


def videos(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return np.repeat(rng.normal(size=n // 10), 10) + rng.normal(size=n)


OF_A_VIDEO = math.sqrt(1 + 1 / 10)
KINDS = {
    "normal, 6 units": Kind(6, normal, 1),
    "normal, 10 units": Kind(10, normal, 1),
    "normal, 100 units": Kind(100, normal, 1),
    "skewed, 10 units": Kind(10, skewed, 1),
    "skewed, 100 units": Kind(100, skewed, 1),
    "heavy tails, 10 units": Kind(10, heavy, math.sqrt(3)),
    "heavy tails, 100 units": Kind(100, heavy, math.sqrt(3)),
    "hits, mostly ties, 10 units": Kind(10, hits, math.sqrt(0.2)),
    "hits, mostly ties, 100 units": Kind(100, hits, math.sqrt(0.2)),
    "10 clusters of 10": Kind(100, videos, OF_A_VIDEO, size=10),
    "30 clusters of 10": Kind(300, videos, OF_A_VIDEO, size=10),
    "30 clusters of 10, taken for units": Kind(300, videos, OF_A_VIDEO, size=10, told=False),
}


def detectable(kind: Kind) -> float:
    """Return the true difference that a t-test would find four times in five."""
    groups = kind.units // kind.size
    return (t_quantile(1 - ALPHA, groups - 1) + NormalDist().inv_cdf(POWER)) * kind.deviation / math.sqrt(groups)


def one_pair(name: str, seed: int) -> tuple[bool, bool, bool]:
    """Return whether *worse* and *better* came out of no difference, and *worse* of a loss."""
    kind = KINDS[name]
    rng = np.random.default_rng([seed, sorted(KINDS).index(name)])
    gaps = kind.draw(rng, kind.units)
    drawn = resample(
        lambda weights: {"mean": weights @ gaps / weights.sum(axis=1)},
        kind.units,
        rng,
        resamples=RESAMPLES,
        clusters=np.arange(kind.units) // kind.size if kind.size > 1 and kind.told else None,
    )

    def decided(shift: float) -> str:
        values = drawn.values["mean"] + shift
        one = Difference(drawn.observed["mean"] + shift, values, drawn.groups, higher_is_better=True)
        return decide({"mean": one}, alpha=ALPHA)["mean"].verdict

    null, loss = decided(0), decided(-detectable(kind))
    return null == "worse", null == "better", loss == "worse"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--write", action="store_true")
    pairs = parser.parse_args().pairs
    rows = []
    with ProcessPoolExecutor(2) as pool:
        for name in KINDS:
            found = np.array(list(pool.map(one_pair, [name] * pairs, range(pairs), chunksize=50)))
            rows.append((name, *(f"{share:.1%}" for share in found.mean(axis=0))))
    error = math.sqrt(ALPHA * (1 - ALPHA) / pairs)
    text = "\n\n".join(
        [
            "## How often a gate is wrong",
            f"{pairs:,} simulated pairs of each kind, alpha {ALPHA:g}, {RESAMPLES} resamples; "
            f"{ALPHA:.0%} + 2 standard errors are {ALPHA + 2 * error:.1%}.\n"
            "*worse*, *better*: said where there is no difference. "
            f"*found*: worse, said at a loss that a t-test finds with a chance of {POWER:.0%}.\n"
            "`python benchmarks/gate_simulation.py`",
            table(["differences", "worse", "better", "found"], rows),
            environment("numpy"),
        ]
    )
    publish("gate_simulation", text)


if __name__ == "__main__":
    main()
