"""How often evaluators of COCO files differ from pycocotools, where, and by how much, on files drawn at random.

    python -m benchmarks.detection_agreement [--cases 300] [--write]

The files hold what is awkward: tied scores and overlaps, overlaps at a threshold, crowds, areas at the border of two
sizes, images and classes without anything. Each row changes one thing more. Peers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.detection_draws import DRAWS
from benchmarks.detection_peers import STATISTICS, Job, Outcome, installed, outcomes
from benchmarks.harness import environment, publish, table

if TYPE_CHECKING:
    from collections.abc import Sequence

REFERENCE = "pycocotools"
_ARRAYS = ("precision", "recall", "scores")


def jobs_of(name: str, cases: int, folder: Path) -> list[Job]:
    """Draw the cases of a row, write their files, and return them."""
    folder.mkdir()
    jobs = []
    for seed in range(cases):
        case, kind, params = DRAWS[name](np.random.default_rng(seed))
        paths = folder / f"truth{seed}.json", folder / f"results{seed}.json"
        results = case.pop("results")
        for path, content in zip(paths, (case, results), strict=True):
            path.write_text(json.dumps(content))
        jobs.append(Job(*map(str, paths), kind, params))
    return jobs


def differing(found: Sequence[Outcome], reference: Sequence[Outcome]) -> str:
    """Return in a few words how many outcomes differ, in what, and by how much at most."""
    apart: list[float] = []
    where, only, errors = Counter[str](), Counter[str](), Counter[str]()
    undefined = 0
    for one, other in zip(found, reference, strict=True):
        if one.error or other.error:
            if bool(one.error) != bool(other.error):
                errors[_kind(one.error) or f"none, where {REFERENCE} has one"] += 1
            continue
        mine, its = np.array(one.stats), np.array(other.stats)
        off = np.where((mine == -1) == (its == -1), np.abs(mine - its), 0)
        undefined += bool(((mine == -1) != (its == -1)).any())
        if off.any():
            apart.append(float(off.max()))
            where.update(name for name, value in zip(STATISTICS, off, strict=False) if value)
        elif (mine == its).all():
            only.update(name for name, a, b in zip(_ARRAYS, one.arrays, other.arrays, strict=True) if a != b)
    said = []
    if apart:
        most = ", ".join(name for name, _ in where.most_common(2))
        said.append(f"**{len(apart)}** by up to {max(apart):.2g} ({most})")
    if undefined:
        said.append(f"{undefined} where one says −1")
    if only:
        said.append("arrays: " + ", ".join(f"{name} {count}" for name, count in only.most_common()))
    said += [f"{count} errors, `{words}`" for words, count in errors.most_common(2)]
    return "; ".join(said) or "identical"


def _kind(error: str) -> str:
    """What is alike of errors of one kind."""
    words = re.sub(r"\d+", "N", error).translate({ord("|"): "/", ord("`"): "'"})
    return textwrap.shorten(words, 60, placeholder=" …")


def main() -> None:
    """Evaluate everything and publish the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=300, help="of each row")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    cases = parser.parse_args().cases
    peers = [one for one in installed() if one != REFERENCE]
    rows: list[list[Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in DRAWS:
            jobs = jobs_of(name, cases, Path(folder) / str(len(rows)))
            reference = list(outcomes(REFERENCE, jobs))
            rows.append([name, *(differing(list(outcomes(peer, jobs)), reference) for peer in peers)])
    text = "\n\n".join(
        [
            "## Agreement with pycocotools",
            f"{cases} data sets a row, drawn at random with tied scores and overlaps, crowds, areas at a border and "
            "images without anything: **how many** have other statistics, by up to how much, and which of them most "
            "often; of those whose statistics are equal, how many have other arrays in `eval`; how many raise an "
            "error where pycocotools has none.\n`python -m benchmarks.detection_agreement`",
            table(["data", *peers], rows),
            f"With `maxDets = [1, 5, 10]` {REFERENCE} says −1 for AP, which it looks for at 100 detections.",
            environment("a4eval-ap-metric", "numpy", REFERENCE, *(one for one in peers if "," not in one)),
        ]
    )
    publish("detection_agreement", text)


if __name__ == "__main__":
    main()
