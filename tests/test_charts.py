"""Charts are data: what is refused, what is kept, and what a metric's charts are called in the record."""

from __future__ import annotations

import pytest

from a4eval import PluginError, Result, Value
from a4eval.charts import LARGEST, MOST, checked, escaped, unescaped
from a4eval.runs.result import Came
from a4eval.tasks.metric_set import MetricSet

COLUMNS = {"t": ["a", "b", "AP.5"]}


def chart(**keys):
    whole = {"data": {"name": "t"}, "mark": "bar", "encoding": {"x": {"field": "a"}}, **keys}
    return {key: value for key, value in whole.items() if value is not None}


RIGHT = [
    chart(),
    chart(title={"text": "T", "subtitle": "of t"}, width=300, height={"step": 12}),
    chart(encoding={"x": {"field": "AP\\.5"}}),
    chart(transform=[{"fold": ["a", "b"]}], encoding={"x": {"field": "value"}, "color": {"field": "key"}}),
    chart(transform=[{"fold": ["a", "b"], "as": ["k", "v"]}], encoding={"x": {"field": "v"}}),
    chart(transform=[{"filter": {"and": [{"field": "a", "gt": 0}, {"not": {"field": "b", "equal": "x"}}]}}]),
    chart(mark=None, encoding=None, layer=[{"mark": "line", "encoding": {"x": {"field": "b"}}}, {"mark": "rule"}]),
    chart(encoding={"x": {"field": "a", "title": "ratio a : b, 50 // 2"}}),
]


@pytest.mark.parametrize("given", RIGHT)
def test_what_is_harmless_is_kept_as_it_is(given):
    assert checked(given, COLUMNS) is given


WRONG = [
    ("bar", "got str, expected a Vega-Lite specification"),
    (chart(data={"url": "results.csv"}), "data.url: is refused: it would load"),
    (chart(data={"name": "t", "values": []}), r'data: got .*, expected \{"name": TABLE\}'),
    (chart(data=None), "data: got None"),
    (chart(data={"name": "u"}), "data.name: there is no table 'u'"),
    (chart(layer=[{"mark": "bar", "data": {"name": "t"}}]), "layer.0.data: is refused: a chart draws one table"),
    (chart(mark="image"), "mark: the mark 'image' is refused"),
    (chart(mark={"type": "image"}), "mark: the mark 'image' is refused"),
    (chart(mark={"type": "text", "href": "x"}), "mark.href: is refused"),
    (chart(encoding={"url": {"field": "a"}}), "encoding.url: is refused"),
    (chart(encoding={"x": {"field": "a", "title": "https://example.org"}}), "looks like an address"),
    (chart(encoding={"x": {"field": "a", "title": " //example.org/x"}}), "looks like an address"),
    (chart(description="JavaScript:alert(1)"), "looks like an address"),
    (chart(transform=[{"filter": "datum.a > 0"}]), "transform.0.filter: is refused: it is an expression"),
    (chart(transform=[{"filter": {"and": ["datum.a > 0"]}}]), "transform.0.filter.and.0: is refused"),
    (chart(transform=[{"filter": {"not": "datum.a"}}]), "transform.0.filter.not: is refused"),
    (chart(transform=[{"calculate": "1", "as": "c"}]), "transform.0.calculate: is refused"),
    (chart(transform=[{"lookup": "a", "from": {}}]), "transform.0.lookup: is refused"),
    (chart(encoding={"color": {"condition": {"test": "datum.a", "value": "red"}}}), "condition.test: is refused"),
    (chart(encoding={"x": {"field": "a", "axis": {"labelExpr": "datum"}}}), "axis.labelExpr: is refused"),
    (chart(width={"signal": "w"}), "width.signal: is refused"),
    (chart(title={"text": {"expr": "1"}}), "title.text.expr: is refused"),
    (chart(usermeta={"embedOptions": {}}), "usermeta: is refused"),
    (chart(config={}), "config: is no key of a chart"),
    (chart(params=[]), "params: is no key of a chart"),
    (chart(datasets={}), "datasets: is no key of a chart"),
    (chart(mark=None), "mark: is missing"),
    (chart(layer=["bar"]), "layer: got 'bar', expected views"),
    (
        chart(encoding={"x": {"field": "c"}}),
        "encoding.x.field: there is no column 'c' in the table 't'; there are: a, b",
    ),
    (chart(title="x" * LARGEST), "bytes, at most 16,384 are kept"),
]


@pytest.mark.parametrize(("given", "text"), WRONG)
def test_what_could_load_or_compute_is_refused(given, text):
    with pytest.raises(ValueError, match=text):
        checked(given, COLUMNS)


def test_deep_nesting_is_refused():
    deep = chart()
    for _ in range(40):
        deep = {**chart(mark=None), "layer": [{key: value for key, value in deep.items() if key != "data"}]}
    with pytest.raises(ValueError, match="nested more than 32 deep"):
        checked(deep, COLUMNS)


@pytest.mark.parametrize("name", ["AP.5", "a[0]", "a\\b", "plain"])
def test_names_with_points_come_back(name):
    assert unescaped(escaped(name)) == name


def test_the_runner_refuses_a_chart_that_a_record_cannot_hold():
    result = Result({"v": Value(1.0)}, {"t": [{"a": 1}]}, charts={"c": chart(encoding={"x": {"field": "z"}})})
    with pytest.raises(PluginError, match=r"chart 'c' cannot go into a record: encoding\.x\.field: there is no column"):
        Came().take(result)
    many = Result({}, {"t": [{"a": 1}]}, charts=dict.fromkeys(map(str, range(MOST + 1)), chart()))
    with pytest.raises(PluginError, match="at most 64 charts, got 65"):
        Came().take(many)


class Charting:
    batch, names, tables_of = "b", ("v",), ("t",)

    def tables(self):
        return {name: [{"a": 1}] for name in self.tables_of}

    def charts(self):
        return {f"of_{name}": chart(data={"name": name}) for name in self.tables_of}


def test_charts_and_the_tables_they_draw_are_named_alike():
    one, two = Charting(), Charting()
    two.tables_of = ("t", "u")
    tables, charts = MetricSet({"one": one, "two": two}, prefix=True).shown()
    assert list(tables) == ["one", "two/t", "two/u"]
    assert {name: each["data"]["name"] for name, each in charts.items()} == {
        "one": "one",
        "two/of_t": "two/t",
        "two/of_u": "two/u",
    }


def test_a_chart_of_a_table_that_its_metric_lacks_is_found_out():
    class Wrong(Charting):
        def charts(self):
            return {"c": chart(data={"name": "nothing"})}

    with pytest.raises(PluginError, match=r"metrics\.m: its chart 'c' draws the table 'nothing', which it lacks"):
        MetricSet({"m": Wrong()}).shown()
