"""What each kind of work costs: fits the constants of the files in ``a4eval_deconv/algorithms`` to this machine.

python benchmarks/deconv_fit.py [configurations]

Prints the constants, to be taken over by hand, and how far the estimates lie from the measurements.
"""

from __future__ import annotations

import one_thread  # noqa: F401  (before anything that computes)

# isort: split
import sys
from pprint import pformat
from typing import NamedTuple

import numpy as np
from a4eval_deconv.algorithms.choice import FORWARD, GRADIENTS
from deconv_choice import Drawn, Measured, measure

SEED = 1000  # apart from the configurations that the choice is judged by
KINDS = {
    (side, name): algorithm
    for side, table in (("forward", FORWARD), ("gradients", GRADIENTS))
    for name, algorithm in table.items()
}


def non_negative(counts: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the least-squares solution with what would be negative left out, one at a time."""
    kept = np.ones(counts.shape[1], bool)
    while True:
        solution = np.zeros(len(kept))
        solution[kept] = np.linalg.lstsq(counts[:, kept], target, rcond=None)[0]
        if (solution >= 0).all():
            return solution
        kept[np.argmin(solution * np.abs(counts).mean(axis=0))] = False


def fitted(counts: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Return the cost of each column: least squares of the relative error, outliers weighing less."""
    relative = counts / seconds[:, None]
    scale = np.maximum(relative.max(axis=0), 1e-300)
    weight = np.ones(len(seconds))
    for _ in range(20):
        cost = non_negative(relative / scale * weight[:, None], weight) / scale
        off = np.abs(np.log(np.maximum(relative @ cost, 1e-3)))
        weight = 1 / np.sqrt(np.maximum(1, off / 0.2))
    return cost


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    rng = np.random.default_rng(SEED)
    drawn = [(one, measure(one)) for one in (Drawn.draw(rng) for _ in range(count))]
    measured = {kind: _measured(drawn, *kind) for kind in KINDS}
    # the machine is slower at times: what a configuration's algorithms share is not theirs
    pace = np.ones(count)
    for _ in range(5):
        cost, off = {}, np.full((len(KINDS), count), np.nan)
        for row, (kind, one) in enumerate(measured.items()):
            cost[kind] = fitted(one.counts, one.seconds / pace[one.which])
            off[row, one.which] = np.log(one.seconds / (one.counts @ cost[kind]))
        pace = np.exp(np.nanmean(off, axis=0))
    for row, (kind, one) in enumerate(measured.items()):
        rounded = {name: float(f"{each:.2g}") for name, each in zip(one.names, cost[kind], strict=True)}
        print(f"{' '.join(kind)}: {pformat(rounded, sort_dicts=False)}")
        error = np.exp(np.log(pace) - off[row])[one.which]
        print("# estimate over measurement, 5 %, median, 95 %:", np.quantile(error, [0.05, 0.5, 0.95]).round(2))


class _Measured(NamedTuple):
    """The configurations an algorithm was measured on: which, its work there and the seconds."""

    names: list[str]
    which: np.ndarray
    counts: np.ndarray
    seconds: np.ndarray


def _measured(drawn: list[tuple[Drawn, Measured]], side: str, name: str) -> _Measured:
    which = [index for index, (_, measured) in enumerate(drawn) if name in getattr(measured, side)]
    ones = [drawn[index][0] for index in which]
    works = [KINDS[side, name].work(one.geometry, one.n, one.split, one.budget) for one in ones]
    seconds = [getattr(drawn[index][1], side)[name] for index in which]
    counts = np.array([list(one.values()) for one in works], float)
    return _Measured(list(works[0]), np.array(which), counts, np.array(seconds))


if __name__ == "__main__":
    main()
