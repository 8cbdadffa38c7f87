"""What evaluators make of doubtful COCO files: an error, a number, a crash, or nothing for ever.

    python -m benchmarks.detection_input [--write]

Each case is read from files by each peer in a fresh process, which has ten seconds. What a4eval does is held against
what is claimed of it.
"""

from __future__ import annotations

import math
import re
import tempfile
import textwrap
import warnings
from pathlib import Path

from a4eval import DataError, Run, build
from benchmarks.detection_cases import CASES, Case
from benchmarks.detection_peers import STATISTICS, Job, Outcome, installed, outcomes
from benchmarks.harness import PAGE, environment, publish, table

SHOWN = ("pycocotools", "ultrafast-pycocotools", "hotcoco")
_GEOMETRY = {"bbox": "box", "segm": "mask"}
_LONGEST = 50


def ours(case: Case, truth: Path, results: Path, folder: Path) -> str:
    """Return what a4eval does, *error*, *warning* or *silent*; and hold its value against the one that was meant."""
    geometry = _GEOMETRY[case.kind]
    data = {"name": "coco", "ground_truth": str(truth), "detections": str(results), "geometry": geometry}
    metric = {"name": "coco_detection", "geometry": geometry}
    run = Run(directory=folder)
    task = build("task", {"name": "evaluate", "data": data, "metrics": {"coco": metric}})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            got = task.run(run).metrics[case.shown].value
        except DataError:
            return "error"
    warned = [*run.warnings, *caught]
    as_meant = case.meant is None or math.isclose(got, case.meant) or (math.isnan(got) and math.isnan(case.meant))
    if not (warned or as_meant):
        raise AssertionError(f"{case.name}: a4eval says {got} without a word, and {case.meant} was meant")
    return "warning" if warned else "silent"


def said(outcome: Outcome, case: Case) -> str:
    """Return what a peer did in a few words; a number without a word that is not the meant one is bold."""
    if outcome.error:
        words = re.sub(r"/\S*/", "", outcome.error).translate({ord("|"): "/", ord("`"): "'"})
        return (
            words
            if words.startswith(("no end", "crash"))
            else f"`{textwrap.shorten(words, _LONGEST, placeholder=' …')}`"
        )
    value = outcome.stats[STATISTICS.index(case.shown)]
    text = "−1" if value == -1 else f"{value:.3g}"
    wrong = case.meant is not None and not math.isnan(case.meant) and not math.isclose(value, case.meant, abs_tol=1e-9)
    return f"**{text}**" if wrong else text


def main() -> None:
    """Try each case on each peer and publish the table."""
    peers = [one for one in SHOWN if one in installed()]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for case in CASES:
            truth, results = case.written(Path(name))
            found = ours(case, truth, results, Path(name))
            if not case.ours.startswith(found):
                raise AssertionError(f"{case.name}: a4eval is said to do {case.ours!r}, and it does {found!r}")
            job = Job(str(truth), str(results), case.kind, {})
            meant = "" if case.meant is None else "NaN" if math.isnan(case.meant) else f"{case.meant:.3g}"
            cells = [said(next(iter(outcomes(peer, [job]))), case) for peer in peers]
            rows.append((case.name, case.ours, meant, *cells))
    text = "\n\n".join(
        [
            table(["case", "a4eval", "meant", *peers], rows),
            f"`python -m benchmarks.detection_input`; {environment('a4eval-ap-metric', 'numpy', *peers)}",
        ]
    )
    publish("detection_input", text, PAGE.parent / "detection-input.md")


if __name__ == "__main__":
    main()
