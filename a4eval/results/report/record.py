"""One record: its verdict and numbers first, then its pictures, tables, and all there is to know of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from a4eval.drawing.values import aligned, number, text
from a4eval.journal.views import number as exact
from a4eval.markup import Markup, joined, tag
from a4eval.results.about import about
from a4eval.results.report.figures import figure
from a4eval.results.report.page import Section
from a4eval.results.report.pictures import embedded
from a4eval.results.report.run_again import environment, what_was_run
from a4eval.results.report.tables import grid, table, table_ids

if TYPE_CHECKING:
    from pathlib import Path

    from a4eval.runs.record import MetricRecord, Record

TILES = 4
"""Numbers that stand first."""
FILES = 3
"""Files of the data that the head names."""
_CLASSES = {
    **dict.fromkeys(("passed", "ok", "better", "equivalent"), "good"),
    **dict.fromkeys(("failed", "worse"), "bad"),
    **dict.fromkeys(("undecided", "interrupted"), "open"),
}
_BETTER = {True: "higher is better", False: "lower is better", None: ""}


def badge(word: str) -> Markup:
    """Return a status or verdict as a word on its colour."""
    return tag("span", word, class_=badge_class(word))


def badge_class(word: str) -> str:
    """Return the classes of the style sheet that give a status or verdict its colour."""
    return f"badge {_CLASSES.get(word, '')}".strip()


def name_of(record: Record) -> str:
    """Return what was run."""
    task = record.config.get("task")
    name = task.get("name") if isinstance(task, dict) else task
    return record.experiment or str(name or "run")


def top(record: Record, heading: str = "h1") -> Markup:
    """Return the head of a record's page, or of its part of a page."""
    judged = record.verdict
    facts = [
        f"seed {record.seed}",
        f"run {record.run_id}",
        f"{record.started[:16].replace('T', ' ')} UTC",
        f"{text(record.timing.wall_seconds, '.3g')} s",
        *([f"sweep {record.sweep_id}"] if record.sweep_id else []),
        *([_files(record)] if record.data else []),
    ]
    return tag(
        "header",
        tag("div", tag(heading, name_of(record)), badge(judged.outcome if judged else record.status), class_="titled"),
        tag("p", about(str(record.config["description"]))) if record.config.get("description") else None,
        tag("ul", *(tag("li", one) for one in facts), class_="facts"),
        class_="top",
    )


def _files(record: Record) -> str:
    """Return the names of the files that were read."""
    names = list(dict.fromkeys(one.path.rstrip("/").rpartition("/")[2] for one in record.data))
    more = f" and {len(names) - FILES:,} more" if len(names) > FILES else ""
    return f"data {', '.join(names[:FILES])}{more}"


def sections(record: Record, folder: Path | None = None, beside: str | None = None, prefix: str = "") -> list[Section]:
    """Return the sections of a record.

    Args:
        record: the record.
        folder: where its artifacts are, if they are to be seen.
        beside: how the page, where it will lie, leads to that folder.
        prefix: of the ids, where a page holds more than one record.
    """
    ids = table_ids(record.tables, prefix)
    found = []
    if record.error is not None:
        found.append(Section(f"{prefix}error", f"Why it {record.status}", _error(record), "error"))
    if record.verdict is not None and record.verdict.reasons:
        reasons = tag("ul", *(tag("li", one) for one in record.verdict.reasons), class_="notes")
        found.append(Section(f"{prefix}verdict", f"Why it is {record.verdict.outcome}", reasons, "warn"))
    if record.metrics:
        found.append(Section(f"{prefix}numbers", "Numbers", numbers(record.metrics, prefix)))
    if record.warnings:
        listed = tag("ul", *(tag("li", one) for one in record.warnings), class_="notes")
        found.append(Section(f"{prefix}warnings", f"Warnings ({len(record.warnings)})", listed, "warn"))
    if record.charts:
        found.append(charts(record, ids, prefix))
    pictures, too_large = embedded(record, folder) if folder else ([], [])
    if pictures or too_large:
        found.append(Section(f"{prefix}pictures", "Pictures", _pictures(pictures, too_large, prefix)))
    if record.tables:
        whole = [table(name, rows, ids[name]) for name, rows in record.tables.items()]
        under = tuple((f"{ids[name]}-whole", name) for name in record.tables)
        found.append(Section(f"{prefix}tables", "Tables", joined(whole), under=under))
    found.append(Section(f"{prefix}run", "What was run", what_was_run(record)))
    if record.artifacts or record.log:
        found.append(Section(f"{prefix}artifacts", "Artifacts", _artifacts(record, beside)))
    found.append(Section(f"{prefix}environment", "Where it ran", environment(record)))
    return found


def _pictures(shown: list[Markup], too_large: list[str], prefix: str) -> Markup:
    link = tag("a", "artifacts", href=f"#{prefix}artifacts")
    more = tag("p", "Too large for this page, and among the ", link, f": {', '.join(too_large)}", class_="soft")
    return joined([tag("div", *shown, class_="charts large"), *([more] if too_large else [])])


def charts(record: Record, ids: dict[str, str], prefix: str = "") -> Section:
    """Return the charts of a record."""
    drawn = [
        figure(name, chart, record.tables, ids, f"{prefix}c{place}")
        for place, (name, chart) in enumerate(record.charts.items())
    ]
    return Section(f"{prefix}charts", "Charts", tag("div", *drawn, class_="charts"))


def numbers(metrics: dict[str, MetricRecord], prefix: str = "") -> Markup:
    """Return the metrics: the first of them large, then all as a table with their intervals drawn."""
    directed = {name: one for name, one in metrics.items() if one.higher_is_better is not None} or metrics
    tiles = [_tile(name, one) for name, one in list(directed.items())[:TILES]]
    header = ["metric", "value", "interval", "", "unit", "n", "direction"]
    rows = []
    for name, one in metrics.items():
        unit = "" if one.unit == "1" else one.unit
        drawn = _share(one)
        rows.append([name, exact(one.value), _between(one), drawn, unit, one.n, _BETTER[one.higher_is_better]])
    kept = [place for place in range(len(header)) if any(row[place] not in ("", None) for row in rows)]
    shown = grid(
        "metrics",
        [header[one] or "drawn" for one in kept],
        ([row[one] for one in kept] for row in rows),
        id_=f"{prefix}metrics",
    )
    return joined([tag("ul", *tiles, class_="tiles"), shown])


def _tile(name: str, one: MetricRecord) -> Markup:
    value = exact(one.value)
    unit = "" if one.unit == "1" else f" {one.unit}"
    return tag(
        "li",
        tag("span", name, class_="name"),
        tag("span", f"{aligned(value)}{unit}", class_="value"),
        tag("span", _ends(one) or _BETTER[one.higher_is_better], class_="between"),
    )


def _between(one: MetricRecord) -> Markup | str:
    """Return an interval as it is read, all digits of its ends in its value."""
    if one.interval is None:
        return ""
    low, high = exact(one.interval.low), exact(one.interval.high)
    return tag("data", f"{one.interval.level:.0%} [{aligned(low)}, {aligned(high)}]", value=f"{low!r} {high!r}")


def _ends(one: MetricRecord) -> str:
    found = one.interval
    return f"{aligned(exact(found.low))} to {aligned(exact(found.high))}" if found else ""


def _share(one: MetricRecord) -> Markup | str:
    """Draw a share with its interval on a line from 0 to 1; nothing for what is no share, or is never that large."""
    ends = [one.interval.low, one.interval.high] if one.interval else []
    known = [found for found in map(number, (one.value, *ends)) if found is not None]
    drawn = one.higher_is_better or (one.higher_is_better is False and ends)
    if one.unit != "1" or not drawn or len(known) < 1 + len(ends) or not 0 <= min(known) <= max(known) <= 1:
        return ""
    wide = 110.0
    value, *reach = (4 + (wide - 8) * found for found in known)
    look = {"y1": 7, "y2": 7, "stroke": "#0b6fb8", "stroke_width": 3, "class_": "s k0"}
    bar = tag("line", x1=reach[0], x2=reach[1], **look) if reach else None
    return tag(
        "svg",
        tag("line", x1=4.0, x2=wide - 4, y1=7, y2=7, stroke="#dfe3e7", class_="g"),
        bar,
        tag("circle", cx=value, cy=7, r=3.5, fill="#0b6fb8", class_="f k0"),
        width=wide,
        height=14,
        aria_hidden="true",
    )


def _error(record: Record) -> Markup:
    assert record.error is not None
    return joined(
        [
            tag("p", tag("strong", record.error.type), f": {record.error.message}"),
            tag(
                "details",
                tag("summary", "Traceback"),
                tag("pre", record.error.traceback, tabindex="0", aria_label="traceback"),
            ),
        ]
    )


def _artifacts(record: Record, beside: str | None) -> Markup:
    rows = []
    for one in [*record.artifacts, *([record.log] if record.log else [])]:
        safe = not one.path.startswith("/") and ".." not in one.path.split("/")
        link = tag("a", one.path, href=f"{beside}/{quote(one.path)}") if beside is not None and safe else one.path
        rows.append([link, one.bytes, one.sha256])
    return grid("artifacts", ["file", "bytes", "sha256"], rows)
