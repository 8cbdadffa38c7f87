"""Sections that plugins put into the page of a record, each of which can only break itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from a4eval.contracts import ReportSection
from a4eval.errors import told
from a4eval.markup import Markup, joined, tag
from a4eval.registry import registry
from a4eval.results.report.figures import figure
from a4eval.results.report.gallery import gallery
from a4eval.results.report.page import Section
from a4eval.results.report.tables import table, table_ids
from a4eval.runs.record import Record, Table, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

HOOK = "a4eval_report_sections"


def panels(record: Record, prefix: str = "", folder: Path | None = None) -> Iterator[Section]:
    """Yield the plugins' sections of a record; in place of one that fails stands why.

    A section is data, text, tables and charts as a record has them, and is escaped and checked as they are.

    Args:
        record: the record.
        prefix: of the ids, where a page holds more than one record.
        folder: where its artifacts are, if they are to be seen.
    """
    given = msgspec.to_builtins(record)
    for plugin in registry().plugins:
        place = 0
        try:
            for answer in plugin.call(HOOK, record=msgspec.json.decode(msgspec.json.encode(given))):
                for one in answer or ():
                    name = f"{prefix}p-{plugin.name}-{place}"
                    yield Section(name, one.title, _content(one, name, plugin.name, record, prefix, folder))
                    place += 1
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
                raise
            said = tag("p", f"The plugin {plugin.name} was to give a section here, and failed: {told(error)}")
            yield Section(f"{prefix}p-{plugin.name}-{place}", f"From the plugin {plugin.name}", said, "warn")


def with_panels(
    sections: Sequence[Section], record: Record, prefix: str = "", folder: Path | None = None
) -> list[Section]:
    """Return the sections of a record, with those of plugins before the tables."""
    places = [place for place, one in enumerate(sections) if one.name in (f"{prefix}tables", f"{prefix}run")]
    return [*sections[: places[0]], *panels(record, prefix, folder), *sections[places[0] :]]


def _content(one: Any, name: str, plugin: str, record: Record, prefix: str, folder: Path | None) -> Markup:
    if not isinstance(one, ReportSection):
        raise TypeError(f"got {type(one).__name__}, expected an a4eval.ReportSection")
    tables = {title: msgspec.convert(plain(rows), Table) for title, rows in one.tables.items()}
    ids = {title: f"{name}-t{place}" for place, title in enumerate(tables)}
    drawn = [
        figure(title, plain(chart), tables, ids, f"{name}-c{place}")
        for place, (title, chart) in enumerate(one.charts.items())
    ]
    return joined(
        [
            *(tag("p", line) for line in one.text.split("\n\n") if line),
            gallery(one.gallery, record, folder, table_ids(record.tables, prefix), f"{name}-g")
            if one.gallery
            else None,
            tag("div", *drawn, class_="charts") if drawn else None,
            *(table(title, rows, ids[title]) for title, rows in tables.items()),
            tag("p", f"from the plugin {plugin}", class_="soft"),
        ]
    )
