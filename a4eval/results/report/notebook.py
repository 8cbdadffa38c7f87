"""A record, or many, as a notebook shows them: numbers and charts, without scripts and without a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.drawing.colours import style_rules
from a4eval.markup import Markup, joined, tag
from a4eval.results.report.record import badge, charts, name_of, numbers
from a4eval.results.report.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval.journal.views import Row
    from a4eval.runs.record import Record

_STYLE = """
.a4eval .charts { display: flex; flex-wrap: wrap; gap: 1rem; } .a4eval figure { margin: 0; max-width: 100%; }
.a4eval figure svg { max-width: 100%; height: auto; } .a4eval .more, .a4eval .tiles { display: none; }
.a4eval .tall { max-height: 24rem; overflow: auto; } .a4eval td { text-align: right; }
.a4eval svg .t { --k: currentColor; } .a4eval svg .g { stroke: #8884; }
"""


def record_html(record: Record) -> str:
    """Return a record as HTML: what it is, its numbers and its charts.

    Args:
        record: as :func:`a4eval.runs.record.read` gives it.

    Returns:
        An element for ``_repr_html_``; it holds no script and asks nobody for anything.
    """
    head = tag(
        "p", tag("strong", name_of(record)), " ", badge(record.verdict.outcome if record.verdict else record.status)
    )
    parts = [head, numbers(record.metrics) if record.metrics else None]
    parts.append(charts(record, {}).content if record.charts else None)
    return _framed(joined(parts))


def records_html(rows: Sequence[Row], *, metric: str | None = None) -> str:
    """Return a set of records as HTML: the best, what decides it, and the table of all.

    Args:
        rows: as :func:`a4eval.journal.query.read` gives them.
        metric: the one to look at; by default the first that has a direction.
    """
    found = sweep(rows, metric=metric)
    kept = [one.content for one in found.sections if one.name in ("best", "charts", "points")]
    return _framed(joined([tag("p", tag("strong", found.title), f", {len(rows):,} points"), *kept]))


def _framed(content: Markup) -> str:
    style = tag("style", Markup(_STYLE + style_rules(".a4eval ")))
    return tag("div", style, content, class_="a4eval")
