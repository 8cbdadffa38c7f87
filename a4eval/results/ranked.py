"""``a4eval rank``: the candidates of a sweep, the best first."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from a4eval.comparisons.opened import finished
from a4eval.comparisons.ranking import Ranking, rank
from a4eval.plurals import counted
from a4eval.results.tables import cell, print_table, print_text
from a4eval.runs.record import plain
from a4eval.terminal import put

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLUMNS = ("rank", "may be", "candidate", "mean", "interval", "is best", "behind", "corrected p")


def print_ranking(
    path: Path, over: Sequence[str], metric: str, *, by: Sequence[str], independent: bool, alpha: float, as_json: bool
) -> None:
    """Print the candidates of a sweep by rank.

    Args:
        path: the sweep.
        over: the keys whose values make a candidate.
        metric: by which.
        by: the keys whose values make a problem.
        independent: problems share nothing that a seed decides.
        alpha: of the ranks.
        as_json: print JSON.

    Raises:
        DataError: there is no record, or they cannot be compared.
        ConfigError: there is no such key or metric, or points cannot be told apart.
    """
    points = finished(path)
    found = rank(points.runs, over, metric, by=by, independent=independent, alpha=alpha)
    if points.others:
        found.notes.append(f"left out: {counted(points.others, 'point')} that did not end well")
    if as_json:
        put(json.dumps(plain(_facts(found)), indent=2, allow_nan=False))
        return
    print_table(f"{metric}, the best first", COLUMNS, _rows(found))
    for note in found.notes:
        print_text(f"note: {note}")
    print_text(_of_the_best(found))


def _rows(found: Ranking) -> list[list[Any]]:
    return [
        [
            str(place),
            "–".join(map(str, dict.fromkeys(one.ranks))),
            one.name,
            one.mean,
            "none" if math.isnan(one.interval.low) else f"[{cell(one.interval.low)}, {cell(one.interval.high)}]",
            "undecided" if one.best is None else f"{one.best:.0%}",
            one.behind if one.p_holm is not None else None,
            one.p_holm,
        ]
        for place, one in enumerate(found.candidates, 1)
    ]


def _of_the_best(found: Ranking) -> str:
    best, among = found.candidates[0], len(found.candidates)
    if found.held_out is None:
        return f"{best.name} is the best of {among}, which flatters it: how much would take two seeds that all have"
    one = found.held_out
    reach = f" [{cell(one.interval.low)}, {cell(one.interval.high)}]" if one.interval else ""
    return (
        f"the best of {among} looks better than it is: {cell(best.mean)} here; on each seed, whichever is best on the "
        f"others has {cell(one.value)}{reach}"
    )


def _facts(found: Ranking) -> dict[str, Any]:
    held = found.held_out
    return {
        "metric": found.metric,
        "candidates": [
            {
                "name": one.name,
                "mean": one.mean,
                "low": one.interval.low,
                "high": one.interval.high,
                "interval": f"{one.interval.level:.0%} {one.interval.method}",
                "first_rank": one.ranks[0],
                "last_rank": one.ranks[1],
                "chance_of_best": one.best,
                "behind": one.behind,
                "p_holm": one.p_holm,
            }
            for one in found.candidates
        ],
        "best_held_out": None
        if held is None
        else {
            "mean": held.value,
            "low": held.interval.low if held.interval else None,
            "high": held.interval.high if held.interval else None,
        },
        "notes": found.notes,
    }
