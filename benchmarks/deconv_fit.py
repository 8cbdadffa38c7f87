"""What each kind of work costs: fits the constants of ``a4eval_deconv.algorithms.choice`` to this machine.

python benchmarks/deconv_fit.py [configurations]

Prints the constants, to be taken over by hand, and how far the estimates lie from the measurements.
"""

from __future__ import annotations

import sys
from pprint import pformat

import numpy as np
from a4eval_deconv.algorithms import work
from a4eval_deconv.algorithms.choice import budget_of
from deconv_choice import Drawn, measure

SEED = 1000  # apart from the configurations that the choice is judged by
KINDS = {
    "SUBPIXEL": (work.of_subpixel, "forward", "subpixel"),
    "COLUMN_TO_IMAGE": (work.of_column_to_image, "forward", "column_to_image"),
    "GATHER": (work.of_gather, "gradients", "gather"),
    "SUBPIXEL_GRADIENTS": (work.of_subpixel_gradients, "gradients", "subpixel"),
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
    names, counts, seconds = {}, {}, {}
    for kind, (counted, side, algorithm) in KINDS.items():
        rows = [counted(one.geometry, one.n, one.split, budget_of(one.geometry, one.n, one.split)) for one, _ in drawn]
        names[kind] = list(rows[0])
        counts[kind] = np.array([list(row.values()) for row in rows], float)
        seconds[kind] = np.array([getattr(measured, side)[algorithm] for _, measured in drawn])
    # the machine is slower at times: what a configuration's algorithms share is not theirs
    pace = np.ones(count)
    for _ in range(5):
        cost = {kind: fitted(counts[kind], seconds[kind] / pace) for kind in KINDS}
        pace = np.exp(np.mean([np.log(seconds[kind] / (counts[kind] @ cost[kind])) for kind in KINDS], axis=0))
    for kind in KINDS:
        rounded = {name: float(f"{one:.2g}") for name, one in zip(names[kind], cost[kind], strict=True)}
        print(f"{kind} = {pformat(rounded, sort_dicts=False)}")
        off = counts[kind] @ cost[kind] * pace / seconds[kind]
        print("# estimate over measurement, 5 %, median, 95 %:", np.quantile(off, [0.05, 0.5, 0.95]).round(2))


if __name__ == "__main__":
    main()
