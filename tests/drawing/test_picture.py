"""Charts drawn: marks stand where the numbers say, and what is beyond is said to be."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from a4eval.charts import checked
from a4eval.drawing.beyond import BeyondError
from a4eval.drawing.colours import DARK, LIGHT
from a4eval.drawing.marks import MOST
from a4eval.drawing.picture import picture
from a4eval.drawing.rows import holds
from a4eval.drawing.scales import Band, continuous
from a4eval.drawing.values import aligned, text, width
from a4eval.tasks.charts import forest, parts

SVG = "{http://www.w3.org/2000/svg}"
TABLE = [{"name": "a", "n": 1.0}, {"name": "b", "n": 4.0}, {"name": "c<d>", "n": 2.0}, {"name": "none", "n": None}]
FOREST = [("person", 0.25), ("nothing", None), ("not a number", "NaN")]
X = {"field": "n", "type": "quantitative", "scale": {"domain": [0, 4]}}
Y = {"field": "name", "type": "nominal", "sort": "-x"}


def chart(**keys):
    whole = {"data": {"name": "t"}, "mark": "bar", "encoding": {"x": X, "y": Y}, **keys}
    return {key: value for key, value in whole.items() if value is not None}


def drawn(given, table=TABLE, **keywords):
    columns = list(dict.fromkeys(key for row in table for key in row))
    found = picture(checked(given, {"t": columns}), table, "t", **keywords)
    return found, ET.fromstring(found.svg)


def marks(svg, name):
    return [one for one in svg.iter(f"{SVG}{name}") if one.get("data-row") is not None]


def test_bars_are_as_long_as_their_numbers_and_in_the_order_asked_for():
    _, svg = drawn(chart())
    bars = {one.find(f"{SVG}title").text.split("\n")[1]: one for one in marks(svg, "rect")}
    assert list(bars) == ["name: a", "name: b", "name: c<d>"]
    width = {name: float(one.get("width")) for name, one in bars.items()}
    assert width["name: b"] == pytest.approx(4 * width["name: a"], abs=0.2)
    assert width["name: c<d>"] == pytest.approx(2 * width["name: a"], abs=0.2)
    down = sorted(bars, key=lambda name: float(bars[name].get("y")))
    assert down == ["name: b", "name: c<d>", "name: a"], "the largest first"
    assert {one.get("x") for one in bars.values()} == {bars["name: a"].get("x")}


@pytest.mark.parametrize("shares", [True, False])
def test_intervals_of_shares_are_cut_where_no_share_can_lie(shares):
    """The axis ends at 0 and 1, and the cut ends reach a little beyond it; other intervals are drawn whole."""
    rows = [{"part": "a", "value": 0.5, "low": -0.7, "high": 1.7}, {"part": "b", "value": 1.0, "low": 0.9, "high": 1.0}]
    found, svg = drawn(parts("t", "parts", shares=shares), rows)
    assert ("is cut there" in found.description) == shares
    ends = [sorted((float(one.get("x1")), float(one.get("x2")))) for one in marks(svg, "line")]
    points = [float(one.get("cx")) for one in marks(svg, "circle")]
    share = (points[1] - points[0]) / 0.5
    assert ends[1][0] == pytest.approx(points[1] - 0.1 * share, abs=0.3)
    reach = (ends[0][1] - ends[0][0]) / share
    assert reach == pytest.approx(1.04 if shares else 2.4, abs=0.01)


def test_a_forest_has_no_line_for_what_has_no_difference():
    rows = [{"name": one, "difference": by, "low": by, "high": by, "verdict": "undecided"} for one, by in FOREST]
    _, svg = drawn(forest("t", "differences"), rows)
    labels = {one.text for one in svg.iter(f"{SVG}text")}
    assert "person" in labels
    assert not {"nothing", "not a number"} & labels


def test_what_is_cut_says_the_whole():
    name = "a.key.that.is/far/too/long=1e-05,task.depth=33"
    _, svg = drawn(chart(), [{"name": name, "n": 1.0}, {"name": "short", "n": 2.0}])
    labels = svg.findall(f".//{SVG}g[@text-anchor='end']/{SVG}text")
    cut = {
        one.find(f"{SVG}title").text: "".join(one.itertext()) for one in labels if one.find(f"{SVG}title") is not None
    }
    assert list(cut) == [name]
    assert "…" in cut[name]


def test_a_mark_knows_the_row_it_was_drawn_of_also_after_a_filter_and_a_fold():
    rows = [{"a": 1, "b": 2}, {"a": -3, "b": 5}, {"a": 7, "b": 9}]
    given = chart(
        mark="point",
        transform=[{"filter": {"field": "a", "gt": 0}}, {"fold": ["a", "b"]}],
        encoding={"x": {"field": "value", "type": "quantitative"}, "y": {"field": "key", "type": "nominal"}},
    )
    _, svg = drawn(given, rows)
    assert [one.get("data-row") for one in marks(svg, "circle")] == ["0", "0", "2", "2"]


def test_stacked_bars_lie_on_each_other():
    rows = [{"x": x, "part": part, "n": n} for x in "pq" for part, n in (("one", 2), ("two", 3))]
    encoding = {
        "x": {"field": "x", "type": "nominal"},
        "y": {"field": "n", "type": "quantitative", "scale": {"domain": [0, 5]}},
        "color": {"field": "part", "type": "nominal"},
    }
    _, svg = drawn(chart(encoding=encoding), rows)
    first, second = marks(svg, "rect")[:2]
    top, bottom = (float(second.get("y")), float(first.get("y")) + float(first.get("height")))
    assert float(first.get("y")) == pytest.approx(float(second.get("y")) + float(second.get("height")), abs=0.2)
    assert bottom - top == pytest.approx(210, abs=0.3), "together they fill the height"
    assert float(second.get("height")) / float(first.get("height")) == pytest.approx(1.5, abs=0.01)


def test_a_line_goes_through_its_points_in_the_order_of_x():
    rows = [{"x": 2, "y": 0}, {"x": 0, "y": 1}, {"x": 1, "y": 0.5}, {"x": 3, "y": "NaN"}]
    encoding = {name: {"field": name, "type": "quantitative"} for name in ("x", "y")}
    _, svg = drawn(chart(mark="line", encoding=encoding), rows)
    (path,) = svg.iter(f"{SVG}path")
    points = [tuple(map(float, one)) for one in re.findall(r"[ML]([\d.]+) ([\d.]+)", path.get("d"))]
    assert len(points) == 3
    assert points[1][0] == pytest.approx((points[0][0] + points[2][0]) / 2, abs=0.1)
    assert points[1][1] == pytest.approx((points[0][1] + points[2][1]) / 2, abs=0.1)
    assert points[0][1] < points[2][1], "1 is above 0"


@pytest.mark.parametrize(("how", "wanted"), [("step-after", "HV"), ("step-before", "VH")])
def test_steps(how, wanted):
    rows = [{"x": 0, "y": 0}, {"x": 1, "y": 1}]
    encoding = {name: {"field": name, "type": "quantitative"} for name in ("x", "y")}
    _, svg = drawn(chart(mark={"type": "line", "interpolate": how}, encoding=encoding), rows)
    (path,) = svg.iter(f"{SVG}path")
    assert re.sub(r"[^A-Z]", "", path.get("d")) == f"M{wanted}"


def test_of_a_very_long_line_what_can_be_told_apart_is_drawn():
    """Whatever is left out lies, to half a pixel, between points that are drawn."""
    rows = [{"x": place, "y": place * place % 997} for place in range(20_000)]
    encoding = {name: {"field": name, "type": "quantitative", "scale": {"nice": False}} for name in ("x", "y")}
    _, svg = drawn(chart(mark="line", encoding=encoding), rows)
    (path,) = svg.iter(f"{SVG}path")
    points = [tuple(map(float, one.split())) for one in re.split("[ML]", path.get("d"))[1:]]
    assert len(points) < 3000
    (left, _), (right, _) = points[0], points[-1]
    below, above = max(y for _, y in points), min(y for _, y in points)
    for row in rows[::101]:
        x, y = left + (right - left) * row["x"] / 19_999, below + (above - below) * row["y"] / 996
        near = [height for place, height in points if abs(place - x) <= 0.6]
        assert min(near) - 0.2 <= y <= max(near) + 0.2


def test_a_chart_without_a_number_says_so():
    for value in ("NaN", None):
        found, _ = drawn(chart(), [{"name": "a", "n": value}])
        assert found.notes == ("no row has a number that can be drawn",)


def test_a_rule_of_data_alone_is_drawn_once():
    rule = {"mark": "rule", "encoding": {"x": {"datum": 2, "type": "quantitative"}, "y": None}}
    _, svg = drawn(chart(mark=None, layer=[{"mark": "bar"}, rule]))
    assert len(marks(svg, "line")) == 1


def test_a_thing_that_a_name_says_is_text_and_no_markup():
    found, svg = drawn(chart(title="<script>alert(1)</script>"), alone=True)
    assert "<script" not in found.svg
    assert "<script>alert(1)</script>" in [one.text for one in svg.iter(f"{SVG}text")]


def test_a_colour_leads_nowhere():
    for colour in ("url(x.svg#a)", "var(--x)", "red;background:url(x)", 'a"b'):
        found, _ = drawn(chart(mark={"type": "bar", "color": colour}))
        assert colour not in found.svg
        encoding = {"x": X, "y": Y, "color": {"field": "name", "scale": {"range": [colour]}}}
        assert colour not in drawn(chart(encoding=encoding))[0].svg


def test_many_marks_are_sampled_and_that_is_said():
    rows = [{"x": one, "y": one % 7} for one in range(10_000)]
    encoding = {name: {"field": name, "type": "quantitative"} for name in ("x", "y")}
    found, svg = drawn(chart(mark="circle", encoding=encoding), rows)
    assert len(marks(svg, "circle")) == MOST
    assert found.notes == ("2,000 of 10,000 marks are drawn, evenly spread over the rows",)


@pytest.mark.parametrize(
    "beyond",
    [
        chart(mark="arc"),
        chart(encoding={"x": {**X, "aggregate": "mean"}, "y": Y}),
        chart(encoding={"x": {"field": "n", "type": "temporal"}}),
        chart(encoding={"theta": {"field": "n"}}),
        chart(transform=[{"window": [{"op": "rank", "as": "r"}]}]),
        {"data": {"name": "t"}, "facet": {"field": "name"}, "spec": {"mark": "bar", "encoding": {"x": X}}},
    ],
)
def test_what_only_vega_lite_draws_is_known(beyond):
    with pytest.raises(BeyondError):
        drawn(beyond)


def test_predicates():
    row = {"a": 3, "b": "x", "c": None}
    for predicate, wanted in (
        ({"field": "a", "equal": 3}, True),
        ({"field": "a", "lt": 3}, False),
        ({"field": "a", "lte": 3, "gt": 2}, True),
        ({"field": "a", "range": [4, 5]}, False),
        ({"field": "b", "oneOf": ["x", "y"]}, True),
        ({"field": "c", "valid": True}, False),
        ({"not": {"field": "b", "equal": "x"}}, False),
        (
            {"and": [{"field": "a", "gte": 3}, {"or": [{"field": "b", "equal": "z"}, {"field": "c", "valid": False}]}]},
            True,
        ),
        ({"field": "c", "gt": 0}, False),
    ):
        assert holds(predicate, row) is wanted, predicate


def test_ticks_are_round_and_within():
    scale = continuous([0.13, 0.88], {}, zero=True)
    assert (scale.low, scale.high, scale.ticks(5)) == (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1])
    log = continuous([0.001, 20], {"type": "log"}, zero=True)
    assert log.ticks(6) == [0.001, 0.01, 0.1, 1, 10]
    assert log(0) is None
    assert continuous([3, 3], {}, zero=False).low < 3 < continuous([3, 3], {}, zero=False).high
    symlog = continuous([-100, 100], {"type": "symlog"}, zero=True)
    assert symlog(0) == pytest.approx((symlog(-5) + symlog(5)) / 2)


@pytest.mark.parametrize(
    ("values", "wanted"), [([0, 1], [0, 1]), ([0, 3, 1], [0, 1, 2, 3]), ([0, 9], [0, 2, 4, 6, 8, 10]), ([0, 0.5], 6)]
)
def test_of_whole_numbers_whole_ones_are_marked(values, wanted):
    found = continuous(values, {}, zero=True).ticks(5)
    assert found == wanted or len(found) == wanted
    assert continuous([0, 1], {"domain": [0, 1]}, zero=True).ticks(2) == [0, 0.5, 1]  # shares


def test_bands_share_the_room():
    band = Band(("a", "b", "c", "d"), 0.0, 80.0)
    assert [band(name) for name in "abcd"] == [10, 30, 50, 70]
    assert band("e") is None


@pytest.mark.parametrize(
    ("value", "form", "wanted"),
    [
        (0.5, ".0%", "50%"),
        (1234.5, ",.1f", "1,234.5"),
        (-0.25, ".2f", "−0.25"),
        (1e-9, "", "1e−09"),
        (True, "", "True"),
        (2e6, ".2~s", "2M"),
    ],
)
def test_numbers_as_labels(value, form, wanted):
    assert text(value, form) == wanted


def test_a_rounded_number_says_so_by_its_last_zero():
    assert aligned(0.69697272) == "0.6970"
    assert aligned(0.697) == "0.697"


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("colours", "ground"), [(LIGHT, "#ffffff"), (DARK, "#1a2126")])
def test_every_colour_can_be_told_from_the_ground(colours, ground):
    for colour in colours:
        light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, f"{colour}: WCAG 1.4.11"


def test_a_long_title_stays_in_the_picture():
    title = "AP and AR over how many detections of an image and class count, at every IoU that a match needs"
    found, svg = drawn(chart(title=title), alone=True)
    lines = [one for one in svg.iter(f"{SVG}text") if one.get("font-size") == "14"]
    assert " ".join(one.text for one in lines) == title
    assert len(lines) > 1
    assert all(width(one.text, 14 * 1.1) <= found.width for one in lines)
    below = drawn(chart(title="AP"), alone=True)[0].height
    assert found.height - below == 18 * (len(lines) - 1), "what stands below makes room"
