"""How good are the checks?  Every wrong part must be caught, no right one blamed; and what common checks catch.

    OMP_NUM_THREADS=1 python -m benchmarks.check_mutants --seeds 200 --processes 2 --write

prints the table that docs/is-my-part-right.md holds, and with ``--write`` puts it there.
``--kept FILE`` notes what each job found as it ends and runs none of them twice, so that the command may be broken off
and given again; what other code found does not count.  ``--backwards`` begins with the last job, so that two commands
with one file meet in the middle.
The other checks are written as their users write them, see ``peer_checks.py``; torch must be installed for them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from a4eval.checks.finding import judged
from a4eval.checks.layers.cases import cases
from a4eval.checks.layers.suite import check_layer
from a4eval.checks.metrics.case import MetricCase
from a4eval.checks.metrics.suite import check_metric
from a4eval.checks.readers.case import ReaderCase
from a4eval.checks.readers.suite import check_reader
from benchmarks import peer_checks
from benchmarks.harness import environment, publish, table
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

if TYPE_CHECKING:
    from collections.abc import Iterator

assert all((right_layers, right_metrics, wrong_gradients, wrong_layers, wrong_metrics))  # they register what they hold

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "is-my-part-right.md"
WRONG = {"layer": layer_base.WRONG, "metric": metric_base.WRONG, "reader": wrong_readers.WRONG}
RIGHT = {"layer": layer_base.RIGHT, "metric": metric_base.RIGHT, "reader": {"Table": wrong_readers.Table}}
BLOCK = 25
"""So many seeds are one job."""


class Job(NamedTuple):
    """A part to be judged with some seeds, or by another check: ``peer`` names it."""

    kind: str
    name: str
    wrong: bool
    first: int = 0
    last: int = 0
    peer: str = ""


class Judged(NamedTuple):
    """What came of a job: verdicts by how often, the checks that failed, and which seeds did not pass."""

    outcomes: dict[str, int]
    failed: list[str]
    seeds: list[int]


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


def judge(job: Job) -> Judged:
    """Do one job."""
    part = (WRONG if job.wrong else RIGHT)[job.kind][job.name]
    if job.peer:
        complains = peer_checks.CHECKS[job.kind][job.peer](part())
        return Judged({"failed" if complains else "passed": 1}, [], [])
    outcomes, blamed_by, seeds = Counter[str](), set[str](), []
    for seed in range(job.first, job.last):
        outcome, failed = verdict(job.kind, part, seed)
        outcomes[outcome] += 1
        blamed_by |= set(failed)
        if outcome != ("failed" if job.wrong else "passed"):
            seeds.append(seed)
    return Judged(dict(outcomes), sorted(blamed_by), seeds)


def jobs(seeds: int, wrong_seeds: int) -> Iterator[Job]:
    """Yield all jobs: each block of seeds of every part, and every other check of every part."""
    for wrong, parts_by_kind, most in ((True, WRONG, wrong_seeds), (False, RIGHT, seeds)):
        for first in range(0, most, BLOCK):
            for kind, parts in parts_by_kind.items():
                yield from (Job(kind, name, wrong, first, min(first + BLOCK, most)) for name in parts)
    for kind, peers in peer_checks.CHECKS.items():
        for peer in peers:
            yield from (Job(kind, name, True, peer=peer) for name in WRONG[kind])
            yield from (Job(kind, name, False, peer=peer) for name in RIGHT[kind])


def code(kind: str) -> str:
    """Return a hash of the code that the answers about a kind of part depend on."""
    checks, mutants = ROOT / "a4eval" / "checks", ROOT / "tests" / "mutants"
    files = [*checks.glob("*.py"), *(checks / f"{kind}s").glob("*.py"), checks / "metrics" / "units.py"]
    files += [*mutants.glob(f"*{kind}*.py"), *(mutants.glob("wrong_gradients.py") if kind == "layer" else ())]
    files += [ROOT / "a4eval" / "contracts.py", Path(__file__).parent / "peer_checks.py"]
    return hashlib.sha256(b"".join(one.read_bytes() for one in sorted(files))).hexdigest()[:16]


def read(kept: Path | None) -> dict[Job, Judged]:
    """Return what is kept of this code."""
    versions, found = {kind: code(kind) for kind in WRONG}, dict[Job, Judged]()
    if kept is not None and kept.exists():
        for line in kept.read_text().splitlines():
            version, job, one = json.loads(line)
            if version == versions[job[0]]:
                found[Job(*job)] = Judged(*one)
    return found


def done(wanted: list[Job], processes: int, kept: Path | None) -> dict[Job, Judged]:
    """Do the jobs that are not kept already, and keep them; what another command keeps meanwhile is not done again."""
    versions, found, size = {kind: code(kind) for kind in WRONG}, read(kept), max(1, 4 * processes)
    with ProcessPoolExecutor(processes) as pool:
        while left := [job for job in wanted if job not in found][:size]:
            for job, one in zip(left, pool.map(judge, left), strict=True):
                found[job] = one
                if kept is not None:
                    with kept.open("a") as file:
                        file.write(json.dumps([versions[job.kind], job, one]) + "\n")
                said = f"{len(found)} of {len(wanted)}: {' '.join(map(str, job))} {one.outcomes}"
                print(said, file=sys.stderr, flush=True)
            found |= read(kept)
    return {job: found[job] for job in wanted}


def total(found: dict[Job, Judged], outcome: str, **like: Any) -> tuple[int, int]:
    """Return how many runs of the jobs that are like that had an outcome, and of how many."""
    chosen = [one for job, one in found.items() if all(getattr(job, key) == value for key, value in like.items())]
    return sum(one.outcomes.get(outcome, 0) for one in chosen), sum(sum(one.outcomes.values()) for one in chosen)


def report(found: dict[Job, Judged], seeds: int, wrong_seeds: int) -> str:
    """Return the tables as text."""
    rows = []
    for kind, parts in WRONG.items():
        caught = [
            seen == runs
            for seen, runs in (total(found, "failed", kind=kind, name=name, wrong=True, peer="") for name in parts)
        ]
        false, runs = total(found, "failed", kind=kind, wrong=False, peer="")
        unsure, _ = total(found, "undecided", kind=kind, wrong=False, peer="")
        rows.append(
            (f"{kind}s", f"{sum(caught)} of {len(parts)}", len(RIGHT[kind]), f"{false:,} of {runs:,}", f"{unsure:,}")
        )
    header = ["parts", "with a bug: caught", "right ones", "false alarms, runs", "undecided, runs"]
    text = f"{environment('numpy', 'torch')}.\n\n"
    text += f"Parts with a bug with each of the seeds 0 to {wrong_seeds - 1}, caught where every one ends in *failed*; "
    text += f"right ones that look suspicious with the seeds 0 to {seeds - 1}.\n\n{table(header, rows)}\n\n"
    others = []
    for kind, peers in peer_checks.CHECKS.items():
        for peer in peers:
            n_caught, n_wrong = total(found, "failed", kind=kind, wrong=True, peer=peer)
            n_blamed, n_right = total(found, "failed", kind=kind, wrong=False, peer=peer)
            others.append((f"{kind}s: {peer}", f"{n_caught} of {n_wrong}", f"{n_blamed} of {n_right}"))
    header = ["other checks, on the same parts, one seed each", "with a bug: caught", "right ones: false alarms"]
    return text + table(header, others)


def main() -> None:
    """Judge, print and perhaps publish."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200, help="for each right part, from 0")
    parser.add_argument("--wrong-seeds", type=int, default=10, help="for each part with a bug, from 0")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--kept", type=Path, help="note what is done in this file, and go on from there")
    parser.add_argument("--backwards", action="store_true", help="begin with the last job")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/is-my-part-right.md")
    options = parser.parse_args()
    wanted = list(jobs(options.seeds, options.wrong_seeds))
    found = done(wanted[::-1] if options.backwards else wanted, options.processes, options.kept)
    publish("check_mutants", report(found, options.seeds, options.wrong_seeds), PAGE)
    for job, one in found.items():
        if one.seeds:
            what = f"{'wrong' if job.wrong else 'right'} {job.kind} {job.name}"
            print(f"{what}: {one.outcomes}, seeds {one.seeds}, failed by {one.failed}", file=sys.stderr)


if __name__ == "__main__":
    main()
