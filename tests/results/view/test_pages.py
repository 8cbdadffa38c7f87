"""The pages, asked of a real server: whole without scripts, and right."""

from __future__ import annotations

import json
import re
import time
from urllib.parse import quote

import msgspec
import pytest

from a4eval import DataError
from a4eval.journal.lock import FolderLock
from a4eval.journal.views import Row
from a4eval.results.view.asked import Asked
from a4eval.results.view.pages import Pages
from a4eval.results.view.watched import Watched
from a4eval.runs import record as records

from ...pages import read_page, record, sweep_lines


def links(page, begin):
    return list(dict.fromkeys(one for one in page.addresses() if one.startswith(begin)))


@pytest.fixture(scope="module")
def server(shared):
    return shared


def sweep_of(server, points):
    """Return the address of the sweep of so many points."""
    return next(f"/sweep/{one}" for one in sweeps(server) if f">{points} points<" in server.ask(f"/sweep/{one}").text)


def page_at(server, address="/"):
    answer = server.ask(address)
    assert answer.status == 200, answer.text
    page = read_page(answer.text)
    assert len(page.ids) == len(set(page.ids))
    return page


def test_the_first_page(server):
    page = page_at(server)
    assert "2 sweeps" in page.text
    assert "2 runs" in page.text
    assert "5 runs did not end well" in page.text
    header, *rows = page.tables["sweeps"]
    found = [dict(zip(header, row, strict=True)) for row in rows]
    assert {(one["folder"], one["points"]) for one in found} == {
        ("multirun/small", "60 points"),
        ("multirun/large", "540 points"),
    }
    _, *runs = page.tables["runs"]
    assert {row[2] for row in runs} == {"outputs/ok", "outputs/failed"}
    order = [given["id"] for name, given in page.elements if name == "section"]
    assert order == ["failed", "sweeps", "runs"], "failures first"
    assert "Traceback (most recent call last): here" in page.text


def test_every_link_of_the_first_page_leads_somewhere(server):
    page = page_at(server)
    inner = [one for one in page.addresses() if one.startswith("/")]
    assert len(set(inner)) >= 6
    for address in set(inner):
        assert server.ask(address).status == 200, address


def test_a_run_is_the_page_of_the_report(server):
    (ok, _) = sorted(links(page_at(server), "/run/"), key=lambda one: "shapes" in server.ask(one).text)
    page = page_at(server, ok)
    metrics = {row[0]: row for row in page.tables["metrics"][1:]}
    assert metrics["AP"][1] == record().metrics["AP"].value
    assert "What is asked." in page.text
    assert len(page.tables["classes"]) == 9
    assert "a4eval run experiment=detection/report" in page.text


def test_files_that_the_record_lists_can_be_opened(server):
    (ok, _) = sorted(links(page_at(server), "/run/"), key=lambda one: "shapes" in server.ask(one).text)
    files = links(page_at(server, ok), f"{ok}/file/")
    assert files == [f"{ok}/file/a%20note.txt", f"{ok}/file/page.html"]
    note, html = map(server.ask, files)
    assert note.text == "<b>hello</b>"
    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    assert html.headers["content-type"] == "application/octet-stream"
    assert html.headers["Content-Disposition".lower()].startswith("attachment")
    for one in (note, html):
        assert "sandbox" in one.headers["content-security-policy"]
        assert one.headers["X-Content-Type-Options"] == "nosniff"
    assert server.ask(f"{ok}/file/secret.txt").status == 404


def test_a_sweep_has_the_numbers_of_its_journal_and_pages_of_its_points(server):
    small = sweep_of(server, 60)
    page = page_at(server, small)
    wanted = [msgspec.json.decode(line, type=Row) for line in sweep_lines(seeds=1)]
    header, *rows = page.tables["points"]
    place = header.index("accuracy")
    for row, given in zip(rows, wanted, strict=True):
        assert row[place] == (given.metrics["accuracy"].value if given.status == "ok" else "")
    assert "Traceback: …" in page.text
    point = page_at(server, links(page, f"{small}/")[0])
    assert "the loss is NaN; lower task.rate" in point.text
    assert small in point.addresses()


def test_a_large_sweep_is_paged_filtered_and_sorted_without_scripts(server):
    large = sweep_of(server, 540)
    page = page_at(server, large)
    assert len(page.tables["points"]) == 401
    assert "points 1 to 400 of 540" in page.text
    assert len(page_at(server, f"{large}?page=2").tables["points"]) == 141
    assert len(page_at(server, f"{large}?page=99999999999").tables["points"]) == 401
    failed = page_at(server, f"{large}?where={quote('status=failed')}")
    assert len(failed.tables["points"]) == 3
    header, *rows = page_at(server, f"{large}?sort=accuracy").tables["points"]
    values = [row[header.index("accuracy")] for row in rows]
    assert values == sorted(values, reverse=True)
    for wrong in ("where=a", "where=accuracy>abc", "sort=nothing", "page=-1&page=x", "where=" + "a%3D1+" * 50):
        assert server.ask(f"{large}?{wrong}").status == 200
    assert "there is no key 'nothing'" in page_at(server, f"{large}?sort=nothing").text


def sweeps(server):
    return [one.split("/")[2] for one in links(page_at(server), "/sweep/") if one.count("/") == 2]


def test_any_two_can_be_compared(server):
    one, two = sweeps(server)
    page = page_at(server, f"/compare?of={one}&of={two}")
    assert "Candidate against baseline" in page.text
    header, *rows = page.tables["Candidate minus baseline, metrics"]
    accuracy = dict(zip(header, rows[0], strict=True))
    by_setting = {}
    for seeds in (1, 9):
        for line in sweep_lines(seeds=seeds):
            row = json.loads(line)
            if row["status"] == "ok" and row["seed"] == 0:
                key = json.dumps(row["config"]["task"])
                by_setting.setdefault(key, []).append(row["metrics"]["accuracy"]["value"])
    pairs = [values for values in by_setting.values() if len(values) == 2]
    mean = sum(large - small for small, large in pairs) / len(pairs)
    assert abs(accuracy["difference"]) == pytest.approx(abs(mean))
    turned = page_at(server, f"/compare?baseline={two}&candidate={one}")
    other = dict(zip(header, turned.tables["Candidate minus baseline, metrics"][1], strict=True))
    assert other["difference"] == pytest.approx(-accuracy["difference"])


def test_points_can_be_compared_and_what_cannot_is_said(server):
    small = sweep_of(server, 60)
    points = [one.removeprefix("/sweep/") for one in links(page_at(server, small), f"{small}/")]
    page = page_at(server, f"/compare?of={points[5]}&of={points[6]}")
    header, *rows = page.tables["Candidate minus baseline, metrics"]
    wanted = [json.loads(line) for line in sweep_lines(seeds=1)]
    row = dict(zip(header, rows[0], strict=True))
    assert {row["baseline"], row["candidate"]} <= {
        one["metrics"]["accuracy"]["value"] for one in wanted if one["metrics"]
    }
    assert "it did not end well" in page_at(server, f"/compare?of={points[0]}&of={points[6]}").text
    assert "there is no such run or sweep" in page_at(server, "/compare?of=../../etc&of=b").text
    assert "3 are ticked" in page_at(server, f"/compare?of={points[5]}&of={points[6]}&of={points[7]}").text
    assert "Compare" in page_at(server, "/compare").text


def test_nothing_at_an_address_is_said(server):
    for address in ("/run/abc", "/sweep/abc", "/sweep/abc/def", "/nothing", "/run", "/favicon.ico"):
        assert server.ask(address).status == 404
    assert "all results" in server.ask("/run/abc").text


def test_a_sweep_that_runs_and_one_that_was_left(view, tmp_path):
    lines = sweep_lines(seeds=1)
    (tmp_path / "results.jsonl").write_bytes(b"\n".join(lines[:10]) + b"\n")
    with FolderLock(tmp_path) as lock:
        lock.note(60, 0, 0, 0)
        server = view(tmp_path)
        page = page_at(server)
        assert [given["value"] for name, given in page.elements if name == "progress"] == ["10", "10"]
        assert "running: 10/60 points" in page.text
        (sweep,) = [one for one in links(page, "/sweep/") if one.count("/") == 2]
        assert "resume" not in page_at(server, sweep).text
    until = time.monotonic() + 20
    while "not running" not in server.ask(sweep).text and time.monotonic() < until:
        time.sleep(0.1)
    assert f"a4eval resume {tmp_path}" in page_at(server, sweep).text


def test_an_empty_folder(view, tmp_path):
    assert "No record lies below this folder yet" in page_at(view(tmp_path)).text


def test_it_writes_nothing(view, folder):
    def everything():
        return {
            path: (path.lstat().st_mtime_ns, path.lstat().st_size, path.lstat().st_mode) for path in folder.rglob("*")
        }

    before = everything()
    server = view(folder)
    for address in links(page_at(server), "/"):
        server.ask(address)
    one, two = sweeps(server)
    server.ask(f"/compare?of={one}&of={two}")
    time.sleep(1)
    server.stop()
    assert everything() == before


def events(server, address, since=""):
    connection = server.connect(
        f"GET {address}?since={since} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode()
    )
    file = connection.makefile("rb")
    status = int(file.readline().split()[1])
    assert status == 200

    def following():
        while line := file.readline():
            if line.startswith(b"data: "):
                yield json.loads(line[6:])

    return connection, following()


def test_changes_are_sent_and_nothing_else(view, folder):
    server = view(folder)
    first = server.ask("/").text
    version = re.search(r'id="top" data-version="(\w+)"', first)[1]
    connection, changes = events(server, "/", version)
    time.sleep(0.3)
    records.write(record(run_id="9" * 16, started="2030-01-01T00:00:00+00:00"), folder / "outputs" / "new")
    change = next(changes)
    assert set(change["parts"]) == {"top", "runs"}, "sweeps and failures are as they were"
    assert change["order"] == ["contents", "top", "failed", "sweeps", "runs"]
    assert "outputs/new" in change["parts"]["runs"]
    assert "3 runs" in change["said"]
    assert change["parts"]["runs"] in server.ask("/").text, "what is sent is what the page has"
    connection.close()


def test_all_of_a_page_is_sent_to_whoever_has_another_version(view, folder):
    server = view(folder)
    connection, changes = events(server, "/", "0")
    whole = next(changes)
    assert whole["order"] == ["contents", "top", "failed", "sweeps", "runs"]
    assert {"failed", "sweeps", "runs"} <= set(whole["parts"])
    connection.close()


def test_a_page_that_goes_away_is_told(view, folder):
    server = view(folder)
    (ok, _) = sorted(links(page_at(server), "/run/"), key=lambda one: "shapes" in server.ask(one).text)
    version = re.search(r'id="top" data-version="(\w+)"', server.ask(ok).text)[1]
    connection, changes = events(server, ok, version)
    time.sleep(0.3)
    (folder / "outputs" / "ok" / "result.json").unlink()
    assert "nothing at this address" in next(changes)["gone"]
    connection.close()


def test_what_is_not_read_yet_is_said_to_be_read(folder):
    pages = Pages(Watched(folder))
    assert [one.title for one in pages.content(Asked("/")).sections] == ["Being read"]
    with pytest.raises(DataError, match="still being read"):
        pages.content(Asked("/run/unknown"))
    pages.watched.look()
    assert [one.name for one in pages.content(Asked("/")).sections] == ["failed", "sweeps", "runs"]
    with pytest.raises(DataError, match="any more"):
        pages.content(Asked("/run/unknown"))
    assert pages.content(Asked("/")).seal is pages.content(Asked("/")).seal, "a page is sealed once"
