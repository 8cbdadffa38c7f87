"""Pictures with what was marked on them, as SVG: their layers are hidden without a script, and filtered with one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from a4eval.contracts import Gallery
from a4eval.drawing.colours import DARK, LIGHT
from a4eval.drawing.values import aligned, number, text
from a4eval.markup import Markup, joined, short, tag
from a4eval.plurals import counted
from a4eval.results.report.pictures import photographs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from a4eval.runs.record import Record

MOST = 5_000
"""Marks of a gallery."""
LAYERS = 8
"""Layers that the style sheet can hide."""
COLOURS = (0, 1, 2, 7, 3, 4, 5, 6)
"""The colour of each layer, told apart by those who see few colours too."""
DASHES = ("7 4", None, None, "2 3", "1 4", "9 3", "4 4", "1 2")
"""And its dashes, in pixels of the screen."""
SHOWN = (400.0, 520.0)
"""Pixels of the screen that a picture takes at most, about."""
LETTER = 12.5
"""Pixels of the screen of a letter."""
WIDE = 0.66
"""How wide a bold letter is for its height, about."""
LINKS = 12
"""Pictures that the index names of one value."""
_DRAWN = ("picture", "x", "y", "width", "height", "outline", "pane")
_RINGS = re.compile(r"-?\d+(?:\.\d+)?,-?\d+(?:\.\d+)?(?:[ ;]-?\d+(?:\.\d+)?,-?\d+(?:\.\d+)?)*")

Row = dict[str, Any]
Placed = tuple[int, Row]
"""A mark, and which row of its table it is."""


def gallery(one: Any, record: Record, folder: Path | None, ids: Mapping[str, str], id_: str) -> Markup:
    """Return a gallery.

    Args:
        one: what a plugin wants to see.
        record: whose tables it is of.
        folder: where its artifacts are, if they are to be seen.
        ids: table to its id in the page, where marks lead to.
        id_: of the gallery.

    Raises:
        ValueError: a table or column is not there, or is not what it should be.
    """
    if not isinstance(one, Gallery):
        raise TypeError(f"gallery: got {type(one).__name__}, expected an a4eval.Gallery")
    layers = list(one.layers)
    pictures = _table(record, one.pictures, ("picture", "width", "height"))
    marks = _table(record, one.marks, ("picture", *_DRAWN[1:5], one.layer, *one.label, *one.filters))
    if len(layers) > LAYERS or len(marks) > MOST:
        got = f"{counted(len(layers), 'layer')} and {counted(len(marks), 'mark')}"
        raise ValueError(f"gallery: got {got}, expected at most {LAYERS} and {MOST:,}")
    files = photographs(record, folder, (row.get("file") for row in pictures))
    panes = list(dict.fromkeys(str(row["pane"]) for row in marks if row.get("pane") is not None))
    of_picture: dict[str, list[Placed]] = {}
    for place, row in enumerate(marks):
        of_picture.setdefault(str(row["picture"]), []).append((place, row))
    scenes = [
        _scene(one, row, of_picture.get(str(row["picture"]), []), panes, files, ids[one.marks], f"{id_}{place}")
        for place, row in enumerate(pictures)
    ]
    columns = dict.fromkeys(key for row in marks for key in row if key not in _DRAWN)
    words = [key for key in columns if any(isinstance(row.get(key), str) for row in marks)]
    toggles = [_toggle(one, marks, place) for place in range(len(layers))]
    lost = sum(row.get("file") is not None and row["file"] not in files for row in pictures)
    return tag(
        "div",
        tag("p", *toggles, class_="layers"),
        tag("p", f"not there, or too large together: {counted(lost, 'picture')}; frames stand in place")
        if lost
        else None,
        _index(one, pictures, of_picture, id_),
        tag("div", *scenes, class_="scenes pairs" if panes else "scenes"),
        id=id_,
        class_="gallery",
        data_table=ids[one.marks],
        data_filters="\t".join(one.filters),
        data_words="\t".join(words),
    )


def style_rules() -> str:
    """Return the rules of the style sheet that hide layers, and that give them bright colours on photographs."""
    hidden = ", ".join(f".gallery:has(.l{one}:not(:checked)) .scenes .y{one}" for one in range(LAYERS))
    bright = " ".join(f".photo .y{place} {{ --k: {DARK[colour]}; }}" for place, colour in enumerate(COLOURS))
    return f"{hidden}, .scene .off {{ display: none; }} {bright}"


def _table(record: Record, name: str, wanted: Sequence[str]) -> list[Row]:
    if name not in record.tables:
        raise ValueError(f"gallery: there is no table {name!r}; there are: {', '.join(record.tables)}")
    rows = record.tables[name]
    lacking = [column for column in wanted if any(column not in row for row in rows)]
    if lacking:
        raise ValueError(f"gallery: the table {name!r} has no column {lacking[0]!r}; it has {', '.join(rows[0])}")
    return rows


def _toggle(one: Gallery, marks: Sequence[Row], place: int) -> Markup | None:
    """Return the box that hides a layer, which the style sheet does alone."""
    name = one.layers[place]
    count = sum(row[one.layer] == name for row in marks)
    if not count:
        return None
    line = tag("line", x1=1, x2=25, y1=6, y2=6, **_stroke(place, quiet=name in one.quiet))
    swatch = tag("svg", line, width=26, height=12, aria_hidden="true")
    box = tag("input", type="checkbox", class_=f"l{place}", checked=True)
    return tag("label", box, swatch, f"{name} ({count:,})")


def _stroke(place: int, *, quiet: bool) -> dict[str, Any]:
    colour = COLOURS[place]
    return {
        "stroke": LIGHT[colour],
        "class_": f"s k{colour} y{place}",
        "stroke_width": 1.5 if quiet else 2.5,
        "stroke_dasharray": DASHES[place],
    }


def _scene(
    one: Gallery,
    picture: Row,
    marks: Sequence[Placed],
    panes: Sequence[str],
    files: Mapping[str, str],
    table_id: str,
    id_: str,
) -> Markup:
    """Return a picture, once for each pane, with its marks."""
    wide, high = number(picture["width"]), number(picture["height"])
    if wide is None or high is None or not 0 < wide < 1e6 or not 0 < high < 1e6:
        raise ValueError(f"gallery: the picture {picture['picture']!r} is {picture['width']} × {picture['height']}")
    letter = LETTER * max(wide / SHOWN[0], high / SHOWN[1])
    head, gap = (1.5 * letter, 0.6 * letter) if panes else (0.0, 0.0)
    file = files.get(str(picture.get("file")))
    drawn = []
    for place, pane in enumerate(panes or [""]):
        ground = tag("rect", width=wide, height=high, class_="frame", fill="#eef2f5")
        if file and place == 0:
            ground = tag("image", href=Markup(file), width=wide, height=high, id=f"{id_}-i")
        elif file:
            ground = tag("use", href=f"#{id_}-i")
        here = [(row, mark) for row, mark in marks if not panes or str(mark.get("pane")) == pane]
        title = tag("text", pane, y=-0.4 * letter, class_="f t", font_weight="600") if pane else None
        labels = _Labels(letter, wide, high)
        layers = [_layer(one, index, here, labels) for index in range(len(one.layers))]
        moved = f"translate({short(place * (wide + gap))} {short(head)})" if panes else None
        drawn.append(tag("g", title, ground, *layers, transform=moved))
    whole = (wide + gap) * len(drawn) - gap
    counts = {name: sum(mark[one.layer] == name for _, mark in marks) for name in one.layers}
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    facts = {name: value for name, value in picture.items() if name not in (*_DRAWN, "file") and value is not None}
    about = " · ".join(f"{name} {aligned(value)}" for name, value in facts.items())
    svg = tag(
        "svg",
        *drawn,
        viewBox=f"0 0 {short(whole)} {short(high + head)}",
        width=min(whole, 420.0 * len(drawn)),
        font_size=letter,
        font_family="system-ui, sans-serif",
        role="img",
        aria_label=f"{picture['picture']}: {said or 'nothing marked'}",
    )
    caption = tag("figcaption", tag("h3", picture["picture"]), tag("p", about) if about else None)
    return tag("figure", svg, caption, id=id_, class_="scene photo" if file else "scene", data_table=table_id)


def _layer(one: Gallery, place: int, marks: Sequence[Placed], labels: _Labels) -> Markup | None:
    """Return the marks of a layer, the largest first, so that each can be pointed at."""
    name = one.layers[place]
    mine = sorted(
        ((row, mark, _box(mark)) for row, mark in marks if mark[one.layer] == name),
        key=lambda each: -each[2][2] * each[2][3],
    )
    if not mine:
        return None
    quiet = name in one.quiet
    shapes, words = [], []
    for row, mark, box in mine:
        x, y, wide, high = labels.seen(box)
        if mark.get("outline"):
            shapes.append(tag("path", d=_path(mark["outline"]), data_row=row))
        else:
            shapes.append(tag("rect", x=x, y=y, width=wide, height=high, data_row=row))
        label = " ".join(_word(mark[key]) for key in one.label if mark[key] is not None)
        if label and not quiet:
            words.append(labels.put(label, (x, y, wide, high), row))
    look = _stroke(place, quiet=quiet)
    return joined(
        [
            tag("g", *shapes, fill="transparent", **look),
            tag("g", *words, class_=f"words y{place}", fill="#fff") if any(words) else None,
        ]
    )


class _Labels:
    """The words of a picture: each at a corner of its box where there is room, or nowhere.

    Args:
        letter: how high they are.
        wide: the picture.
        high: the picture.
    """

    def __init__(self, letter: float, wide: float, high: float) -> None:
        self._letter, self._wide, self._high = letter, wide, high
        self._taken: list[tuple[float, float, float, float]] = []

    def seen(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """Return what of a box lies on the picture: beside it there may be another picture."""
        x, y, wide, high = box
        left, top = max(x, 0.0), max(y, 0.0)
        return left, top, max(min(x + wide, self._wide) - left, 0.0), max(min(y + high, self._high) - top, 0.0)

    def put(self, label: str, box: tuple[float, float, float, float], row: int) -> Markup | None:
        """Return the words of a box; None where they would lie over others."""
        x, y, _, high = box
        letter, length = self._letter, WIDE * self._letter * len(label)
        edge = 0.3 * letter
        left = max(min(max(x, edge), self._wide - length - edge), edge)
        for foot in (y - 0.25 * letter, y + letter, y + high - 0.3 * letter, y + high + letter):
            mine = (left, foot - 0.85 * letter, left + length, foot + 0.2 * letter)
            free = all(
                mine[2] <= one[0] or one[2] <= mine[0] or mine[3] <= one[1] or one[3] <= mine[1] for one in self._taken
            )
            if free and mine[1] >= 0 and mine[3] <= self._high:
                self._taken.append(mine)
                return tag("text", label, x=left, y=foot, data_of=row)
        return None


def _word(value: Any) -> str:
    return text(value, ".2f") if isinstance(value, float) else str(value)


def _box(mark: Row) -> tuple[float, float, float, float]:
    found = [number(mark[name]) for name in _DRAWN[1:5]]
    x, y, wide, high = (0.0 if one is None else min(max(one, -1e6), 1e6) for one in found)
    return x, y, max(wide, 0.0), max(high, 0.0)


def _path(outline: Any) -> str:
    if not isinstance(outline, str) or not _RINGS.fullmatch(outline):
        raise ValueError(f"gallery: outline: got {str(outline)[:40]!r}, expected polygons as 'x,y x,y …;x,y …'")
    return "".join(f"M{ring.replace(' ', 'L')}Z" for ring in outline.split(";"))


def _index(one: Gallery, pictures: Sequence[Row], marks: Mapping[str, Sequence[Placed]], id_: str) -> Markup | None:
    """Return for each value by which is filtered the pictures that have it: what there is without a script."""
    parts = []
    for column in one.filters:
        found: dict[str, list[int]] = {}
        for place, row in enumerate(pictures):
            values = {mark[column] for _, mark in marks.get(str(row["picture"]), ()) if isinstance(mark[column], str)}
            for value in sorted(values):
                found.setdefault(value, []).append(place)
        lines = [
            tag(
                "li",
                f"{value}: ",
                joined((tag("a", str(place + 1), href=f"#{id_}{place}") for place in places[:LINKS]), " "),
            )
            for value, places in sorted(found.items())
        ]
        if lines:
            parts += [tag("h3", f"by {column}"), tag("ul", *lines, class_="facts")]
    return tag("details", tag("summary", "Which picture shows what"), *parts, class_="index") if parts else None
