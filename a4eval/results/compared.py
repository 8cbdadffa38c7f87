"""``a4eval compare``: records against a baseline, as tables or JSON."""

from __future__ import annotations

import json
from math import isnan
from typing import TYPE_CHECKING, Any

from a4eval.comparisons.judge import Judged, by_severity, judge
from a4eval.comparisons.rows import judged_row
from a4eval.comparisons.rules import checked_names
from a4eval.comparisons.seeds import SweepPair
from a4eval.comparisons.sides import Sides, sides
from a4eval.journal.pointed import all_there
from a4eval.results.tables import columns_of, fitting, print_columns, print_table, print_text
from a4eval.runs.record import plain
from a4eval.terminal import put, screen_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from a4eval.comparisons.seeds import SweepOptions

PARTS_SHOWN = 12
"""Parts of a metric that a table shows."""
TELLING = ("verdict", "alone", "difference", "interval", "corrected p")
"""What goes before all else: where long names leave no room for it, each stands above its numbers."""
COLUMNS = ("name", "verdict", "alone", "difference", "interval", "corrected p", "baseline", "candidate", "detectable")


def compare(
    baseline: Path,
    candidates: Sequence[Path],
    *,
    margins: Mapping[str, float],
    alpha: float,
    options: SweepOptions,
    profile: bool,
    as_json: bool,
) -> None:
    """Print how each candidate differs from the baseline.

    Args:
        baseline: a record, a folder that holds one, or a sweep.
        candidates: the same.
        margins: by metric, or by the label of a metric for its parts: the difference that does not matter.
        alpha: of the verdicts; the intervals are those of level 1 − alpha.
        options: how sweeps are compared.
        profile: print performance profiles of sweeps too.
        as_json: print JSON.

    Raises:
        DataError: there is no record, or its resamples are broken.
        ConfigError: a path is not there, or a margin names no metric.
    """
    all_there(baseline, *candidates)
    found = []
    for path in candidates:
        both = sides(baseline, path, options, level=1 - alpha)
        checked_names(margins, {**both.pair.values, **both.pair.parts}, "metric")
        values = judge(both.pair.values, margins, alpha)
        parts = {
            label: by_severity(judge(of, dict.fromkeys(of, margins.get(label, 0.0)), alpha))
            for label, of in both.pair.parts.items()
        }
        profiles: dict[str, list[dict[str, float]]] = {}
        if isinstance(both.pair, SweepPair) and (profile or as_json):
            profiles = {metric: both.pair.profile(metric) for metric in both.pair.metrics}
        if as_json:
            found.append(_facts(both, values, parts, profiles, alpha))
        else:
            _print(both, values, parts, profiles)
    if as_json:
        put(json.dumps(plain(found), indent=2, allow_nan=False))


def _facts(
    both: Sides,
    values: list[Judged],
    parts: Mapping[str, list[Judged]],
    profiles: Mapping[str, list[dict[str, float]]],
    alpha: float,
) -> dict[str, Any]:
    return {
        "baseline": str(both.baseline),
        "candidate": str(both.candidate),
        "differs": [one._asdict() for one in both.differing],
        "notes": both.pair.notes,
        "alpha": alpha,
        "metrics": [judged_row(one) for one in values],
        "parts": {label: [judged_row(one) for one in of] for label, of in parts.items()},
        **({"profiles": profiles} if profiles else {}),
    }


def _print(
    both: Sides,
    values: list[Judged],
    parts: Mapping[str, list[Judged]],
    profiles: Mapping[str, list[dict[str, float]]],
) -> None:
    print_text(f"baseline {both.baseline}, candidate {both.candidate}")
    if both.differing:
        print_table("what else differs", ["what", "baseline", "candidate"], [one.cells() for one in both.differing])
    for note in both.pair.notes:
        print_text(f"note: {note}")
    print_judged("", values)
    kind = "problems" if isinstance(both.pair, SweepPair) else "parts"
    for label, of in parts.items():
        print_judged(f"{kind} of {label}, the worst first", of[:PARTS_SHOWN])
        if len(of) > PARTS_SHOWN:
            put(f"… {len(of) - PARTS_SHOWN} more; --json has all")
    for metric, rows in profiles.items():
        if rows:
            title = f"performance profile of {metric}: the share of runs above a score"
            print_table(title, list(rows[0]), [list(row.values()) for row in rows])


def print_judged(title: str, judged: Sequence[Judged]) -> None:
    """Print numbers under both, and what follows."""
    repeated = judged[0].compared.repeated if judged else "units"
    names, *columns = columns_of([*COLUMNS, f"more {repeated}"], [_cells(one) for one in judged])
    telling = [one for one in columns if one.name in TELLING]
    if fitting([names, *telling], screen_width()) == [names, *telling]:
        print_columns(title, [names, *columns], always=[names.name, *TELLING])
    else:
        kept = [one.name for one in fitting(telling, screen_width())]
        print_columns(title, columns, always=kept, over=names.cells)


def _cells(one: Judged) -> list[Any]:
    interval, found = one.compared.interval, one.decision
    verdict, _, alone = one.verdict().partition(" once corrected, alone ")
    if interval is not None and isnan(interval.low):  # from two seeds, say, none can be told
        interval = None
    shown = f"[{interval.low:+.4g}, {interval.high:+.4g}]" if interval else ""
    return [
        one.name,
        verdict,
        alone or None,
        one.delta,
        shown if interval is None or interval.method.startswith("paired") else f"{shown} unpaired",
        one.p_holm,
        one.compared.first,
        one.compared.second,
        found.detectable if found else None,
        "more resamples" if found and found.more_resamples else found.more_units or None if found else None,
    ]
