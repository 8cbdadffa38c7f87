"""A candidate against a baseline: each difference with its interval and margin, as a forest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval.comparisons.judge import Judged, by_severity, judge
from a4eval.comparisons.rows import judged_row
from a4eval.comparisons.rules import checked_names
from a4eval.comparisons.seeds import SweepOptions
from a4eval.comparisons.sides import Sides, sides
from a4eval.markup import Markup, joined, tag
from a4eval.results.report.figures import figure
from a4eval.results.report.page import Section
from a4eval.results.report.record import badge_class
from a4eval.results.report.tables import table
from a4eval.tasks.charts import forest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


VERDICTS = ("worse", "undecided", "equivalent", "better")
"""What is to be looked at first."""
HEADINGS = {"p_holm": "corrected p"}
"""Of columns whose names in a record say what was done, and here what it means beside an interval that is not."""


def comparison(baseline: Path, candidate: Path, margins: Mapping[str, float], alpha: float, prefix: str) -> Section:
    """Return how a candidate differs from a baseline, as ``a4eval compare`` judges it.

    Raises:
        DataError: there is no record, or its resamples are broken.
        ConfigError: a margin names no metric.
    """
    both = sides(baseline, candidate, SweepOptions(), level=1 - alpha)
    checked_names(margins, {**both.pair.values, **both.pair.parts}, "metric")
    title = f"Against the baseline: {candidate}"
    return Section(f"{prefix}comparison", title, compared(both, margins, alpha, prefix))


def compared(found: Sides, margins: Mapping[str, float], alpha: float, prefix: str = "") -> Markup:
    """Return two sides as charts and tables: each difference with its interval, judged."""
    both = found.pair
    parts: list[Markup | None] = [tag("p", tag("code", str(found.baseline)), " → ", tag("code", str(found.candidate)))]
    metrics = judge(both.values, margins, alpha)
    parts += [_outcomes(metrics), *(tag("p", note, class_="soft") for note in both.notes)]
    drawn, tables = [], []
    for place, (name, judged) in enumerate(
        [
            ("metrics", metrics),
            *(
                (f"parts of {label}", by_severity(judge(of, dict.fromkeys(of, margins.get(label, 0.0)), alpha)))
                for label, of in both.parts.items()
            ),
        ]
    ):
        rows, id_ = _rows(judged), f"{prefix}d{place}"
        title = f"Candidate minus baseline, {name}"
        chart = forest("rows", title, margins=any(one.margin for one in judged))
        drawn.append(figure(title, chart, {"rows": rows}, {"rows": id_}, f"{prefix}f{place}"))
        tables.append(table(title, rows, id_))
    parts += [tag("div", *drawn, class_="charts"), *tables, _differs(found.differing, prefix)]
    return joined(parts)


def _outcomes(judged: Sequence[Judged]) -> Markup:
    """Return which metrics are better, which worse, and which are neither as far as one can say, and why."""
    names: dict[tuple[str, str], list[str]] = {}
    for one in judged:
        word, _, why = one.verdict().partition(" ")
        if one.decision is None:
            why = f"since {one.compared.why}"
        names.setdefault((word.rstrip(","), why), []).append(one.name)
    listed = [
        tag("li", tag("span", word, class_=badge_class(word)), f" {why}: " if why else " ", ", ".join(of))
        for (word, why), of in sorted(names.items(), key=lambda one: VERDICTS.index(one[0][0]))
    ]
    return tag("ul", *listed, class_="outcomes")


def _rows(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    rows = [judged_row(one) for one in judged]
    for row in rows:
        margin = row["margin"] or None
        row |= {"margin_below": None if margin is None else -margin, "margin_above": margin}
    kept = [key for key in (rows[0] if rows else ()) if any(row[key] is not None for row in rows)]
    return [{HEADINGS.get(key, key): row[key] for key in kept} for row in rows]


def _differs(found: Sequence[Any], prefix: str) -> Markup | None:
    rows = [dict(zip(("what", "baseline", "candidate"), one.cells(), strict=True)) for one in found]
    return table("what else differs", rows, f"{prefix}differs") if rows else None
