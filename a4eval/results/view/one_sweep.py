"""The page of a sweep: how far it is, what failed, its charts, and its points, each with a page of its own."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING

from a4eval.errors import A4evalError
from a4eval.journal import query
from a4eval.markup import Markup, joined, tag
from a4eval.results.report.page import Section
from a4eval.results.report.sweep import Shown, sweep
from a4eval.results.view.asked import ROWS, paged
from a4eval.results.view.content import Content, chooser, chosen, crumbs, progress_bar
from a4eval.results.view.drawn import drawn
from a4eval.results.view.read import short

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from a4eval.journal.views import Row
    from a4eval.results.view.asked import Asked
    from a4eval.results.view.drawn import Drawn
    from a4eval.results.view.read import Sweep
    from a4eval.results.view.watched import Watched


def one_sweep(one: Sweep, watched: Watched, asked: Asked, before: Drawn | None = None) -> Content:
    """Return the page of a sweep.

    Args:
        one: the sweep.
        watched: what is known of the folder.
        asked: the address.
        before: the charts that the page had.
    """
    version, rows, running = one.version, one.rows, one.running  # in this order: what changes is shown again
    some, above = _points(rows, asked)
    charts, of = before, (rows, running)

    def chart(draw: Callable[[], Markup | None], places: dict[str, int]) -> Markup | None:
        nonlocal charts
        said = f"Of {len(rows):,} points; drawn again every few seconds while more come in." if running else ""
        charts = drawn(before, draw, of, places, said)
        return charts.markup

    shown = Shown(
        some,
        lambda row: f"/sweep/{one.key}/{short(row.run_id)}",
        joined([above, chooser()]),
        lambda row: chosen(f"{one.key}/{short(row.run_id)}", f"point {row.run_id[:8]}"),
        chart,
    )
    made = sweep(rows, shown=shown, torn=one.torn, metric=asked.text("metric") or None)
    title = made.title or one.folder
    top = made.top if rows else tag("header", tag("h1", one.folder), class_="top")
    sections = [*_state(one, watched), *(made.sections if rows else [])]
    far = one.progress
    failed = sum(row.status != "ok" for row in rows)
    said = f"{'running' if running else 'not running'}, {failed} did not end well"
    done = f"{far.done}/{far.total} " if far else ""
    until = charts.due(of) if charts else math.inf
    top = joined([crumbs((one.folder, asked.path)), top])
    return Content(f"{done}{title}", top, sections, version, said, charts=charts, until=until)


def _state(one: Sweep, watched: Watched) -> list[Section]:
    """Return how far the sweep is, and what to do about it."""
    found = []
    far = one.progress
    if far is not None:
        again = None
        if not one.running and far.done < far.total:
            folder = shlex.quote(str(watched.root / one.folder))
            again = joined([tag("p", "This goes on:"), tag("pre", f"a4eval resume {folder}", data_copy=True)])
        found.append(Section("progress", "Progress", joined([tag("p", progress_bar(one)), again])))
    if one.why is not None:
        found.append(Section("unreadable", "It cannot be read", tag("p", f"{one.name}: {one.why}"), "warn"))
    return found


def _points(rows: Sequence[Row], asked: Asked) -> tuple[Sequence[Row], Markup | None]:
    """Return the points that are asked for, and what leads to the others: of few points all, and nothing."""
    if len(rows) <= ROWS:
        return rows, None
    where, sort = asked.text("where"), asked.text("sort")
    wrong = None
    found = list(rows)
    try:
        found = query.keep(found, where.split()) if where else found
        if sort:
            query.check_key(found, sort.removeprefix("-"))
            found = query.order(found, sort)
    except A4evalError as error:
        wrong = tag("p", str(error), class_="wrong", role="alert")
    keys = [key.removeprefix("metrics.") for key in query.columns(rows) if key != "path"]
    known = {sort, *keys}
    options = [tag("option", key, value=key, selected=key == sort) for key in ("", *keys, *sorted(known - {"", *keys}))]
    box = {"name": "where", "value": where, "placeholder": "conditions, such as status=failed", "size": 40}
    form = tag(
        "form",
        tag("label", "points with ", tag("input", type="search", **box)),
        tag("label", " sorted by ", tag("select", *options, name="sort")),
        tag("button", "show"),
        action=asked.path,
        class_="tools",
    )
    some, pages = paged(found, asked, "page", "points")
    return some, joined([form, wrong, pages])
