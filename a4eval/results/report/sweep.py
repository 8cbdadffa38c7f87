"""A sweep: what failed, what is best, what decides it, and every point with a way to run it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from a4eval.drawing.values import aligned, text
from a4eval.journal import query
from a4eval.journal.views import Row
from a4eval.markup import Markup, joined, tag
from a4eval.plurals import counted
from a4eval.results.about import about
from a4eval.results.report.figures import figure
from a4eval.results.report.page import Section
from a4eval.results.report.points import FEWEST, NOT_SET, SEED, Points, honest_best, points
from a4eval.results.report.record import badge, badge_class
from a4eval.results.report.run_again import command, environment, what_was_swept
from a4eval.results.report.sweep_charts import charts
from a4eval.results.report.tables import grid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from a4eval.runs.record import Record

Linked: TypeAlias = Callable[[Row, str], Markup | str]
"""Makes a link to a run of a text, or gives the text where the run has no place of its own."""
ROWS = 2_000
"""Points that the table shows; of more, every so many-th and all that failed."""
DETAILS = 400
"""Points that have a part of the page of their own; of more, those that failed and the best."""
FAILURES = 50
KINDS = 8
"""Kinds of errors of which a traceback is shown."""
EXPERIMENTS = 6
"""Experiments whose description is shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Which points of a sweep a page shows, where each point has a page of its own.

    Args:
        rows: the points that the table shows, in their order.
        address: of a point's page.
        above: what stands above the table.
        cell: what stands before each point, if anything does.
        charts: returns the charts, drawn by what it is given or earlier; it is also given which row of the table each
            run's marks lead to.
    """

    rows: Sequence[Row]
    address: Callable[[Row], str]
    above: Markup
    cell: Callable[[Row], Markup]
    charts: Callable[[Callable[[], Markup | None], dict[str, int]], Markup | None]


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


def sweep(
    rows: Sequence[Row],
    prefix: str = "",
    *,
    metric: str | None = None,
    torn: int = 0,
    shown: Shown | None = None,
    first: Record | None = None,
) -> Swept:
    """Return the parts of a sweep's page.

    Args:
        rows: its records.
        prefix: of the ids, where a page holds more than one.
        metric: the one to look at.
        torn: how many lines of its journal could not be read.
        shown: which points the table shows, where each has a page of its own; by default as many as there is room for,
            with parts of this page.
        first: the whole record of the first of them, to say what was run and where.
    """
    found = points(rows, metric)
    names = list(dict.fromkeys(row.title or "run" for row in rows))
    title = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    failed = [row for row in rows if row.status != "ok"]
    detailed = {} if shown else _detailed(rows, found, failed)

    def linked(row: Row, text: str) -> Markup | str:
        if shown is not None:
            return tag("a", text, href=shown.address(row))
        return tag("a", text, href=f"#{prefix}run-{row.run_id}") if row.run_id in detailed else text

    sections = []
    if failed:
        title_of_failed = f"What did not end well ({len(failed):,})"
        sections.append(Section(f"{prefix}failed", title_of_failed, failures(failed, linked, prefix), "error"))
    best = _best(found, linked)
    if best is not None:
        sections.append(Section(f"{prefix}best", f"The best by {found.metric}", best))
    listed = shown.rows if shown else _shown(rows, failed)
    places = {row.run_id: place for place, row in enumerate(listed)}

    def draw() -> Markup | None:
        drawn = [
            figure(name, chart, {"rows": table}, {"rows": f"{prefix}all-points"}, f"{prefix}c{place}")
            for place, (name, chart, table) in enumerate(charts(found, places))
        ]
        return tag("div", *drawn, class_="charts") if drawn else None

    drawn = shown.charts(draw, places) if shown else draw()
    without = _without_number(found)
    if drawn is not None or without is not None:
        sections.append(Section(f"{prefix}charts", "Charts", joined([without, drawn])))
    said: Markup | None = shown.above if shown else None
    if shown is None and len(listed) < len(rows):
        said = tag("p", f"{len(listed):,} of {len(rows):,} points are shown, evenly spread, and those that failed.")
    table = _table(rows, listed, prefix, linked, shown.cell if shown else None)
    sections.append(Section(f"{prefix}points", "Points", joined([said, table])))
    if detailed:
        common = set.intersection(*(set(row.overrides) for row in rows)) if len(rows) > 1 else set()
        whole = joined(_detail(row, prefix, common) for row in detailed.values())
        few = "" if len(detailed) == len(rows) else f" ({len(detailed):,} of {len(rows):,}: what failed, and the best)"
        listed_apart = tag("div", whole, class_="box tall", tabindex="0", role="group", aria_label="each point, list")
        sections.append(Section(f"{prefix}each", f"Each point{few}", listed_apart))
    if first is not None:
        keys = [*found.keys, *([SEED] if found.seeds else [])]
        sections.append(Section(f"{prefix}run", "What was run", what_was_swept(rows, keys, first)))
        sections.append(Section(f"{prefix}environment", "Where the first point ran", environment(first)))
    return Swept(title, _top(title, rows, found, torn), sections)


def _without_number(found: Points) -> Markup | None:
    """Return how many points that ended well have no number to draw, if there are any."""
    good = sum(row.status == "ok" for row in found.rows)
    lacking = good - len(found.points)
    if not lacking:
        return None
    if found.metric is None:
        return tag("p", "No point that ended well has a number, so there is nothing to draw.")
    which = "every point" if lacking == good else f"{lacking:,} of {counted(good, 'point')}"
    rest = "so there is nothing to draw" if lacking == good else "which the charts and the best leave out"
    return tag("p", f"{found.metric} is NaN, infinite or not there at {which} that ended well, {rest}.")


def _top(title: str, rows: Sequence[Row], found: Points, torn: int) -> Markup:
    started = [row.started for row in rows if row.started]
    ended = [row.finished for row in rows if row.finished]
    seconds = sum(row.timing.get("wall_seconds") or 0.0 for row in rows)
    facts = [
        counted(len(rows), "point"),
        f"swept: {', '.join(found.keys) or 'nothing'}",
        counted(len(found.seeds), "seed") if found.seeds else None,
        f"{min(started)[:16].replace('T', ' ')} to {max(ended)[:16].replace('T', ' ')} UTC"
        if started and ended
        else None,
        f"{text(seconds, '.3g')} s of runs",
        f"{counted(torn, 'unreadable line')} of the journal passed over" if torn else None,
    ]
    return tag(
        "header",
        tag("div", tag("h1", title), *outcomes(rows), class_="titled"),
        _descriptions(rows),
        tag("ul", *(tag("li", one) for one in facts if one), class_="facts"),
        class_="top",
    )


def outcomes(rows: Iterable[Row]) -> list[Markup]:
    """Return what came of the runs, each of them counted once: by its verdict if it ended with one."""
    found = Counter(_outcome(row) for row in rows)
    return [tag("span", f"{count:,} {words}", class_=badge_class(word)) for (words, word), count in found.items()]


def _outcome(row: Row) -> tuple[str, str]:
    """Return what came of a run in words, and the word that says its colour."""
    if row.status != "ok" or row.verdict is None:
        return row.status, row.status
    judged = row.verdict.outcome
    return (f"judged {judged}" if judged == "failed" else judged), judged


def _descriptions(rows: Sequence[Row]) -> Markup | None:
    """Return what each experiment is for; of one that says nothing, nothing."""
    first = {row.experiment: row for row in reversed(rows)}
    names = list(dict.fromkeys(row.experiment for row in rows))
    said = {name or "run": first[name].get("config.description") for name in names[:EXPERIMENTS]}
    said = {name: about(str(text)) for name, text in said.items() if text}
    if len(names) == 1:
        return tag("p", *said.values()) if said else None
    return joined(tag("p", tag("strong", name), ": ", text) for name, text in said.items())


def failures(failed: Sequence[Row], linked: Linked, prefix: str = "") -> Markup:
    """Return what failed: how often each kind of error, one traceback of each, and the points.

    Args:
        failed: the runs that did not end well.
        linked: makes a link to a run of a text.
        prefix: of the ids.
    """
    kinds: dict[str, list[Row]] = {}
    for row in failed:
        kinds.setdefault((row.error or {}).get("type") or row.status, []).append(row)
    common = sorted(kinds.items(), key=lambda one: -len(one[1]))
    said = tag("p", ", ".join(f"{len(of):,} × {kind}" for kind, of in common))
    rows = [
        [
            (row.error or {}).get("type") or row.status,
            " ".join(str((row.error or {}).get("message", "")).split()),
            linked(row, row.run_id[:8]),
            command(row.overrides, row.program),
        ]
        for row in failed[:FAILURES]
    ]
    more = tag("p", f"and {len(failed) - FAILURES:,} more") if len(failed) > FAILURES else None
    table = grid("what did not end well", ["error", "message", "point", "run it again"], rows)
    traces = [_traceback(kind, of, prefix, place) for place, (kind, of) in enumerate(common[:KINDS])]
    return joined([said, table, more, *traces])


def _traceback(kind: str, of: Sequence[Row], prefix: str, place: int) -> Markup | None:
    """Return the traceback of the last run that failed with a kind of error."""
    error = max(of, key=lambda row: row.started or "").error or {}
    if not error.get("traceback"):
        return None
    name = f"Traceback of the last {kind}"
    trace = tag("pre", error["traceback"], tabindex="0", aria_label=name)
    return tag("details", tag("summary", name), trace, id=f"{prefix}traceback-{place}", open=place == 0)


def _best(found: Points, linked: Linked) -> Markup | None:
    best = found.best()
    if best is None or len(found.points) < FEWEST:
        return None
    tiles = [_tile(found.metric or "", aligned(best.value), f"best of {counted(len(found.points), 'point')}")]
    tiles += [_tile(key, text(value), "setting") for key, value in best.settings.items() if value != NOT_SET]
    honest = honest_best(found)
    said = None
    if honest is not None:
        settings = ", ".join(f"{key}={text(value)}" for key, value in honest.settings.items() if value != NOT_SET)
        said = tag(
            "p",
            f"By its mean over {counted(len(found.seeds), 'seed')} the best of the ",
            f"{counted(honest.out_of, 'setting')} with every seed is ",
            f"{settings}, with ",
            tag("strong", aligned(honest.picked)),
            ". Being picked makes that too good: chosen by the other seeds and judged by the one left out it is ",
            tag("strong", aligned(honest.honest)),
            ".",
        )
    link = linked(best.row, f"point {best.row.run_id[:8]}, which has it")
    return joined([tag("ul", *tiles, class_="tiles"), said, tag("p", link) if isinstance(link, Markup) else None])


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


def _table(
    rows: Sequence[Row], shown: Sequence[Row], prefix: str, linked: Linked, cell: Callable[[Row], Markup] | None
) -> Markup:
    keys = [key for key in query.columns(rows) if key not in ("started", "path")]
    first = [] if cell is None else ["compare"]
    lines = [
        [*([cell(row)] if cell else []), linked(row, row.run_id[:8]), *map(_plain, row.cells(keys))] for row in shown
    ]
    header = [*first, "point", *(key.removeprefix("metrics.") for key in keys)]
    return grid("points", header, lines, id_=f"{prefix}all-points")


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str)) or value is None else str(value)


def _detail(row: Row, prefix: str, common: set[str]) -> Markup:
    """Return one point: what was set, the command, and why it failed."""
    settings = " ".join(one for one in row.overrides if one not in common) or row.run_id
    error = row.error or {}
    parts = [
        tag("pre", command(row.overrides, row.program), data_copy=True),
        tag("p", tag("strong", error.get("type", "")), ": ", error.get("message", "")) if error else None,
        tag("pre", error["traceback"], tabindex="0", aria_label="traceback") if error.get("traceback") else None,
    ]
    state = badge(row.verdict.outcome if row.verdict else row.status) if row.verdict or row.status != "ok" else None
    return tag("details", tag("summary", settings, " ", state), *parts, id=f"{prefix}run-{row.run_id}")
