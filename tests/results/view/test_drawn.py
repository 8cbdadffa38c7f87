"""Charts of a page that changes: not drawn for each change, drawn in the end, and never leading to a wrong row."""

from __future__ import annotations

import math

import pytest

from a4eval.markup import Markup
from a4eval.results.view import drawn as subject
from a4eval.results.view.asked import Asked
from a4eval.results.view.drawn import drawn
from a4eval.results.view.pages import Pages
from a4eval.results.view.watched import Watched

from ...pages import sweep_lines

PLACES = {"a": 0, "b": 1}


@pytest.fixture
def clock(monkeypatch):
    """A clock that is put forward by hand: the list's only number."""
    now = [100.0]
    monkeypatch.setattr(subject.time, "monotonic", lambda: now[0])
    return now


def test_they_are_drawn_again_a_little_later_and_not_too_often(clock):
    made = []

    def draw():
        made.append(clock[0])
        return Markup(f"<p>{len(made)}</p>")

    def at(seconds, of, before):
        clock[0] = 100 + seconds
        return drawn(before, draw, (of,), PLACES, "")

    one = at(0, "x", None)
    assert at(50, "x", one) is one
    assert one.due(("x",)) == math.inf
    two = at(60, "y", one)
    assert two.markup == one.markup, "what is new does not wait for them"
    assert two.due(("y",)) == 161
    assert at(60.9, "z", two).markup == one.markup
    three = at(61, "z", two)
    assert three.markup != one.markup
    shown = [three]
    for step in range(1, 41):
        shown.append(at(61 + step / 4, step, shown[-1]))
    assert made == [100, 161, 165, 169], "ten seconds of changes, four in each"


def test_marks_never_lead_to_another_row(clock):
    before = drawn(None, lambda: Markup("old"), (1,), PLACES, "")
    assert drawn(before, lambda: Markup("new"), (2,), {"a": 1, "b": 0}, "").markup == "new"
    assert drawn(before, lambda: Markup("new"), (2,), {"a": 0}, "").markup == "new", "there is no row for b"
    assert drawn(before, lambda: Markup("new"), (2,), {**PLACES, "c": 2}, "").markup == "old"


def test_a_page_shows_what_is_new_first_and_its_charts_after(clock, tmp_path):
    lines = sweep_lines(seeds=1)
    (tmp_path / "results.jsonl").write_bytes(b"\n".join(lines[:20]) + b"\n")
    watched = Watched(tmp_path)
    watched.look()
    pages, asked = Pages(watched), Asked(f"/sweep/{next(iter(watched.sweeps))}")
    first = pages.content(asked)
    with (tmp_path / "results.jsonl").open("ab") as file:
        file.write(lines[20] + b"\n")
    clock[0] += 0.5
    watched.look()
    second = pages.content(asked)
    parts = [one.parts() for one in (first, second)]
    assert parts[0]["points"] != parts[1]["points"]
    assert parts[0]["charts"] == parts[1]["charts"]
    assert pages.content(asked) is second
    clock[0] = second.until
    third = pages.content(asked)
    assert third.parts()["charts"] != parts[0]["charts"]
    assert third.until == math.inf
    assert len({one.seal for one in (first, second, third)}) == 3, "each is another page to whoever asks for changes"
    (tmp_path / "results.jsonl").write_bytes(b"\n".join(lines[:21]) + b"\n")
    fresh = Watched(tmp_path)
    fresh.look()
    assert Pages(fresh).content(asked).parts()["charts"] == third.parts()["charts"]
