"""How good are the checks?  Every wrong part must be caught, no right one blamed; and what common checks catch.

    OMP_NUM_THREADS=1 python -m benchmarks.check_mutants --seeds 200 --processes 2

prints the tables that docs/checks.md holds.
The other checks are written as their users write them, see ``peer_checks.py``; torch must be installed for them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from a4eval.checks.finding import judged
from a4eval.checks.layers.cases import cases
from a4eval.checks.layers.suite import check_layer
from a4eval.checks.metrics.case import MetricCase
from a4eval.checks.metrics.suite import check_metric
from a4eval.checks.readers.case import ReaderCase
from a4eval.checks.readers.suite import check_reader
from benchmarks import peer_checks
from tests.mutants import (
    layer_base,
    metric_base,
    right_layers,
    right_metrics,
    wrong_gradients,
    wrong_layers,
    wrong_metrics,
    wrong_readers,
)

assert all((right_layers, right_metrics, wrong_gradients, wrong_layers, wrong_metrics))  # they register what they hold

WRONG = {"layer": layer_base.WRONG, "metric": metric_base.WRONG, "reader": wrong_readers.WRONG}
BLOCK = 25
"""So many seeds are one job."""
RIGHT = {"layer": layer_base.RIGHT, "metric": metric_base.RIGHT, "reader": {"Table": wrong_readers.Table}}


def verdict(kind: str, part: Any, seed: int) -> tuple[str, tuple[str, ...]]:
    """Return the outcome and the names of the checks that failed."""
    if kind == "layer":
        made = list(cases(part(), np.random.default_rng(seed), seed))
        findings = list(check_layer(made, "torch" if hasattr(part, "reference") else None))
    elif kind == "metric":
        batch = metric_base.rankings(np.random.default_rng(seed))
        findings = list(check_metric(MetricCase(part(), [batch], seed)))
    else:
        with tempfile.TemporaryDirectory() as folder:
            table = wrong_readers.write_table(Path(folder) / "table.txt", np.random.default_rng(seed))
            findings = list(check_reader(ReaderCase(part(table), seed)))
    return judged(findings).outcome, tuple(one.check for one in findings if one.verdict == "failed")


def over_seeds(job: tuple[str, str, range]) -> tuple[str, str, Counter[str], set[str]]:
    """Judge one right part with some seeds."""
    kind, name, seeds = job
    outcomes: Counter[str] = Counter()
    blamed_by: set[str] = set()
    for seed in seeds:
        outcome, failed = verdict(kind, RIGHT[kind][name], seed)
        outcomes[outcome] += 1
        blamed_by |= set(failed)
    return kind, name, outcomes, blamed_by


def caught(job: tuple[str, str]) -> tuple[str, str, str, tuple[str, ...], list[str]]:
    """Judge one wrong part with one seed, and by the other checks."""
    kind, name = job
    outcome, failed = verdict(kind, WRONG[kind][name], 0)
    peers = peer_checks.CHECKS.get(kind, {})
    return kind, name, outcome, failed, [peer for peer, check in peers.items() if check(WRONG[kind][name]())]


def peer_says(job: tuple[str, str, str]) -> bool:
    """Ask another check about a right part."""
    kind, name, peer = job
    return peer_checks.CHECKS[kind][peer](RIGHT[kind][name]())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="for each right part")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.processes) as pool:
        wrong = list(pool.map(caught, [(kind, name) for kind, parts in WRONG.items() for name in parts]))
        blocks = [range(first, min(first + BLOCK, options.seeds)) for first in range(0, options.seeds, BLOCK)]
        jobs = [(kind, name, block) for block in blocks for kind, parts in RIGHT.items() for name in parts]
        right = []
        for job, one in zip(jobs, pool.map(over_seeds, jobs), strict=True):
            right.append(one)
            print(job[2], *one, file=sys.stderr, flush=True)
        blamed = [
            (kind, peer, sum(pool.map(peer_says, [(kind, name, peer) for name in RIGHT[kind]])))
            for kind, peers in peer_checks.CHECKS.items()
            for peer in peers
        ]
    print("| parts | wrong ones caught | right ones blamed | undecided on right ones |")
    print("|---|---|---|---|")
    for kind in WRONG:
        of_kind = [one for one in wrong if one[0] == kind]
        n_caught = sum(outcome == "failed" for _, _, outcome, _, _ in of_kind)
        counts = sum((outcomes for one, _, outcomes, _ in right if one == kind), Counter())
        total = sum(counts.values())
        print(
            f"| {kind}s | {n_caught} of {len(of_kind)} | {counts['failed']} of {total} runs "
            f"({len(RIGHT[kind])} parts, {options.seeds} seeds) | {counts['undecided']} |"
        )
    print("\n| other checks, on the same parts | wrong ones caught | right ones blamed |\n|---|---|---|")
    for kind, peer, n_blamed in blamed:
        of_kind = [one for one in wrong if one[0] == kind]
        n_caught = sum(peer in found for *_, found in of_kind)
        print(f"| {kind}s: {peer} | {n_caught} of {len(of_kind)} | {n_blamed} of {len(RIGHT[kind])} |")
    for kind, name, outcome, _, _ in wrong:
        if outcome != "failed":
            print(f"MISSED: {kind} {name}: {outcome}")
    notable: dict[tuple[str, str], Counter[str]] = {}
    for kind, name, outcomes, blamed_by in right:
        if outcomes["failed"] or outcomes["undecided"]:
            notable.setdefault((kind, name), Counter()).update({**outcomes, **dict.fromkeys(blamed_by, 1)})
    for (kind, name), outcomes in notable.items():
        print(f"{kind} {name}: {dict(outcomes)}")


if __name__ == "__main__":
    main()
