"""The page in a real browser: with and without scripts, narrow and wide, light and dark, asking nobody for anything."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from a4eval.results.report.build import report, write
from a4eval.runs import record as records

from ...pages import read_page, record

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; `apt-get install chromium` brings it")

JENKINS = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"
"""What Jenkins lets an HTML report do by default: neither scripts nor styles of its own."""
SIZES = {"telephone": (360, 740), "desk": (1600, 1000)}


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as found:
        started = found.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def rich():
    """Return a record with charts of every mark, a long table and a verdict."""
    rows = [
        {"recall": one / 50, "first": 1 - (one / 50) ** 2, "second": 1 - one / 50, "size": one % 5} for one in range(51)
    ]
    x, y = ({"field": name, "type": "quantitative"} for name in ("recall", "value"))
    folded = {"data": {"name": "curve"}, "transform": [{"fold": ["first", "second"]}]}
    colour = {"field": "key", "type": "nominal", "title": None}
    plain = record()
    metrics = {**plain.metrics, "a-metric-with-a-very-long-name/of-a-part": plain.metrics["AP"]}
    return record(
        tables={**plain.tables, "curve": rows},
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
        },
        metrics=metrics,
        verdict=records.VerdictRecord("undecided", ["AP: it may be worse"]),
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return the files of two pages: of a record and of a sweep."""
    from ...pages import sweep_lines

    folder = tmp_path_factory.mktemp("pages")
    records.write(rich(), folder / "run")
    (folder / "sweep").mkdir()
    (folder / "sweep" / "results.jsonl").write_bytes(
        b"\n".join(sweep_lines(seeds=2, rates=(1e-3, 1e-2), depths=(1, 2)))
    )
    found = {}
    for name in ("run", "sweep"):
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
@pytest.mark.parametrize("name", ["run", "sweep"])
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
            assert page.locator("input, th button").count() == 0, "no control that does nothing"
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
@pytest.mark.parametrize("name", ["run", "sweep"])
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
