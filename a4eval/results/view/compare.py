"""The page that compares any two: runs, points or sweeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from a4eval.comparisons.opened import Finished, Opened
from a4eval.comparisons.seeds import SweepOptions
from a4eval.comparisons.sides import held
from a4eval.errors import A4evalError, DataError
from a4eval.markup import Markup, joined, tag
from a4eval.results.report.comparison import compared
from a4eval.results.report.page import Section
from a4eval.results.view.content import Content, crumbs

if TYPE_CHECKING:
    from a4eval.results.view.asked import Asked
    from a4eval.results.view.watched import Watched

ALPHA = 0.05
OFFERED = 500
"""Sweeps and runs that may be chosen from a list."""
MOST_BYTES = 300_000_000
"""Of a sweep's journal that is read for it."""


def compare(watched: Watched, asked: Asked) -> Content:
    """Return the page, with what was compared if two are named."""
    ticked = asked.all("of")
    named = [asked.text("baseline") or ticked[0] if ticked else asked.text("baseline")]
    named.append(asked.text("candidate") or (ticked[1] if len(ticked) > 1 else ""))
    baseline, candidate = named
    sections = []
    if len(ticked) > 2:
        said = f"{len(ticked)} are ticked; these are the first two of them."
        sections.append(Section("more", "Two at a time", tag("p", said), "warn"))
    if baseline and candidate:
        sections.append(_judged(watched, baseline, candidate))
    names = _names(watched, named)
    fields = [
        tag("label", f"{which} ", _select(which, names, key))
        for which, key in (("baseline", baseline), ("candidate", candidate))
    ]
    form = tag("form", *fields, tag("button", "compare"), action=asked.path, class_="tools")
    other = None
    if baseline and candidate:
        turned = asked.other(of=None, baseline=candidate, candidate=baseline)
        other = tag("p", tag("a", "the other way round", href=turned))
    top = tag("header", tag("h1", "Compare"), form, other, class_="top")
    return Content("Compare", joined([crumbs(), top]), sections, live=False)


def _judged(watched: Watched, baseline: str, candidate: str) -> Section:
    title = "Candidate against baseline"
    try:
        (first, one), (second, other) = _opened(watched, baseline), _opened(watched, candidate)
        sides = held(first, one, second, other, SweepOptions(), level=1 - ALPHA)
        return Section("comparison", title, compared(sides, {}, ALPHA))
    except A4evalError as error:
        return Section("comparison", "These two cannot be compared", tag("p", str(error)), "error")


def _opened(watched: Watched, key: str) -> tuple[Path, Finished]:
    """Return where the runs that a key names are, and those that ended well.

    Raises:
        DataError: there is none.
    """
    first, _, point = key.partition("/")
    if first in watched.runs:
        run = watched.runs[first]
        record = run.record()
        found = [Opened(Path(run.name), watched.root / run.folder, record)]
    elif first in watched.sweeps:
        of = watched.sweeps[first]
        rows = [row for name, row in of.points.items() if point in ("", name)]
        if not point and of.size > MOST_BYTES:
            raise DataError(f"{of.name}: is {of.size:,} bytes; `a4eval compare` takes as many as there are")
        records = ((row, of.record(row)) for row in rows)
        found = [Opened(Path(of.name), watched.root / of.folder_of(row), record) for row, record in records]
    else:
        found = []
    ended = [one for one in found if one.status == "ok"]
    if not ended:
        raise DataError(f"{found[0].path}: it did not end well" if found else f"{key}: there is no such run or sweep")
    return ended[0].path.parent, Finished(ended, len(found) - len(ended))


def _names(watched: Watched, named: list[str]) -> dict[str, str]:
    """Return what may be chosen: key to words, what is chosen now first."""
    found = {}
    for key in named:
        first, _, point = key.partition("/")
        of = watched.sweeps.get(first)
        if of and point in of.points:
            row = of.points[point]
            found[key] = f"point {row.run_id[:8]} of {of.folder}"
    sweeps = {key: f"sweep {one.folder}" for key, one in list(watched.sweeps.items())[:OFFERED]}
    runs = {key: f"run {one.folder}" for key, one in list(watched.runs.items())[:OFFERED]}
    chosen = {key: f"run {watched.runs[key].folder}" for key in named if key in watched.runs}
    return found | chosen | sweeps | runs


def _select(which: str, names: dict[str, str], key: str) -> Markup:
    options = [tag("option", words, value=one, selected=one == key) for one, words in names.items()]
    return tag("select", tag("option", "…", value=""), *options, name=which)
