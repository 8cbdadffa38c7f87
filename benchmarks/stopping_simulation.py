"""Seeds are added until it is decided: how often is that wrong, and how many seeds does it take?

    python benchmarks/stopping_simulation.py [--write] [--sweeps 1000]

A sweep is a difference a seed, up to 200 of them.  *fixed interval* is Student's 95 % interval, looked at after every
seed from the tenth on, as who adds seeds until it is significant does; *sequence* is what `stop=` looks at.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

import numpy as np
from harness import environment, publish, table
from numpy.typing import NDArray

from a4eval.statistics.mean import t_quantile
from a4eval.statistics.sequences import LEAST, confidence_sequence

ALPHA, MOST = 0.05, 200
Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]

KINDS: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy tails (t, 3)": lambda rng, n: rng.standard_t(3, n) / math.sqrt(3),
    "hits, mostly ties": lambda rng, n: rng.choice([-1.0, 0.0, 1.0], n, p=[0.1, 0.8, 0.1]) / math.sqrt(0.2),
    "pairs of skewed (exponential)": lambda rng, n: (rng.exponential(size=n) - rng.exponential(size=n)) / math.sqrt(2),
    "skewed (gamma, 4)": lambda rng, n: (rng.gamma(4, size=n) - 4) / 2,
    "skewed (exponential)": lambda rng, n: rng.exponential(size=n) - 1,
    "skewed (square of a normal)": lambda rng, n: (rng.normal(size=n) ** 2 - 1) / math.sqrt(2),
    "skewed (lognormal, 0.8)": lambda rng, n: np.exp(0.8 * rng.normal(size=n)) - math.exp(0.32),
    "one seed in five fails": lambda rng, n: (rng.random(n) < 0.2) - 0.2,
    "one seed in twenty fails": lambda rng, n: (rng.random(n) < 0.05) - 0.05,
}
REACH = [t_quantile(1 - ALPHA, n - 1) / math.sqrt(n) if n > 1 else math.inf for n in range(1, MOST + 1)]


def fixed(samples: NDArray[np.float64]) -> tuple[float, float]:
    reach = REACH[len(samples) - 1] * float(samples.std(ddof=1))
    return float(samples.mean()) - reach, float(samples.mean()) + reach


def stopped(samples: NDArray[np.float64], interval: Callable[[NDArray[np.float64]], tuple[float, float]]) -> int:
    """Return after how many seeds the interval first leaves 0; more than there are if it never does."""
    for n in range(LEAST, len(samples) + 1):
        low, high = interval(samples[:n])
        if low > 0 or high < 0:
            return n
    return len(samples) + 1


def sequence(samples: NDArray[np.float64]) -> tuple[float, float]:
    return confidence_sequence(samples, alpha=ALPHA)


def of_size(effect: float) -> int:
    """Return how many seeds a t-test of fixed size needs to find an effect four times in five."""
    return math.ceil(((1.959964 + 0.841621) / effect) ** 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweeps", type=int, default=1000)
    parser.add_argument("--write", action="store_true")
    sweeps = parser.parse_args().sweeps
    alarms, savings = [], []
    for name, draw in KINDS.items():
        every = [draw(np.random.default_rng([seed, len(name)]), MOST) for seed in range(sweeps)]
        shares = [np.mean([stopped(one, of) <= MOST for one in every]) for of in (fixed, sequence)]
        alarms.append((name, *(f"{share:.1%}" for share in shares)))
    for effect in (0.3, 0.5, 1.0, 2.0):
        every = [np.random.default_rng([seed, 1]).normal(effect, 1, MOST) for seed in range(sweeps)]
        ends = np.array([stopped(one, sequence) for one in every])
        right = np.mean([one[:end].mean() > 0 for one, end in zip(every, ends, strict=True) if end <= MOST])
        savings.append(
            (
                f"{effect:g}",
                f"{np.mean(ends <= MOST):.1%}",
                f"{right:.1%}",
                f"{np.median(ends):.0f}",
                f"{np.quantile(ends, 0.8):.0f}",
                of_size(effect),
                f"{1 - np.minimum(ends, MOST).mean() / MOST:.0%}",
            )
        )
    error = math.sqrt(ALPHA * (1 - ALPHA) / sweeps)
    text = "\n\n".join(
        [
            "## Adding seeds until it is decided",
            f"{sweeps:,} simulated sweeps of up to {MOST} seeds, alpha {ALPHA:g} (standard error {error:.1%}): how "
            "often a difference is found, at some look, where there is none.\n"
            "`python benchmarks/stopping_simulation.py`",
            table(["differences", "fixed interval", "sequence"], alarms),
            "With an effect, in standard deviations of the differences: how often it is found, how often with the "
            "right sign, after how many seeds, how many a t-test of fixed size takes to find it four times in five "
            f"(if one knows the effect beforehand), and how many of {MOST} seeds are saved.",
            table(["effect", "found", "right", "median", "80 % by", "fixed size", "saved"], savings),
            environment("numpy"),
        ]
    )
    publish("stopping_simulation", text)


if __name__ == "__main__":
    main()
