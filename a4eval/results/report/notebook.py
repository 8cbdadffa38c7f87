"""Charts as a notebook shows them: without scripts, and with the colours of its ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.drawing.colours import style_rules
from a4eval.markup import Markup, tag
from a4eval.results.report.figures import figure
from a4eval.results.report.points import points
from a4eval.results.report.sweep_charts import charts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from a4eval.journal.views import Row
    from a4eval.runs.record import Record

_STYLE = """
.a4eval-charts { display: flex; flex-wrap: wrap; gap: 1rem; }
.a4eval-charts figure { margin: 0; max-width: 100%; } .a4eval-charts h3 { font-size: 1em; margin: .3em 0; }
.a4eval-charts p { font-size: .85em; margin: .2em 0; max-width: 30em; }
.a4eval-charts svg { max-width: 100%; height: auto; }
.a4eval-charts .tall { max-height: 24rem; overflow: auto; }
.a4eval-charts svg .t { --k: currentColor; } .a4eval-charts svg .g { stroke: #8884; }
"""


def charts_html(record: Record) -> Markup:
    """Return the charts of a record as HTML for ``_repr_html_``, which holds no script and asks nobody for anything.

    Args:
        record: as it is read; a chart that is refused is replaced by the reason.
    """
    return _framed(
        figure(name, chart, record.tables, {}, f"c{place}") for place, (name, chart) in enumerate(record.charts.items())
    )


def points_html(rows: Sequence[Row], *, metric: str | None = None) -> Markup:
    """Return the charts of many records: the metric by each key, what decides it, every point, the best so far.

    Args:
        rows: as :func:`a4eval.journal.query.read` gives them.
        metric: the one to look at; by default the first that has a direction.
    """
    drawn = charts(points(rows, metric), {})
    return _framed(
        figure(name, chart, {"rows": table}, {}, f"c{place}") for place, (name, chart, table) in enumerate(drawn)
    )


def _framed(figures: Iterable[Markup]) -> Markup:
    found = list(figures)
    if not found:
        return Markup()
    style = tag("style", Markup(_STYLE + style_rules(".a4eval-charts ")))
    return tag("div", style, *found, class_="a4eval-charts")
