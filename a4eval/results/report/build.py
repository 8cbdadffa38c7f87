"""``a4eval report``: from paths to one page."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from a4eval.errors import DataError, OutputError
from a4eval.journal import query
from a4eval.journal.texts import record_of
from a4eval.markup import joined, tag
from a4eval.ownership import JOURNAL, RECORD
from a4eval.plurals import counted
from a4eval.regular import beginning
from a4eval.results.report import record as one_record
from a4eval.results.report.page import Section, page
from a4eval.results.report.panels import with_panels
from a4eval.runs.record import Record, read
from a4eval.whole import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval.journal.views import Row

OURS = b'<meta name="generator" content="a4eval '
"""By this a report is known for one, and may be written over by another."""


@dataclass(frozen=True, slots=True)
class Read:
    """A record on disk.

    Args:
        record: the record.
        path: of its file.
    """

    record: Record
    path: Path

    @property
    def folder(self) -> Path:
        """Where its artifacts are."""
        return self.path.parent


def report(
    paths: Sequence[Path],
    out: Path | None,
    *,
    baseline: Path | None = None,
    margins: Mapping[str, float] | None = None,
    alpha: float = 0.05,
    scripts: bool = True,
) -> str:
    """Return the page of what is at *paths*.

    Args:
        paths: records, runs' folders, journals and sweeps' folders; a single point of a sweep is a record.
        out: where the page will lie, so that its links lead to artifacts; None for a page without such links.
        baseline: a record that the others are compared with.
        margins: of that comparison, as ``a4eval compare`` takes them.
        alpha: of that comparison.
        scripts: with sorting, filtering and hovering.

    Raises:
        DataError: there is no record, or it cannot be read.
        ConfigError: a margin names no metric.
    """
    single, sweeps = [], []
    for path in paths:
        file = path / RECORD if path.is_dir() else path
        if file.suffix != ".jsonl" and file.is_file():
            single.append(_read(file))
            continue
        journal = query.read(path)
        if len(paths) == len(journal.rows) == 1 and not path.exists():
            record, folder = record_of(journal.rows[0])
            single.append(Read(record, folder / RECORD))  # as if it stood there
        else:
            sweeps.append((path, journal))
    compared: list[Section] = []
    if baseline is not None:
        from a4eval.results.report.comparison import comparison

        others = [path for path in paths if _file(path) != _file(baseline)] or paths
        compared = [comparison(baseline, path, margins or {}, alpha, f"v{place}-") for place, path in enumerate(others)]
    if len(single) == 1 and not sweeps:
        found = single[0]
        sections = _sections(found, out)
        return page(
            one_record.name_of(found.record), one_record.top(found.record), [*compared, *sections], scripts=scripts
        )
    from a4eval.results.report.sweep import sweep

    several = len(single) + len(sweeps) > 1
    sections = list(compared)
    if len(single) > 1:
        rows = [row for found in single for row in query.read(found.path).rows]
        sections += sweep(rows, "all-").sections
    titles, tops = [], []
    for place, (_, journal) in enumerate(sweeps):
        made = sweep(journal.rows, f"s{place}-" if several else "", torn=journal.torn, first=_first(journal.rows))
        titles.append(made.title)
        tops.append(made.top)
        sections += [_named(one, made.title, several=several) for one in made.sections]
    for place, one in enumerate(single):
        prefix = f"r{place}-"
        inner = _sections(one, out, prefix)
        content = joined(tag("div", tag("h3", each.title), each.content, id=each.name) for each in inner)
        name = f"{one_record.name_of(one.record)}, {one.record.run_id}"
        sections.append(Section(f"{prefix}record", name, joined([one_record.top(one.record, "h3"), content])))
    top = (
        tops[0]
        if not several
        else tag(
            "header",
            tag("h1", counted(len(single) + len(sweeps), "result")),
            tag("p", ", ".join(map(str, paths))),
            class_="top",
        )
    )
    return page(", ".join(dict.fromkeys(titles)) or counted(len(single), "record"), top, sections, scripts=scripts)


def _first(rows: Sequence[Row]) -> Record | None:
    """Return the whole record of the first point that ended well, else of the first; None if it is there no more."""
    try:
        return record_of(next((row for row in rows if row.status == "ok"), rows[0]))[0]
    except (OSError, DataError):
        return None


def _sections(found: Read, out: Path | None, prefix: str = "") -> list[Section]:
    sections = one_record.sections(found.record, found.folder, _beside(found.folder, out), prefix)
    return with_panels(sections, found.record, prefix, found.folder)


def write(content: str, path: Path) -> bool:
    """Write a page, in place of nothing but another report, and say whether there was one.

    Raises:
        DataError: there is another file.
        OutputError: it cannot be written.
    """
    try:
        before = path.exists()
        if before and not (path.is_file() and OURS in beginning(path, 4096)):
            raise DataError(f"{path}: is there already and is no report of a4eval; choose another name with -o")
        write_whole(path, content.encode())
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
    return before


def _file(path: Path) -> Path:
    """Return where the record or the journal at *path* lies, whichever way it is pointed at."""
    found = path.resolve()
    return found.parent if found.name in (RECORD, JOURNAL) else found


def _read(path: Path) -> Read:
    try:
        return Read(read(path), path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{path}: is no record of a run: {error}") from error


def _beside(folder: Path, out: Path | None) -> str | None:
    """Return how a page leads to *folder*, as a relative address."""
    if out is None:
        return None
    return quote(Path(os.path.relpath(folder.resolve(), out.resolve().parent)).as_posix())


def _named(section: Section, title: str, *, several: bool) -> Section:
    if not several:
        return section
    return Section(section.name, f"{title}: {section.title}", section.content, section.class_, section.under)
