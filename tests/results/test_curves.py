"""A table of many rows that a chart draws as lines is told as lines of blocks."""

import math

import pytest

from a4eval.results.curves import print_curves, sparkline

LINE = {"data": {"name": "t"}, "mark": "line", "encoding": {"x": {"field": "step"}, "y": {"field": "loss"}}}
ROWS = [
    {"step": step, "loss": 10.0**-step, "half": 5.0 if step < 10 else None, "of": "ab"[step % 2]} for step in range(20)
]


@pytest.fixture
def told(capsys, monkeypatch):
    def tell(chart, rows=ROWS, lines=30, width=80):
        monkeypatch.setenv("COLUMNS", str(width))
        taken = print_curves("t", {"c": chart}, rows, lines)
        printed = capsys.readouterr().out.splitlines()
        assert taken == len(printed)
        assert all(len(line) <= width for line in printed)
        return printed

    return tell


def test_a_line_on_a_logarithmic_scale_falls_evenly(told):
    log = {**LINE["encoding"], "y": {"field": "loss", "title": "squared error", "scale": {"type": "log"}}}
    heading, line = told({**LINE, "title": "Learning", "encoding": log})
    assert heading == "Learning: step 0 to 19"
    name, first, blocks, last = line.split()
    assert (name, first, last) == ("loss", "1", "1e-19")
    assert blocks == "".join(sorted(blocks, reverse=True))
    assert set(blocks) == set("▁▂▃▄▅▆▇█")


def test_folded_columns_and_colours_are_series_of_one_scale(told):
    fold = {"fold": ["loss", "half"], "as": ["of", "value"]}
    encoding = {"x": {"field": "step"}, "y": {"field": "value"}, "color": {"field": "of"}}
    _, loss, half = told({**LINE, "transform": [fold], "encoding": encoding})
    assert loss.split()[2] == "▂" + "▁" * 19
    assert half.split() == ["half", "5", "█" * 10, "5"], "what is missing is left blank"
    by_colour = told({**LINE, "encoding": {**LINE["encoding"], "color": {"field": "of"}}})
    assert [line.split()[0] for line in by_colour[1:]] == ["a", "b"]


def test_a_filter_chooses_rows_and_other_transforms_are_left_to_pictures(told):
    chosen = {"filter": {"field": "of", "equal": "a"}}
    rows = [{**row, "step": row["step"] // 2 * 2, "of": "a" if place < 15 else "b"} for place, row in enumerate(ROWS)]
    assert told({**LINE, "transform": [chosen]}, rows) == [], "eight places are rows to be read"
    assert told({**LINE, "transform": [{"aggregate": [], "groupby": ["of"]}]}) == []


@pytest.mark.parametrize(
    "chart",
    [
        {**LINE, "mark": "bar"},
        {**LINE, "data": {"name": "another"}},
        {**LINE, "encoding": {"x": {"field": "step"}}},
        {**LINE, "encoding": {"x": {"aggregate": "count"}, "y": {"field": "loss"}}},
        {**LINE, "layer": 3},
        {"mark": {"type": ["line"]}},
        "line",
        None,
    ],
)
def test_what_is_no_line_of_this_table_prints_nothing(told, chart):
    assert told(chart) == []


def test_it_is_left_out_where_there_is_no_room(told):
    assert told(LINE, lines=1) == []
    narrow = told(LINE, width=30)
    assert max(map(len, narrow)) <= 30


@pytest.mark.parametrize("values", [[], [None, None], [math.pi], list(range(1000))])
def test_a_sparkline_is_never_wider_than_its_room(values):
    drawn = sparkline(values, 20, 0, 999)
    assert len(drawn) == min(len(values), 20)
