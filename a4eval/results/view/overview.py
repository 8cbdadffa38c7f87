"""The first page: what runs, what failed, and every sweep and run below the folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.drawing.values import aligned, text
from a4eval.errors import told
from a4eval.journal.views import number
from a4eval.markup import Markup, joined, tag
from a4eval.plurals import counted
from a4eval.results.report.page import Section
from a4eval.results.report.record import badge
from a4eval.results.report.sweep import failures, outcomes
from a4eval.results.report.tables import grid
from a4eval.results.view.asked import paged
from a4eval.results.view.content import Content, chooser, chosen, crumbs, point_address, progress_bar
from a4eval.results.view.read import newest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from a4eval.journal.views import Row
    from a4eval.results.view.asked import Asked
    from a4eval.results.view.read import Run, Sweep
    from a4eval.results.view.watched import Watched

METRICS = 3
"""Numbers of a run that the table shows."""
PLACES = 20
"""Files that cannot be read and are named."""


def overview(watched: Watched, asked: Asked) -> Content:
    """Return the page of everything below the folder."""
    version = watched.version
    sweeps = sorted(watched.sweeps.values(), key=_began, reverse=True)
    runs = sorted(watched.runs.values(), key=lambda one: (one.row.started or "") if one.row else "", reverse=True)
    failed = newest(watched.failed())
    sections = [
        _whatever("running", lambda: _running([one for one in sweeps if one.running])),
        _whatever("failed", lambda: _failed(failed, watched)),
        _whatever("unreadable", lambda: _unreadable([*sweeps, *runs])),
        _whatever("sweeps", lambda: _sweeps(sweeps, asked)),
        _whatever("runs", lambda: _runs([one for one in runs if one.row is not None], asked)),
    ]
    found = [one for one in sections if one is not None]
    if not found and watched.reading:
        found = [Section("reading", "Being read", tag("p", "This page will show what lies below the folder."))]
    elif not found:
        said = "No record lies below this folder yet; this page will show it."
        found = [Section("nothing", "Nothing yet", tag("p", said))]
    going = sum(one.running for one in sweeps)
    facts = [
        counted(len(sweeps), "sweep"),
        counted(len(runs), "run"),
        f"{counted(len(failed), 'run')} did not end well" if failed else None,
        f"{going} running" if going else None,
        "still being read" if watched.reading else None,
        "there are more folders than are looked into" if watched.beyond else None,
    ]
    said = ", ".join(one for one in facts if one)
    top = tag(
        "header",
        tag("h1", watched.root.name or str(watched.root)),
        tag("p", tag("code", str(watched.root)), class_="soft"),
        tag("ul", *(tag("li", one) for one in facts if one), class_="facts"),
        class_="top",
    )
    return Content(f"{watched.root.name}: {said}", joined([crumbs(), top]), found, version, said)


def _whatever(name: str, make: Callable[[], Section | None]) -> Section | None:
    """Return a section, or why there is none: what one record holds must not hide the others."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001  (records may be a stranger's)
        return Section(name, name.capitalize(), tag("p", f"this cannot be shown: {told(error)}"), "warn")


def _began(one: Sweep) -> str:
    return max((row.started or "" for row in one.rows), default="")


def _running(sweeps: Sequence[Sweep]) -> Section | None:
    if not sweeps:
        return None
    rows = [[_link(one), one.folder, progress_bar(one)] for one in sweeps]
    return Section("running", "Running", grid("running sweeps", ["sweep", "folder", "progress"], rows))


def _failed(failed: Sequence[Row], watched: Watched) -> Section | None:
    if not failed:
        return None
    title = f"What did not end well ({len(failed):,})"

    def linked(row: Row, said: str) -> Markup:
        folder = row.path.rpartition("/")[0] or "."
        name = f"{folder}: {said}" if row.path.endswith(".jsonl") else folder
        return tag("a", name, href=point_address(row, watched))

    content = failures(failed, linked)
    return Section("failed", title, content, "error")


def _unreadable(files: Sequence[Sweep | Run]) -> Section | None:
    found = [one for one in files if one.why is not None]
    if not found:
        return None
    listed = [tag("li", tag("code", one.name), ": ", one.why) for one in found[:PLACES]]
    more = tag("li", f"and {len(found) - PLACES:,} more") if len(found) > PLACES else None
    return Section("unreadable", "What cannot be read", tag("ul", *listed, more, class_="notes"), "warn")


def _sweeps(sweeps: Sequence[Sweep], asked: Asked) -> Section | None:
    if not sweeps:
        return None
    some, pages = paged(sweeps, asked, "sweeps", "sweeps")
    rows = [
        [
            chosen(one.key, f"sweep {one.folder}"),
            _link(one),
            one.folder,
            progress_bar(one) if one.holder else counted(len(one.points), "point"),
            joined(outcomes(one.points.values()), " "),
            _when(_began(one)),
        ]
        for one in some
    ]
    header = ["compare", "sweep", "folder", "points", "what came of them", "last began, UTC"]
    return Section("sweeps", "Sweeps", joined([pages, grid("sweeps", header, rows, id_="all-sweeps"), chooser()]))


def _runs(runs: Sequence[Run], asked: Asked) -> Section | None:
    if not runs:
        return None
    some, pages = paged(runs, asked, "runs", "runs")
    rows = []
    for one in some:
        row = one.row
        assert row is not None
        metrics = [f"{name} {_shown(metric.value)}" for name, metric in list(row.metrics.items())[:METRICS]]
        rows.append(
            [
                chosen(one.key, f"run {one.folder}"),
                tag("a", row.title or "run", href=f"/run/{one.key}"),
                one.folder,
                badge(row.verdict.outcome if row.verdict and row.status == "ok" else row.status),
                ", ".join(metrics),
                _when(row.started),
                f"{text(row.timing.get('wall_seconds') or 0.0, '.3g')} s",
            ]
        )
    header = ["compare", "run", "folder", "outcome", "first numbers", "began, UTC", "took"]
    return Section("runs", "Runs", joined([pages, grid("runs", header, rows, id_="all-runs"), chooser()]))


def _link(one: Sweep) -> Markup:
    names = list(dict.fromkeys(row.experiment or "sweep" for row in one.rows)) or ["sweep"]
    return tag("a", ", ".join(names[:3]) + (" …" if len(names) > 3 else ""), href=f"/sweep/{one.key}")


def _shown(value: object) -> str:
    found = number(value)
    return aligned(found) if isinstance(found, (int, float)) else str(found)


def _when(started: str | None) -> str:
    return (started or "")[:19].replace("T", " ")
