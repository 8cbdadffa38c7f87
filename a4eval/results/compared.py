"""``a4eval compare``: records against a baseline, as tables or JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from a4eval.comparisons.differing import differing
from a4eval.comparisons.judge import Judged, by_severity, judge
from a4eval.comparisons.opened import opened
from a4eval.comparisons.pair import Pair, pair
from a4eval.comparisons.rows import judged_row
from a4eval.comparisons.rules import checked_names
from a4eval.results.tables import print_table
from a4eval.runs.record import plain
from a4eval.terminal import put

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from a4eval.comparisons.differing import Differing

PARTS_SHOWN = 12
"""Parts of a metric that a table shows."""
COLUMNS = ("name", "verdict", "difference", "interval", "p_holm", "baseline", "candidate", "detectable", "more units")


def compare(
    baseline: Path, candidates: Sequence[Path], *, margins: Mapping[str, float], alpha: float, as_json: bool
) -> None:
    """Print how each candidate differs from the baseline.

    Args:
        baseline: a record, or a folder that holds one.
        candidates: the same.
        margins: by metric, or by the label of a metric for its parts: the difference that does not matter.
        alpha: of the verdicts; the intervals are those of level 1 − alpha.
        as_json: print JSON.

    Raises:
        DataError: there is no record, or its resamples are broken.
        ConfigError: a margin names no metric.
    """
    first = opened(baseline)
    found = []
    for path in candidates:
        second = opened(path)
        both = pair(first, second, level=1 - alpha)
        checked_names(margins, {**both.values, **both.parts}, "metric")
        values = judge(both.values, margins, alpha)
        parts = {
            label: by_severity(judge(of, dict.fromkeys(of, margins.get(label, 0.0)), alpha))
            for label, of in both.parts.items()
        }
        differs = differing(first.record, second.record)
        if as_json:
            found.append(_facts(first.path, second.path, differs, both, values, parts, alpha))
        else:
            _print(first.path, second.path, differs, both, values, parts)
    if as_json:
        put(json.dumps(plain(found), indent=2, allow_nan=False))


def _facts(
    first: Path,
    second: Path,
    differs: list[Differing],
    both: Pair,
    values: list[Judged],
    parts: Mapping[str, list[Judged]],
    alpha: float,
) -> dict[str, Any]:
    return {
        "baseline": str(first),
        "candidate": str(second),
        "differs": [one._asdict() for one in differs],
        "notes": both.notes,
        "alpha": alpha,
        "metrics": [judged_row(one) for one in values],
        "parts": {label: [judged_row(one) for one in of] for label, of in parts.items()},
    }


def _print(
    first: Path,
    second: Path,
    differs: list[Differing],
    both: Pair,
    values: list[Judged],
    parts: Mapping[str, list[Judged]],
) -> None:
    put(f"baseline {first}, candidate {second}")
    if differs:
        print_table("what else differs", ["what", "baseline", "candidate"], [one.cells() for one in differs])
    for note in both.notes:
        put(f"note: {note}")
    print_table("", COLUMNS, [_cells(one) for one in values])
    for label, of in parts.items():
        print_table(f"parts of {label}, the worst first", COLUMNS, [_cells(one) for one in of[:PARTS_SHOWN]])
        if len(of) > PARTS_SHOWN:
            put(f"… {len(of) - PARTS_SHOWN} more; --json has all")


def _cells(one: Judged) -> list[Any]:
    interval, found = one.compared.interval, one.decision
    shown = f"[{interval.low:+.4g}, {interval.high:+.4g}]" if interval else ""
    verdict = (found.verdict if found else "undecided") + (", unresolvable" if found and found.unresolvable else "")
    return [
        one.name,
        verdict,
        one.delta,
        shown if interval is None or interval.method.startswith("paired") else f"{shown} unpaired",
        one.p_holm,
        one.compared.first,
        one.compared.second,
        found.detectable if found else None,
        found.more_units or None if found else None,
    ]
