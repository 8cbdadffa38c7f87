"""The page of a run, or of a point of a sweep: that of the report, whose files can be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.markup import joined, tag
from a4eval.results.report import record as of_record
from a4eval.results.report.panels import with_panels
from a4eval.results.view.content import Content, crumbs

if TYPE_CHECKING:
    from pathlib import Path

    from a4eval.runs.record import Record


def one_run(
    record: Record, folder: Path, address: str, key: str, version: int, above: tuple[tuple[str, str], ...]
) -> Content:
    """Return the page of a record.

    Args:
        record: the record.
        folder: where its artifacts are.
        address: of this page.
        key: by which it is compared.
        version: of the record.
        above: text and address of the pages that this one stands under.
    """
    sections = with_panels(of_record.sections(record, folder, f"{address}/file"), record, folder=folder)
    name = of_record.name_of(record)
    against = tag("p", tag("a", "compare this with another", href=f"/compare?baseline={key}"))
    top = joined([crumbs(*above), of_record.top(record), against])
    return Content(f"{name}: {record.status}", top, sections, version, record.status)
