"""Tables fit: no line is longer than the terminal, no word or number is broken, what is left out is named."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a4eval.results.tables import cell, columns_of, print_columns, print_table

WORDS = st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=9), max_size=5)
CELLS = st.one_of(st.none(), st.floats(allow_nan=False), st.integers(), WORDS.map(" ".join))


def printed(capsys, *arguments, **keywords):
    count = print_table(*arguments, **keywords)
    lines = capsys.readouterr().out.splitlines()
    assert count == len(lines)
    return lines


@pytest.fixture(params=[60, 80, 120, 200])
def width(request, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(request.param))
    return request.param


def test_the_width_is_kept_and_what_does_not_fit_is_named(capsys, width):
    header = [f"column{number}" for number in range(30)]
    lines = printed(capsys, "title", header, [[number * 1.1 for number in range(30)]])
    assert all(len(line) <= width for line in lines)
    at = next(place for place, line in enumerate(lines) if line.startswith("columns that do not fit"))
    named, _, more = " ".join(lines[at:]).removeprefix("columns that do not fit: ").partition(" and ")
    shown, left_out = lines[1].split(), named.split(", ")
    assert shown + left_out == header[: len(shown) + len(left_out)]
    assert len(shown) + len(left_out) + int(more.removesuffix(" more") or 0) == len(header)
    assert len(lines) - at <= 2
    assert len(shown) >= (width + 2) // 12 - 1


def test_long_text_is_folded_between_words(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = printed(capsys, "", ["name", "what it is"], [["average_precision", "the mean of precision over recall"]])
    assert all(len(line) <= 40 for line in lines)
    assert " ".join(" ".join(line[19:] for line in lines[2:]).split()) == "the mean of precision over recall"


@given(st.data())
def test_no_word_is_ever_broken(data):
    import contextlib
    import io

    width = data.draw(st.integers(0, 8))
    header = data.draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=width + 1, unique=True))
    rows = data.draw(st.lists(st.tuples(*(CELLS for _ in header)), max_size=4))
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as out:
        patch.setenv("COLUMNS", "70")
        print_table("", header, rows)
    lines = out.getvalue().splitlines()
    assert all(len(line) <= 70 for line in lines)
    whole = {word for row in rows for value in row for word in ("" if value is None else str(value)).split()}
    whole |= {cell(value) for row in rows for value in row if isinstance(value, float)}
    end = next((place for place, line in enumerate(lines) if line.startswith("columns that do not")), len(lines))
    for line in lines[2:end]:
        assert set(line.split()) <= whole


def test_rows_beyond_the_room_are_counted(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = printed(capsys, "classes", ["name", "AP"], [[f"class{number}", 0.5] for number in range(80)], lines=10)
    assert len(lines) <= 10
    assert lines[0] == f"classes ({len(lines) - 3} of 80 rows)"


def test_columns_without_a_value_are_not_shown(capsys):
    assert printed(capsys, "", ["metric", "interval", "value"], [["AP", None, 0.5]])[0].split() == ["metric", "value"]


def test_numbers_stand_to_the_right_and_text_to_the_left(capsys):
    lines = printed(capsys, "", ["n", "name"], [[5, "five"], [100, "hundred"]])
    assert lines[2:] == ["  5  five", "100  hundred"]


def test_columns_that_are_always_there_are_kept_before_others(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = printed(capsys, "", ["a", "b", "where"], [["1" * 18, "2" * 18, "3" * 18]], always=["a", "where"])
    assert lines[0].split() == ["a", "where"]
    assert lines[-1] == "columns that do not fit: b"


def test_a_text_below_its_row_is_set_in_and_fits(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    lines = printed(capsys, "", ["a"], [["x"], ["y"]], under=["some/path/of/more/than/twenty", "what it is and was"])
    assert lines[2:] == ["x", "    some/path/of/more/than/twenty", "y", "    what it is and", "    was"]


def test_numbers_that_json_cannot_hold_stand_among_numbers():
    columns = columns_of(["AP", "words"], [[0.5, "NaN"], ["NaN", "some"], ["Infinity", "-Infinity"], [-math.inf, ""]])
    assert [one.numeric for one in columns] == [True, False]
    assert columns[0].cells == ["0.5", "NaN", "Infinity", "-Infinity"]


def test_an_interval_is_not_broken(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    rows = [["a text that is long enough to be folded somewhere else", "[-0.003931, -0.1161] unpaired"]]
    lines = printed(capsys, "", ["name", "interval"], rows)
    assert all(len(line) <= 60 for line in lines)
    assert any("[-0.003931, -0.1161]" in line for line in lines)


def test_a_text_stands_above_its_row(capsys):
    assert print_columns("", columns_of(["a"], [[1.5], [2]]), over=["one", "two"]) == 6
    assert capsys.readouterr().out.splitlines()[2:] == ["one", "1.5", "two", "  2"]
