"""A record's charts as figures of the page."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from a4eval.charts import checked
from a4eval.drawing.beyond import BeyondError
from a4eval.drawing.picture import WIDTH, Picture, picture, titles
from a4eval.markup import Markup, in_html, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROWS = "rows"
"""The table of a chart that was made for the page: what its marks lead to is another."""
TALL = 460
"""Pixels beyond which a picture scrolls within its box."""


def figure(
    name: str, chart: Any, tables: Mapping[str, Sequence[Mapping[str, Any]]], ids: Mapping[str, str], id_: str
) -> Markup:
    """Return a chart with its title, or the line that says why there is none: a record may be a stranger's.

    Args:
        name: of the chart.
        chart: its specification, as a record has it.
        tables: name to rows.
        ids: table to its id in the page; of a table that is not in it no row is led to.
        id_: of the figure.
    """
    try:
        columns = {table: list(dict.fromkeys(key for row in rows for key in row)) for table, rows in tables.items()}
        chart = checked(chart, columns)
        title, said = titles(chart, name)
    except (ValueError, RecursionError, TypeError, AttributeError) as error:
        return _refused(name, f"this chart is not drawn: {error}", id_)
    table = chart["data"]["name"]
    if not tables[table]:
        return _refused(title, f"nothing to draw: the table {table} is empty", id_)
    try:
        drawn = picture(chart, tables[table], name)
    except BeyondError as beyond:
        drawn = _by_vega(chart, tables[table], title, said, str(beyond))
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, IndexError) as error:
        return _refused(title, f"this chart is not drawn: {type(error).__name__}: {error}", id_)
    return framed(drawn, id_, ids.get(table), table)


def framed(drawn: Picture, id_: str, table_id: str | None = None, table: str = "") -> Markup:
    """Return a picture in its place in the page."""
    notes = [tag("p", one) for one in (drawn.description, *drawn.notes) if one]
    content = in_html(drawn.svg)
    wide = drawn.width > 1.35 * WIDTH
    if drawn.height > TALL or wide:
        tall = "box tall" if drawn.height > TALL else "box"
        content = tag("div", content, class_=tall, tabindex="0", role="group", aria_label=f"{drawn.title}, picture")
    link = None
    if table_id is not None and table != ROWS:
        link = tag("p", tag("a", f"table {table}", href=f"#{table_id}-whole"), class_="more")
    classes = " ".join(["wide"] * wide + ["natural"] * (drawn.width > 2 * WIDTH)) or None
    return tag(
        "figure",
        tag("figcaption", tag("h3", drawn.title), *notes),
        content,
        link,
        id=id_,
        class_=classes,
        data_table=table_id,
    )


def _refused(title: str, why: str, id_: str) -> Markup:
    return tag("figure", tag("figcaption", tag("h3", title), tag("p", why)), id=id_)


def _by_vega(
    chart: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], title: str, said: str, beyond: str
) -> Picture:
    """Draw what only a whole Vega-Lite can; without it there is a line instead of a picture."""
    from a4eval.drawing.vega import svg_of
    from a4eval.errors import MissingExtraError

    try:
        drawn = svg_of(chart, rows)
    except MissingExtraError as missing:
        return Picture(Markup(), 0, 0, title, said, (f"to draw it ({beyond}), {missing}",))
    source = f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"
    image = tag("img", src=source, alt=f"{title}. {said}", class_="picture")  # as an image it can run and load nothing
    return Picture(image, WIDTH, 0, title, said)
