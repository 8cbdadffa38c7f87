"""The page in a real browser: with and without scripts, narrow and wide, light and dark, asking nobody for anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from a4eval.results.report.build import report, write
from a4eval.runs import record as records
from a4eval.tasks.charts import forest

from ...pages import SIZES, read_page, record
from ...pages.gallery import MARKS, flips_record, gallery_record, written

JENKINS = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"
"""What Jenkins lets an HTML report do by default: neither scripts nor styles of its own."""
NAMES = ("run", "sweep", "pictures", "flips")


def rich():
    """Return a record with charts of every mark, a long table and a verdict."""
    rows = [
        {"recall": one / 50, "first": 1 - (one / 50) ** 2, "second": 1 - one / 50, "size": one % 5} for one in range(51)
    ]
    names = ("task.rate=0.001", "loss/validation", "MMMMMMMMMMMMMM", "a.key.that.is/far/too/long=1e-05,task.depth=33")
    long = [{"name": one, "difference": 0.1, "low": 0, "high": 0.2, "verdict": "better"} for one in names]
    x, y = ({"field": name, "type": "quantitative"} for name in ("recall", "value"))
    folded = {"data": {"name": "curve"}, "transform": [{"fold": ["first", "second"]}]}
    colour = {"field": "key", "type": "nominal", "title": None}
    plain = record()
    metrics = {**plain.metrics, "a-metric-with-a-very-long-name/of-a-part": plain.metrics["AP"]}
    return record(
        tables={**plain.tables, "curve": rows, "long": long},
        charts={
            **plain.charts,
            "lines": {**folded, "mark": "line", "encoding": {"x": x, "y": y, "color": colour}},
            "areas": {**folded, "mark": "area", "encoding": {"x": x, "y": y, "color": colour}},
            "points": {**folded, "mark": "point", "encoding": {"x": x, "y": y, "color": {**x, "title": "recall"}}},
            "cells": {
                "data": {"name": "classes"},
                "mark": "rect",
                "encoding": {
                    "x": {"field": "class"},
                    "y": {"field": "seen"},
                    "color": {"field": "truths", "type": "quantitative", "scale": {"scheme": "blues"}},
                },
            },
            "long": forest("long", "Names that are long"),
        },
        metrics=metrics,
        verdict=records.VerdictRecord("undecided", ["AP: it may be worse"]),
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return the files of pages: of a record, of a sweep, with pictures of errors and with those of two detectors."""
    from ...pages import sweep_lines

    folder = tmp_path_factory.mktemp("pages")
    records.write(rich(), folder / "run")
    (folder / "sweep").mkdir()
    (folder / "sweep" / "results.jsonl").write_bytes(
        b"\n".join(sweep_lines(seeds=2, rates=(1e-3, 1e-2), depths=(1, 2)))
    )
    written(gallery_record(), folder / "pictures")
    written(flips_record(), folder / "flips")
    found = {}
    for name in NAMES:
        found[name] = folder / f"{name}.html"
        write(report([folder / name], found[name]), found[name])
    return found


class Watched:
    """A page that notes what it asks for and what it complains of."""

    def __init__(self, browser, file, **options):
        self.asked, self.complaints = [], []
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.on("request", lambda one: self.asked.append(one.url))
        self.page.on("console", lambda one: self.complaints.append(one.text))
        self.page.on("pageerror", lambda one: self.complaints.append(str(one)))
        self.page.goto(file.as_uri())

    def __enter__(self):
        return self.page

    def __exit__(self, *failed):
        self.page.wait_for_timeout(50)
        self.context.close()
        if failed[0] is None:
            assert self.complaints == []
            assert len(self.asked) == 1, "the page itself and nothing more"


def viewed(browser, file, size="desk", scheme="light", **options):
    width, height = SIZES[size]
    return Watched(browser, file, viewport={"width": width, "height": height}, color_scheme=scheme, **options)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_it_fits_and_shows_every_number(browser, pages, name, size, scripts):
    with viewed(browser, pages[name], size, java_script_enabled=scripts) as page:
        width = SIZES[size][0]
        boxes = (
            page.locator("main > *").evaluate_all("all => all.map((one) => one.getBoundingClientRect().right)")
            if scripts
            else []
        )
        assert all(right <= width for right in boxes)
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        for figure in page.locator("figure svg").all():
            box = figure.bounding_box()
            assert box["width"] > 200, "it is drawn"
        assert page.locator("table").first.is_visible()
        if not scripts:
            controls = page.locator("input:not(.layers [type=checkbox]), select, button")
            assert controls.count() == 0, "no control that does nothing"
        summary = page.locator("details:not([open]) > summary").first
        summary.click()
        assert page.locator("details[open]").count(), "what is folded unfolds, with or without scripts"


def test_the_page_shown_by_jenkins(browser, pages):
    """Without styles and scripts the numbers and the pictures are there."""
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    page = context.new_page()
    body = pages["run"].read_text()
    page.route(
        "http://jenkins.test/*",
        lambda route: route.fulfill(body=body, content_type="text/html", headers={"Content-Security-Policy": JENKINS}),
    )
    page.goto("http://jenkins.test/report.html")
    assert page.locator("table[aria-label=metrics]").is_visible()
    box = page.locator("figure svg").first.bounding_box()
    assert 300 < box["width"] < 1000
    bar = page.locator("figure svg rect[data-row]").first
    assert bar.bounding_box()["width"] > 0
    page.locator("details:not([open]) > summary").first.click()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_no_violation(browser, pages, name, size, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-playwright-python, which brings axe, is not installed"
    )
    script = (Path(axe.__file__).parent / "axe.min.js").read_text()
    with viewed(browser, pages[name], size, scheme) as page:
        page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
        page.evaluate(script)
        found = page.evaluate("axe.run()")
        said = [
            f"{one['id']}: {one['nodes'][0]['html'][:200]}: {one['nodes'][0]['failureSummary']}"
            for one in found["violations"]
        ]
        assert said == []
        assert len(found["passes"]) > 20


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_a_chart_is_cut_off(browser, pages, name, size):
    """What is too long is cut in its middle, and says the whole when it is pointed at; the frame cuts nothing."""
    with viewed(browser, pages[name], size) as page:
        beyond = page.locator("figure svg").evaluate_all(
            """all => all.flatMap((svg) => {
                const frame = svg.getBoundingClientRect();
                return [...svg.querySelectorAll("text")].filter((one) => {
                    const box = one.getBoundingClientRect();
                    return box.left < frame.left - 1 || box.right > frame.right + 1
                        || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
                }).map((one) => one.textContent);
            })"""
        )
        assert beyond == []


def rows_shown(page, name):
    return page.locator(f"table[aria-label='{name}'] tbody tr:visible").count()


def column(page, name, place):
    cells = page.locator(f"table[aria-label='{name}'] tbody tr td:nth-child({place + 1})")
    return cells.evaluate_all("all => all.map((one) => one.dataset.v ?? one.textContent)")


def test_sorting(browser, pages):
    with viewed(browser, pages["run"]) as page:
        head = page.locator("table[aria-label=classes] th", has_text="AP")
        head.locator("button").focus()
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == "ascending"
        found = column(page, "classes", 1)
        known = [float(one) for one in found if one not in ("", "NaN")]
        assert known == sorted(known)
        assert len(known) == 6
        assert found[len(known) :] in (["NaN", ""], ["", "NaN"]), "what is no number stands last"
        page.keyboard.press("Enter")
        found = column(page, "classes", 1)
        assert head.get_attribute("aria-sort") == "descending"
        assert [float(one) for one in found[:6]] == known[::-1]
        assert found[6:] in (["NaN", ""], ["", "NaN"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a", 6),
        ("AP>0.5", 2),
        ("AP<=0", 1),
        ("truths>=6", 2),
        ("class=b", 1),
        ("class!=b", 7),
        ("seen=true", 4),
        ("nothing", 0),
    ],
)
def test_filtering(browser, pages, text, shown):
    with viewed(browser, pages["run"]) as page:
        page.get_by_label("filter the rows of classes").fill(text)
        assert rows_shown(page, "classes") == shown
        assert f"classes: {shown} of 8 rows are shown" in page.locator("#said").text_content()
        page.get_by_role("button", name="show all rows").click()
        assert rows_shown(page, "classes") == 8


def test_a_mark_says_what_it_is_and_leads_to_its_row(browser, pages):
    with viewed(browser, pages["run"]) as page:
        bar = page.locator("#c0 svg [data-row='1']")
        bar.hover()
        assert page.locator("#tip").text_content() == "AP: 0.6667\nclass: b"
        bar.click()
        assert rows_shown(page, "classes") == 1
        assert page.locator("table[aria-label=classes] tr.here td").first.text_content() == "b"


def test_a_drag_over_a_chart_chooses_its_rows(browser, pages):
    with viewed(browser, pages["sweep"]) as page:
        figure = page.locator("figure", has_text="accuracy by task.cell").first
        figure.scroll_into_view_if_needed()
        box = figure.locator("svg").bounding_box()
        page.mouse.move(box["x"] + 2, box["y"] + 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.36, box["y"] + box["height"] - 2, steps=4)
        page.mouse.up()
        cells = page.locator("table[aria-label=points] tbody tr:visible td:nth-child(5)").evaluate_all(
            "all => all.map((one) => one.textContent)"
        )
        assert set(cells) == {"mgu"}, "the first of four cells, since the first points of rnn failed"
        assert rows_shown(page, "points") == len(cells) > 4


def test_a_point_of_a_sweep_says_what_stands_in_its_row(browser, pages):
    with viewed(browser, pages["sweep"]) as page:
        page.locator("#c0 svg [data-row='9']").dispatch_event("pointermove", {"bubbles": True})
        said = page.locator("#tip").text_content()
        row = page.locator("table[aria-label=points] tbody tr").nth(9).locator("td").all_text_contents()
        assert [line.split(": ")[1] for line in said.split("\n")] == row


def test_a_link_into_something_folded_unfolds_it(browser, pages):
    with viewed(browser, pages["sweep"]) as page:
        page.locator("table[aria-label=points] a").nth(3).click()
        name = page.evaluate("location.hash.slice(1)")
        assert page.locator(f"[id='{name}'] pre").is_visible()


def test_it_prints_everything(browser, pages):
    with viewed(browser, pages["run"]) as page:
        page.emulate_media(media="print")
        folded = page.locator("details:not([open]) table").first
        assert folded.evaluate("one => one.getBoundingClientRect().height") > 0
        assert page.locator("nav.contents").is_hidden()
        head = page.locator("table[aria-label=classes] th").first
        assert head.evaluate("one => getComputedStyle(one, '::before').content") == '"class"', "on every sheet"
        assert page.pdf().startswith(b"%PDF")


def test_the_keyboard_reaches_what_there_is(browser, pages):
    with viewed(browser, pages["run"]) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "skip the contents"
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#main"


def test_the_numbers_are_those_of_the_record_as_a_browser_reads_them(browser, pages):
    with viewed(browser, pages["run"]) as page:
        given = [row["first"] for row in rich().tables["curve"]]
        assert [float(one.replace("−", "-")) for one in column(page, "curve", 1)] == given
    assert re.search(r"<table id=\"t2\"", pages["run"].read_text())
    assert read_page(pages["run"].read_text()).tables["curve"]


def marks_shown(page):
    """Return which rows of the table of marks are to be seen on the pictures."""
    found = page.locator(".scenes [data-row]").evaluate_all(
        "all => all.filter((one) => one.getBoundingClientRect().width > 0).map((one) => Number(one.dataset.row))"
    )
    return sorted(found)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("layer", ["missed", "false", "hit", "found"])
def test_a_layer_is_hidden_with_and_without_scripts(browser, pages, layer, scripts):
    with viewed(browser, pages["pictures"], java_script_enabled=scripts) as page:
        assert marks_shown(page) == list(range(len(MARKS)))
        box = page.get_by_role("checkbox", name=re.compile(rf"{layer} \("))
        box.uncheck()
        assert marks_shown(page) == [place for place, row in enumerate(MARKS) if row[1] != layer]
        box.focus()
        page.keyboard.press("Space")
        assert marks_shown(page) == list(range(len(MARKS)))


@pytest.mark.parametrize(
    ("column", "value"),
    [(2, "dog"), (2, "bird"), (4, "missed"), (4, "background")],
    ids=["dog", "bird", "missed", "nothing"],
)
def test_marks_are_chosen_by_class_and_error(browser, pages, column, value):
    with viewed(browser, pages["pictures"]) as page:
        page.locator(".filters select").nth(0 if column == 2 else 1).select_option(value)
        wanted = [place for place, row in enumerate(MARKS) if row[column] == value]
        assert marks_shown(page) == wanted
        pictures = {MARKS[place][0] for place in wanted}
        assert page.locator(".scene:visible h3").all_text_contents() == [
            one for one in ("one", "two", "three") if one in pictures
        ]
        said = f"{len(wanted)} of {len(MARKS)} marks, on {len(pictures)} of 3 pictures"
        assert said in page.locator("#said").text_content()
        page.get_by_role("button", name="show all").click()
        assert marks_shown(page) == list(range(len(MARKS)))


def test_marks_are_chosen_by_their_score(browser, pages):
    with viewed(browser, pages["pictures"]) as page:
        page.get_by_label("score from", exact=True).evaluate(
            "one => { one.value = 0.7; one.dispatchEvent(new Event('input')); }"
        )
        assert marks_shown(page) == [place for place, row in enumerate(MARKS) if row[3] is None or row[3] >= 0.7]
        assert page.locator(".filters output").text_content() == "0.70"


@pytest.mark.parametrize("keyboard", [False, True])
def test_filters_together(browser, pages, keyboard):
    with viewed(browser, pages["pictures"]) as page:
        page.locator(".filters select").nth(0).select_option("dog")
        if keyboard:
            page.get_by_label("score from", exact=True).focus()
            page.keyboard.press("End")
        else:
            page.locator(".filters select").nth(1).select_option("missed")
        assert marks_shown(page) == [0]


@pytest.mark.parametrize(
    ("where", "shown", "pictures"),
    [
        ("#c1 svg [data-row='0']", [1, 2], ["one"]),
        ("#c1 svg [data-row='1']", [7], ["three"]),
        ("#c0 svg [data-row='0']", [0, 5, 6], ["one", "two"]),
        ("table[aria-label=classes] tr:nth-child(1) button.see", [0, 5, 6], ["one", "two"]),
        ("table[aria-label=confusion] tr:nth-child(1) button.see", [1, 2], ["one"]),
    ],
    ids=["confusion cell", "missed cell", "bar of a class", "row of a class", "row of a cell"],
)
def test_a_click_leads_to_the_pictures(browser, pages, where, shown, pictures):
    with viewed(browser, pages["pictures"]) as page:
        page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
        page.locator(where).click()
        assert marks_shown(page) == shown
        assert page.locator(".scene:visible h3").all_text_contents() == pictures
        box = page.locator(".gallery").bounding_box()
        assert 0 <= box["y"] < 500, "they are in sight"


def curve(page, place):
    """Return a point of the screen that lies on a line of the chart of curves."""
    page.locator("#c2").scroll_into_view_if_needed()
    return (
        page.locator("#c2 svg path")
        .nth(place)
        .evaluate(
            """one => {
            const half = one.getPointAtLength(one.getTotalLength() / 2), seen = one.getScreenCTM();
            return [half.x * seen.a + seen.e, half.y * seen.d + seen.f];
        }"""
        )
    )


def test_a_curve_says_where_it_is_pointed_at_and_leads_to_the_pictures_of_its_class(browser, pages):
    with viewed(browser, pages["pictures"]) as page:
        page.mouse.move(*curve(page, 0))
        said = dict(line.split(": ") for line in page.locator("#tip").text_content().split("\n"))
        assert said["class"] == "dog"
        assert float(said["recall"]) == pytest.approx(0.5, abs=0.01)
        assert float(said["precision"]) == pytest.approx(0.75, abs=0.01)
        page.mouse.click(*curve(page, 0))
        assert marks_shown(page) == [0, 5, 6]


def test_a_class_without_pictures_leads_to_its_row(browser, pages):
    with viewed(browser, pages["pictures"]) as page:
        page.locator("#c0 svg [data-row='2']").click()
        assert rows_shown(page, "classes") == 1
        assert marks_shown(page) == list(range(len(MARKS)))
        assert page.locator("table[aria-label=classes] button.see").count() == 2


def test_a_mark_says_what_it_is_and_leads_to_its_row_in_the_table_of_marks(browser, pages):
    with viewed(browser, pages["pictures"]) as page:
        mark = page.locator(".scenes [data-row='1']")
        mark.hover()
        said = page.locator("#tip").text_content().split("\n")
        assert {"class: cat", "error: classification", "truth: bird", "detected: cat"} <= set(said)
        mark.click()
        assert rows_shown(page, "examples/marks") == 1


def test_what_was_lost_is_shown_side_by_side(browser, pages):
    with viewed(browser, pages["flips"]) as page:
        page.locator(".filters select").nth(0).select_option("lost")
        lost = [len(MARKS) + place for place, row in enumerate(MARKS) if row[1] == "missed"]
        assert marks_shown(page) == lost
        left, right = (
            page.locator(".scene")
            .first.locator("image, use")
            .evaluate_all(
                "all => all.map((one) => one.getBoundingClientRect()).map((box) => [box.left, box.right, box.width])"
            )
        )
        assert left[1] < right[0]
        assert left[2] == pytest.approx(right[2], rel=0.01)
        assert page.locator(".scene svg").first.text_content().startswith("first")
