"""A sweep: what failed, what is best, what decides it, and every point with a way to run it again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from a4eval.drawing.values import aligned, text
from a4eval.journal import query
from a4eval.markup import Markup, joined, tag
from a4eval.results.report.figures import figure
from a4eval.results.report.page import Section
from a4eval.results.report.points import Points, honest_best, points
from a4eval.results.report.record import badge
from a4eval.results.report.run_again import command
from a4eval.results.report.sweep_charts import charts
from a4eval.results.report.tables import grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval.journal.views import Row

ROWS = 2_000
"""Points that the table shows; of more, every so many-th and all that failed."""
DETAILS = 400
"""Points that have a part of the page of their own; of more, those that failed and the best."""
FAILURES = 50


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep in parts.

    Args:
        title: what was swept.
        top: the head of its page.
        sections: the rest.
    """

    title: str
    top: Markup
    sections: list[Section]


def sweep(rows: Sequence[Row], prefix: str = "", *, metric: str | None = None, torn: int = 0) -> Swept:
    """Return the parts of a sweep's page.

    Args:
        rows: its records.
        prefix: of the ids, where a page holds more than one.
        metric: the one to look at.
        torn: how many lines of its journal could not be read.
    """
    found = points(rows, metric)
    names = list(dict.fromkeys(row.experiment or "run" for row in rows))
    title = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    failed = [row for row in rows if row.status != "ok"]
    sections = []
    if failed:
        sections.append(
            Section(f"{prefix}failed", f"What did not end well ({len(failed):,})", _failures(failed), "error")
        )
    detailed = _detailed(rows, found, failed)
    best = _best(found, prefix, detailed)
    if best is not None:
        sections.append(Section(f"{prefix}best", f"The best by {found.metric}", best))
    shown = _shown(rows, failed)
    places = {row.run_id: place for place, row in enumerate(shown)}
    drawn = [
        figure(name, chart, {"rows": table}, {"rows": f"{prefix}all-points"}, f"{prefix}c{place}")
        for place, (name, chart, table) in enumerate(charts(found, places))
    ]
    if drawn:
        sections.append(Section(f"{prefix}charts", "Charts", tag("div", *drawn, class_="charts")))
    sections.append(Section(f"{prefix}points", "Points", _table(rows, shown, prefix, detailed)))
    if detailed:
        common = set.intersection(*(set(row.overrides) for row in rows)) if len(rows) > 1 else set()
        whole = joined(_detail(row, prefix, common) for row in detailed.values())
        few = "" if len(detailed) == len(rows) else f" ({len(detailed):,} of {len(rows):,}: what failed, and the best)"
        sections.append(Section(f"{prefix}each", f"Each point{few}", whole))
    return Swept(title, _top(title, rows, found, torn), sections)


def _top(title: str, rows: Sequence[Row], found: Points, torn: int) -> Markup:
    states = Counter(row.status for row in rows)
    verdicts = Counter(row.verdict.outcome for row in rows if row.verdict is not None)
    badges = [badge_of for word, count in states.items() for badge_of in [_counted(word, count)]]
    badges += [_counted(word, count) for word, count in verdicts.items()]
    started = [row.started for row in rows if row.started]
    ended = [row.finished for row in rows if row.finished]
    seconds = sum(row.timing.get("wall_seconds") or 0.0 for row in rows)
    facts = [
        f"{len(rows):,} points",
        f"swept: {', '.join(found.keys) or 'nothing'}",
        f"{len(found.seeds)} seeds" if found.seeds else None,
        f"{min(started)[:16].replace('T', ' ')} to {max(ended)[:16].replace('T', ' ')} UTC"
        if started and ended
        else None,
        f"{text(seconds, '.3g')} s of runs",
        f"{torn} lines of the journal are torn" if torn else None,
    ]
    description = next((row.get("config.description") for row in rows[:1]), None)
    return tag(
        "header",
        tag("div", tag("h1", title), *badges, class_="titled"),
        tag("p", description) if description else None,
        tag("ul", *(tag("li", one) for one in facts if one), class_="facts"),
        class_="top",
    )


def _counted(word: str, count: int) -> Markup:
    shown = badge(word)
    return Markup(shown.replace(f">{word}<", f">{count:,} {word}<"))


def _failures(failed: Sequence[Row]) -> Markup:
    kinds = Counter((row.error or {}).get("type") or row.status for row in failed)
    said = tag("p", ", ".join(f"{count:,} × {kind}" for kind, count in kinds.most_common()))
    rows = [
        [
            (row.error or {}).get("type") or row.status,
            " ".join(str((row.error or {}).get("message", "")).split()),
            command(row.overrides),
        ]
        for row in failed[:FAILURES]
    ]
    more = tag("p", f"and {len(failed) - FAILURES:,} more, in the table below") if len(failed) > FAILURES else None
    return joined([said, grid("what did not end well", ["error", "message", "run it again"], rows), more])


def _best(found: Points, prefix: str, detailed: dict[str, Row]) -> Markup | None:
    best = found.best()
    if best is None or len(found.points) < 2:
        return None
    tiles = [_tile(found.metric or "", aligned(best.value), f"best of {len(found.points):,} points")]
    tiles += [_tile(key, text(value), "setting") for key, value in best.settings.items()]
    honest = honest_best(found)
    said = None
    if honest is not None:
        settings = ", ".join(f"{key}={text(value)}" for key, value in honest.settings.items())
        said = tag(
            "p",
            f"By its mean over {len(found.seeds)} seeds the best of the {honest.out_of:,} settings with every seed is ",
            f"{settings}, with ",
            tag("strong", aligned(honest.picked)),
            ". Being picked makes that too good: chosen by the other seeds and judged by the one left out it is ",
            tag("strong", aligned(honest.honest)),
            ".",
        )
    link = (
        tag("p", tag("a", "this point", href=f"#{prefix}run-{best.row.run_id}"))
        if best.row.run_id in detailed
        else None
    )
    return joined([tag("ul", *tiles, class_="tiles"), said, link])


def _tile(name: str, value: str, below: str) -> Markup:
    spans = zip(("name", "value", "between"), (name, value, below), strict=True)
    return tag("li", *(tag("span", shown, class_=class_) for class_, shown in spans))


def _detailed(rows: Sequence[Row], found: Points, failed: Sequence[Row]) -> dict[str, Row]:
    """Return the points with a part of their own."""
    if len(rows) <= DETAILS:
        return {row.run_id: row for row in rows}
    best = sorted(found.points, key=lambda one: -one.value if found.higher else one.value)[: DETAILS // 4]
    return {row.run_id: row for row in (*(one.row for one in best), *failed[: DETAILS // 2])}


def _shown(rows: Sequence[Row], failed: Sequence[Row]) -> list[Row]:
    """Return the points that the table shows: all, or those that are evenly spread and those that failed."""
    if len(rows) <= ROWS:
        return list(rows)
    every = {id(row) for row in (*rows[:: -(-len(rows) // ROWS)], *failed[:ROWS])}
    return [row for row in rows if id(row) in every]


def _table(rows: Sequence[Row], shown: Sequence[Row], prefix: str, detailed: dict[str, Row]) -> Markup:
    keys = [key for key in query.columns(rows) if key not in ("started", "path")]
    said = None
    if len(shown) < len(rows):
        said = tag("p", f"{len(shown):,} of {len(rows):,} points are shown, evenly spread, and those that failed.")
    lines = []
    for row in shown:
        name = row.run_id[:8]
        link = tag("a", name, href=f"#{prefix}run-{row.run_id}") if row.run_id in detailed else name
        lines.append([link, *map(_plain, row.cells(keys))])
    header = ["point", *(key.removeprefix("metrics.") for key in keys)]
    return joined([said, grid("points", header, lines, id_=f"{prefix}all-points")])


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str)) or value is None else str(value)


def _detail(row: Row, prefix: str, common: set[str]) -> Markup:
    """Return one point: what was set, the command, and why it failed."""
    settings = " ".join(one for one in row.overrides if one not in common) or row.run_id
    error = row.error or {}
    parts = [
        tag("pre", command(row.overrides), data_copy=True),
        tag("p", tag("strong", error.get("type", "")), ": ", error.get("message", "")) if error else None,
        tag("pre", error["traceback"], tabindex="0", aria_label="traceback") if error.get("traceback") else None,
    ]
    state = badge(row.verdict.outcome if row.verdict else row.status) if row.verdict or row.status != "ok" else None
    return tag("details", tag("summary", settings, " ", state), *parts, id=f"{prefix}run-{row.run_id}")
