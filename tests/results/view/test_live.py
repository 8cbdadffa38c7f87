"""In a real browser: a sweep that runs and loses a worker, without a reload, a complaint or a request elsewhere."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from a4eval.runs import record as records

from ...executors.test_dispatch import children
from ...pages import SIZES, record, sweep_lines
from .conftest import fill


@pytest.fixture
def looked_at(browser):
    """Opens pages of a server, and checks in the end what they asked for and complained of."""
    opened = []

    def look(server, address="/", size="desk", scheme="light", **options):
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
        page = context.new_page()
        page.set_default_timeout(15_000)
        asked, complaints = [], []
        page.on("request", lambda one: asked.append(one.url))
        page.on("console", lambda one: complaints.append(one.text))
        page.on("pageerror", lambda one: complaints.append(str(one)))
        page.goto(server.address.rstrip("/") + address)
        opened.append((server, context, asked, complaints))
        return page

    yield look
    for server, context, asked, complaints in opened:
        context.close()
        assert complaints == []
        assert [one for one in asked if not one.startswith(server.address)] == []


def wait_for(look, seconds=60):
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until
        time.sleep(0.1)
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the workers in /proc")
def test_a_sweep_runs_and_one_worker_is_killed(view, place, looked_at):
    """The pages of the folder and of the sweep follow it from nothing to its end, without being loaded again."""
    server = view(place.folder)
    first = looked_at(server)
    assert "Nothing yet" in first.text_content("main")
    sweep = place.start(
        *("run", "-m", "experiment=probe", "hydra.sweep.dir=sweep", "task.x=range(0,30)", "task.seconds=0.6"),
        *("task.fail=[4]", "executor.workers=2"),
    )
    first.get_by_role("heading", name="Running").wait_for(timeout=60_000)
    first.evaluate("window.same = true")
    address = first.locator("#sweeps a").first.get_attribute("href")
    page = looked_at(server, address)
    page.evaluate("window.same = true")
    page.locator("#progress progress").wait_for(timeout=30_000)
    seen = {page.locator("#progress progress").get_attribute("value")}
    page.locator("#failed", has_text="told to fail at 4").wait_for(timeout=60_000)
    seen.add(page.locator("#progress progress").get_attribute("value"))
    os.kill(wait_for(lambda: children(sweep.pid))[0], signal.SIGKILL)  # after it: or this is what kills it
    assert page.locator("#failed pre").first.text_content().startswith("Traceback")
    sections = page.locator("main section").evaluate_all("all => all.map((one) => one.id)")
    assert sections[:2] == ["progress", "failed"], "failures first"
    out, err = sweep.communicate(timeout=90)
    assert sweep.returncode == 1, out + err
    failed = [one for one in place.records() if one["status"] == "failed"]
    done = f"done: 30/30 points, {len(failed)} failed"
    assert len(failed) in (1, 2), "the one that was told to, and the one whose worker was killed"
    page.locator("#progress", has_text=done).wait_for()
    assert seen - {"30"}, "it was seen on its way"
    page.locator("table[aria-label=points] tbody tr >> nth=29").wait_for()
    shown = page.locator("table[aria-label='what did not end well']").text_content()
    assert all(one["error"]["message"] in shown for one in failed)
    wanted = {one["run_id"][:8]: one for one in place.records()}
    rows = page.locator("table[aria-label=points] tbody tr").all_text_contents()
    assert len(rows) == 30
    assert {re.search("[0-9a-f]{8}", row)[0] for row in rows} == set(wanted)
    first.locator("#sweeps", has_text=done).wait_for()
    first.get_by_role("heading", name="Running").wait_for(state="detached")
    assert first.locator("#failed a").count() == len(failed)
    assert page.evaluate("window.same"), "it was never loaded again"
    assert first.evaluate("window.same")
    page.locator("#failed a").first.click()
    page.locator("#error").wait_for()


def test_what_a_reader_does_is_left_as_it_is(view, folder, looked_at):
    """Filter, order, what is folded and ticked, and where the keyboard is, survive an update."""
    server = view(folder)
    page = looked_at(server)
    page.locator(".live", has_text="kept up to date").wait_for()
    for name in "abcdefg":
        records.write(record(run_id=name * 16), folder / "outputs" / name)
    page.locator("#runs", has_text="outputs/g").wait_for(timeout=20_000)
    page.locator("table[aria-label=runs] th", has_text="folder").locator("button").click()
    page.get_by_label("filter the rows of runs").fill("outputs/")
    page.locator("#failed details summary").first.click()
    folded = page.locator("#failed details").first.get_attribute("open")
    page.get_by_label("compare run outputs/c").check()
    page.get_by_label("compare run outputs/d").check()
    page.get_by_label("compare run outputs/d").focus()
    broken = record(run_id="9" * 16, status="failed", error=records.ErrorRecord("OSError", "gone", "Traceback: x"))
    records.write(broken, folder / "outputs" / "zz")
    page.locator("#failed", has_text="OSError").wait_for(timeout=20_000)
    page.locator("#runs", has_text="outputs/zz").wait_for(timeout=20_000)
    folders = page.locator("table[aria-label=runs] tbody tr td:nth-child(3)").all_text_contents()
    assert folders == sorted(folders)
    assert page.get_by_label("filter the rows of runs").input_value() == "outputs/"
    assert page.locator("#failed details").first.get_attribute("open") == folded
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "compare run outputs/d"
    assert "6 runs did not end well" in page.locator("#said").text_content()
    page.locator("#runs button", has_text="compare the two").click()
    page.get_by_role("heading", name="Candidate against baseline").wait_for()
    chosen = page.locator("select[name=baseline]").evaluate("one => one.selectedOptions[0].textContent")
    assert chosen in ("run outputs/c", "run outputs/d")


def test_it_can_be_paused(view, folder, looked_at):
    server = view(folder)
    page = looked_at(server)
    page.get_by_role("button", name="pause").click()
    records.write(record(run_id="9" * 16), folder / "outputs" / "new")
    page.wait_for_timeout(2500)
    assert "outputs/new" not in page.text_content("main")
    page.get_by_role("button", name="go on").click()
    page.locator("#runs", has_text="outputs/new").wait_for(timeout=20_000)
    page.get_by_role("button", name="pause").click()
    page.locator(".live", has_text="paused").wait_for()


def test_a_field_that_is_being_filled_in_is_not_replaced(view, folder, looked_at):
    server = view(folder)
    page = looked_at(server)
    large = page.locator("#sweeps tr", has_text="multirun/large").locator("a").get_attribute("href")
    page = looked_at(server, large)
    page.locator(".live", has_text="kept up to date").wait_for()
    box = page.get_by_label("points with")
    box.press_sequentially("status=")
    journal = folder / "multirun" / "large" / "results.jsonl"
    line = records.encode(record(run_id="9" * 16, experiment="study"))
    with journal.open("ab") as file:
        file.write(line + b"\n")
    page.locator("#top", has_text="541 points").wait_for(timeout=20_000)
    box.press_sequentially("failed")
    assert box.input_value() == "status=failed"
    box.press("Enter")
    page.locator("#points nav, #points table").first.wait_for()
    assert page.locator("table[aria-label=points] tbody tr").count() == 2


def test_without_scripts(view, folder, looked_at):
    server = view(folder)
    page = looked_at(server, java_script_enabled=False)
    page.get_by_label("compare sweep multirun/small").check()
    page.get_by_label("compare sweep multirun/large").check()
    page.locator("#sweeps button").click()
    page.get_by_role("heading", name="Candidate against baseline").wait_for()
    page.get_by_role("link", name="all results").click()
    page.locator("#sweeps tr", has_text="multirun/large").locator("a").click()
    page.get_by_label("points with").fill("status=failed")
    page.get_by_role("button", name="show").click()
    page.locator("table[aria-label=points] tbody tr").first.wait_for()
    assert page.locator("table[aria-label=points] tbody tr").count() == 2
    page.locator("table[aria-label=points] a").first.click()
    page.get_by_text("the loss is NaN").first.wait_for()


def test_a_page_of_another_site_cannot_look(view, folder, browser):
    """From a page at another origin neither fetch, picture, frame nor stream gets anything."""
    server = view(folder)
    context = browser.new_context()
    page = context.new_page()
    page.route("http://evil.test/*", lambda route: route.fulfill(body="<p>evil</p>", content_type="text/html"))
    page.goto("http://evil.test/")
    got = page.evaluate(
        """async (address) => {
            const found = {};
            found.fetch = await fetch(address).then((one) => one.text()).catch(() => "refused");
            const blind = {mode: "no-cors"};
            found.opaque = await fetch(address, blind).then((one) => one.type + one.status).catch(() => "refused");
            found.stream = await new Promise((done) => {
                const source = new EventSource(address);
                source.onmessage = () => done("got"); source.onerror = () => { source.close(); done("refused"); };
            });
            return found;
        }""",
        server.address,
    )
    assert got["fetch"] == "refused"
    assert got["opaque"] in ("refused", "opaque0")
    assert got["stream"] == "refused"
    context.close()


@pytest.fixture
def small(tmp_path):
    """A folder whose sweeps have few points: axe looks at each element, which of many alike tells nothing more."""
    sizes = {"seeds": 2, "rates": (1e-3, 1e-2), "depths": (1, 2)}
    return fill(tmp_path / "small", {name: sweep_lines(**sizes) for name in ("one", "two")})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_no_violation_and_it_fits(view, small, looked_at, size, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-playwright-python, which brings axe, is not installed"
    )
    script = (Path(axe.__file__).parent / "axe.min.js").read_text()
    server = view(small)
    page = looked_at(server, "/", size, scheme)
    page.locator("#sweeps tbody tr >> nth=1").wait_for()
    links = page.locator("main a").evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    sweeps = list(dict.fromkeys(one for one in links if re.fullmatch("/sweep/[^/]+", one)))
    point = next(one for one in links if re.fullmatch("/sweep/[^/]+/[^/]+", one))
    run = next(one for one in links if one.startswith("/run/"))
    compared = "/compare?" + "&".join(f"of={one.rpartition('/')[2]}" for one in sweeps)
    for address in ("/", sweeps[0], point, run, compared):
        page.goto(server.address.rstrip("/") + address)
        if address != compared:
            page.locator(".live", has_text="kept up to date").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0], address
        page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
        page.evaluate(script)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")
        said = [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]]
        assert said == [], address
