"""The page: its numbers are the record's, what a stranger's record holds is text, and nothing leaves it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re

import pytest

from a4eval import DataError
from a4eval.results.report.build import report, write
from a4eval.runs import record as records

from ...pages import read_page, record, sweep_lines

ATTACK = "</script></style><img src=x onerror=alert(1)>\"'><b>&amp; \x1b[31m \u202e https://example.org/x"


def page_of(folder, **given):
    records.write(record(**given), folder)
    return report([folder], folder / "report.html")


def number(value):
    return (
        {"NaN": "NaN", None: "", True: "True", False: "False"}.get(value, value)
        if not isinstance(value, float)
        else value
    )


def test_every_number_of_the_page_is_the_records(tmp_path):
    content = page_of(tmp_path)
    page, wanted = read_page(content), record()
    header, *rows = page.tables["classes"]
    assert header == ["class", "AP", "truths", "seen"]
    for row, given in zip(rows, wanted.tables["classes"], strict=True):
        found = dict(zip(header, row, strict=True))
        assert found["class"] == given["class"]
        assert found["seen"] == str(given["seen"])
        assert int(found["truths"]) == given["truths"]
        exact = given["AP"]
        assert found["AP"] == ("" if exact is None else exact) or float(found["AP"]) == exact
    metrics = {row[0]: row for row in page.tables["metrics"][1:]}
    assert metrics["AP"][1] == wanted.metrics["AP"].value
    assert metrics["loss"][1] == "NaN"
    assert metrics["length"][1] == wanted.metrics["length"].value
    assert "95% [0.1, 0.2]" in metrics["AP"]
    given = [(one.interval.low, one.interval.high) for one in wanted.metrics.values() if one.interval]
    ends = [tuple(map(float, one.split())) for one in re.findall(r'<data value="([^"]+)">', content)]
    assert ends == given, "all digits of the intervals"


def test_the_marks_of_a_chart_say_what_the_rows_say(tmp_path):
    svg = re.search(r"<figure.*?<svg.*?</svg>", page_of(tmp_path), re.DOTALL)[0]
    said = dict(re.findall(r"data-row=(\d+)><title>(.*?)</title>", svg, re.DOTALL))
    assert said["0"] == "AP: 0.3333\nclass: a"
    assert set(said) == {"0", "1", "3", "4", "5", "7"}, "NaN and None have no bar"


def test_what_was_run_and_how_to_run_it_again(tmp_path):
    text = page_of(tmp_path)
    page = read_page(text)
    assert "a4eval run experiment=detection/report 'task.data.path=my file.json'" in page.text
    for wanted in (
        "a" * 64,
        "f" * 40,
        "lr: 0.1",
        "a doubt",
        "What is asked.",
        "numpy",
        "with changes that are not committed",
    ):
        assert wanted in page.text
    order = [text.index(f'id="{name}"') for name in ("numbers", "warnings", "charts", "tables", "run", "environment")]
    assert order == sorted(order), "numbers first"


def test_a_failure_comes_first(tmp_path):
    error = records.ErrorRecord("ValueError", "it went wrong", "Traceback (most recent call last): …")
    verdict = records.VerdictRecord("failed", ["AP is worse"])
    text = page_of(tmp_path, status="failed", error=error, verdict=verdict)
    assert text.index("it went wrong") < text.index("AP is worse") < text.index('id="numbers"')
    assert '<span class="badge bad">failed</span>' in text


def test_a_page_has_no_dead_ends_and_no_id_twice(tmp_path):
    page = read_page(page_of(tmp_path))
    assert len(page.ids) == len(set(page.ids))
    for address in page.addresses():
        assert address.startswith("#")
        assert address[1:] in page.ids


def attacked():
    chart = {
        "title": ATTACK.replace("https:", ""),
        "data": {"name": ATTACK},
        "mark": "bar",
        "encoding": {"x": {"field": "n", "type": "quantitative"}, "y": {"field": ATTACK}},
    }
    metric = records.MetricRecord(1.5, ATTACK, True, 1, records.IntervalRecord(0.95, 1.0, 2.0, ATTACK))
    return {
        "run_id": ATTACK,
        "experiment": ATTACK,
        "config": {"description": ATTACK, ATTACK: {ATTACK: ATTACK}},
        "overrides": [ATTACK],
        "components": [records.ComponentRecord(ATTACK, ATTACK, 1, ATTACK, ATTACK, ATTACK)],
        "metrics": {ATTACK: metric},
        "tables": {ATTACK: [{ATTACK: ATTACK, "n": 1}, {ATTACK: "b", "n": 2}]},
        "charts": {ATTACK: chart, "url": {"data": {"url": "https://example.org/x"}}, "none": {"mark": 3}},
        "data": [records.FileRecord(ATTACK, "a" * 64, 1)],
        "environment": records.EnvironmentRecord(
            ATTACK, ATTACK, 1, {ATTACK: ATTACK}, {ATTACK: ATTACK}, {ATTACK: ATTACK}
        ),
        "git": records.GitRecord(ATTACK, False),
        "executor": records.ExecutorRecord(ATTACK, ATTACK, 1),
        "warnings": [ATTACK],
        "verdict": records.VerdictRecord("failed", [ATTACK]),
        "error": records.ErrorRecord(ATTACK, ATTACK, ATTACK),
        "artifacts": [
            records.FileRecord("javascript:alert(1)", "a" * 64, 1),
            records.FileRecord("../../../etc/passwd", "a" * 64, 1),
            records.FileRecord("/etc/passwd", "a" * 64, 1),
            records.FileRecord(f"{ATTACK}.png", "a" * 64, 1),
        ],
    }


def test_whatever_a_record_holds_is_text(tmp_path):
    text = page_of(tmp_path, **attacked())
    page = read_page(text)
    ours = read_page(page_of(tmp_path / "ours"))
    assert {name for name, _ in page.elements} <= {name for name, _ in ours.elements} | {
        "strong",
        "line",
        "circle",
        "path",
    }
    assert text.count("<script>") == 1
    for name, given in page.elements:
        assert not [key for key in given if key.startswith("on") or key == "style"], (name, given)
    for address in page.addresses():
        assert re.match(r"#|\./", address), address
        assert ".." not in address
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "this chart is not drawn: data.url: is refused" in page.text


def test_the_policy_lets_in_our_style_and_script_and_nothing_else(tmp_path):
    text = page_of(tmp_path)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    hashes = {}
    for name in ("style", "script"):
        content = re.search(f"<{name}>(.*?)</{name}>", text, re.DOTALL)[1]
        hashes[name] = "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src '{hashes['style']}'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"script-src '{hashes['script']}'"
    )
    assert not re.search(r"url\(|@import", text)


def test_without_scripts_there_is_none(tmp_path):
    records.write(record(), tmp_path)
    text = report([tmp_path], None, scripts=False)
    assert "<script" not in text
    assert "script-src 'none'" in text
    assert read_page(text).tables["classes"]


def test_pictures_are_those_the_record_means(tmp_path):
    content = b"\x89PNG not really"
    digest = hashlib.sha256(content).hexdigest()
    for name in ("right.png", "changed.png", "by_class.png"):
        (tmp_path / name).write_bytes(content)
    (tmp_path.parent / "outside.png").write_bytes(content)
    (tmp_path / "link.png").symlink_to(tmp_path.parent / "outside.png")
    with (tmp_path / "endless.png").open("wb") as file:
        file.truncate(1 << 42)
    listed = [
        records.FileRecord("endless.png", digest, len(content)),
        records.FileRecord("right.png", digest, len(content)),
        records.FileRecord("changed.png", "0" * 64, len(content)),
        records.FileRecord("by_class.png", digest, len(content)),
        records.FileRecord("link.png", digest, len(content)),
        records.FileRecord("../outside.png", digest, len(content)),
        records.FileRecord("gone.png", digest, len(content)),
        records.FileRecord("large.png", digest, 10**9),
    ]
    log = records.FileRecord("log.txt", digest, len(content))
    page = read_page(page_of(tmp_path, artifacts=listed, log=log))
    images = [given for name, given in page.elements if name == "img"]
    assert [one["alt"] for one in images] == ["picture right"]
    assert base64.b64decode(images[0]["src"].partition(",")[2]) == content
    assert [one for one in page.addresses() if one.startswith("./")] == [
        f"./{one.path}" for one in [*listed, log] if ".." not in one.path
    ]


def test_a_report_takes_the_place_of_a_report_only(tmp_path):
    text = page_of(tmp_path)
    out = tmp_path / "out.html"
    assert write(text, out) is False
    assert write(text, out) is True
    assert out.read_text() == text
    (tmp_path / "mine.html").write_text("<html>mine</html>")
    with pytest.raises(DataError, match="is there already and is no report of a4eval; choose another name with -o"):
        write(text, tmp_path / "mine.html")
    with pytest.raises(DataError, match="cannot be written"):
        write(text, tmp_path / "no" / "folder.html")


def test_several_records_and_a_sweep_share_a_page(tmp_path, sweep_folder):
    for name, value in (("one", 0.25), ("two", 0.75)):
        metrics = {"AP": records.MetricRecord(value, "1", True, 10, None)}
        records.write(record(run_id=name * 4, seed=len(name), metrics=metrics), tmp_path / name)
    page = read_page(report([tmp_path / "one", tmp_path / "two", sweep_folder], tmp_path / "r.html"))
    assert len(page.ids) == len(set(page.ids))
    assert {address[1:] for address in page.addresses() if address.startswith("#")} <= set(page.ids)
    assert "3 results" in page.text
    assert len(page.tables["points"]) > 300


@pytest.mark.parametrize("text", ["", "{}", "[1]", "no JSON"])
def test_what_is_no_record_is_refused_in_a_line(tmp_path, text):
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(DataError, match="is no record of a run"):
        report([tmp_path], None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no record of a4eval here"):
        report([tmp_path / "empty"], None)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_integer_that_no_float_can_hold(tmp_path, sign):
    """The page is made, and takes it for infinite, as a list of records does."""
    records.write(record(), tmp_path)
    held = json.loads((tmp_path / "result.json").read_bytes())
    held["tables"]["classes"][1]["AP"] = held["metrics"]["AP"]["value"] = sign * 10**400
    (tmp_path / "result.json").write_text(json.dumps(held))
    page = read_page(report([tmp_path], None))
    shown = "inf" if sign > 0 else "−inf"
    assert page.tables["classes"][2][1] == shown
    assert next(row for row in page.tables["metrics"] if row[0] == "AP")[1] == shown


def test_ten_thousand_points_are_sampled_and_that_is_said(tmp_path):
    lines = sweep_lines(seeds=167, fail=3)
    (tmp_path / "results.jsonl").write_bytes(b"\n".join(lines))
    assert len(lines) > 10_000
    text = report([tmp_path], None)
    assert len(text.encode()) < 5_000_000
    page = read_page(text)
    assert "10,020 points are shown, evenly spread, and those that failed" in page.text
    assert {"#run-0000000000000000", "#run-0000000000000002"} <= set(page.addresses()), "what failed is there"


def test_of_a_very_long_table_the_first_rows_are_shown_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("a4eval.results.report.tables.MOST", 30)
    page = read_page(
        page_of(tmp_path, tables={"long": [{"row": place, "value": place / 3} for place in range(40)]}, charts={})
    )
    assert [row[0] for row in page.tables["long"][1:]] == [str(place) for place in range(15)]
    assert "40 rows, 2 columns; the first 15 are shown, all are in the record" in page.text


def test_the_command(cli, tmp_path):
    records.write(record(), tmp_path / "run")
    done = cli("report", "run")
    assert (done.code, done.out, done.err) == (0, "report.html\n", "")
    again = cli("report", "run")
    assert again.err == "report.html: takes the place of the report that was there; -o FILE gives another name\n"
    assert read_page((tmp_path / "report.html").read_text()).tables["classes"]
    printed = cli("report", "run", "-o", "-")
    assert printed.out.startswith("<!doctype html>")
    assert cli("report", "run", "--margin", "AP=0.1").code == 2
    assert cli("report", "nowhere").code == 2


def swept(tmp_path, lines, change=lambda one: one):
    """Return the page of a sweep, each of whose records was changed."""
    text = b"\n".join(json.dumps(change(json.loads(line))).encode() for line in lines)
    (tmp_path / "results.jsonl").write_bytes(text)
    return read_page(report([tmp_path], None))


def test_a_sweep_says_how_to_run_it_again_on_what_and_with_what(tmp_path):
    lines = sweep_lines(seeds=2, fail=0)
    page = swept(tmp_path, lines, lambda one: {**one, "data": [{"path": "words.txt", "sha256": "b" * 64, "bytes": 7}]})
    program, *overrides = next(one for one in page.words if one.startswith("a4eval run -m ")).split(" -m ")
    assert program == "a4eval run"
    axes = [override.partition("=")[::2] for override in overrides[0].split()]
    grid = {
        tuple(f"{key}={value}" for (key, _), value in zip(axes, values, strict=True))
        for values in itertools.product(*(values.split(",") for _, values in axes))
    }
    assert {tuple(sorted(one)) for one in grid} == {tuple(sorted(json.loads(line)["overrides"])) for line in lines}
    assert page.tables["data files"][1:] == [["words.txt", "b" * 64, "7"]]
    assert page.tables["components"][1][:2] == ["task", "evaluate"]
    assert ["Python", "3.11"] in page.tables["environment"]
    assert f"git commit  {'f' * 40}" in page.text


def test_of_points_that_are_no_whole_grid_no_command_is_made_up(tmp_path):
    page = swept(tmp_path, sweep_lines(seeds=2, fail=0)[:-1])
    assert not [one for one in page.words if one.startswith("a4eval run -m ")]
    assert page.tables["components"], "what is known is said"


def test_points_without_a_number_are_counted_and_a_sweep_of_them_says_why_it_has_no_charts(tmp_path):
    def without(count):
        places = iter(range(1000))

        def change(one):
            if next(places) < count:
                one["metrics"]["accuracy"]["value"] = "NaN"
            del one["metrics"]["loss"]  # else the charts are of that
            return one

        return change

    lines = sweep_lines(seeds=2, fail=0)
    assert "accuracy is NaN" not in swept(tmp_path, lines, without(0)).text
    some = swept(tmp_path, lines, without(3))
    assert f"accuracy is NaN, infinite or not there at 3 of {len(lines)} points that ended well, which the" in some.text
    assert [given for tag, given in some.elements if tag == "svg"]
    none = swept(tmp_path, lines, without(1000))
    assert "accuracy is NaN, infinite or not there at every point that ended well, so there is nothing" in none.text


def test_a_table_that_fits_a_screen_does_not_scroll(tmp_path):
    tables = {f"of {count}": [{"row": place} for place in range(count)] for count in (30, 31)}
    page = read_page(page_of(tmp_path, tables=tables, charts={}))
    boxes = {given["aria-label"]: given["class"] for tag, given in page.elements if given.get("role") == "group"}
    assert (boxes["of 30, table"], boxes["of 31, table"]) == ("box", "box tall")


def test_the_command_writes_where_nothing_is_yet(tmp_path):
    """Where the run wrote it would be refused: its record is there."""
    page = read_page(page_of(tmp_path, overrides=["experiment=a", "hydra.run.dir=/tmp/there", "seed=1"]))
    assert "a4eval run experiment=a seed=1" in page.words


def test_a_comparison_of_two_runs_says_what_keeps_a_difference_undecided(tmp_path):
    for name, value in (("one", 0.5), ("two", 0.25)):
        metrics = {"AP": records.MetricRecord(value, "1", True, 100, None)}
        records.write(record(run_id=name[0] * 16, metrics=metrics, config={"name": name}), tmp_path / name)
    paths = [tmp_path / name for name in ("one", "two")]
    page = read_page(report(paths, None, baseline=paths[0]))
    assert " since there are no resamples to judge it by: AP" in page.words
    assert page.tables["points"], "both are there"
    assert not [given for _, given in page.elements if given.get("id") in ("all-charts", "all-best")], "of two"


def test_the_head_says_what_was_asked_and_of_which_files_but_not_what_to_give(tmp_path):
    config = {"description": "How good is it?  Give task.data.path=FILE and task.other=FILE."}
    files = [records.FileRecord(f"/data/{name}", "a" * 64, 1) for name in ("a.json", "b.json", "c.json", "d.json")]
    page = read_page(page_of(tmp_path, config=config, data=files))
    assert "How good is it?" in page.words
    assert "data a.json, b.json, c.json and 1 more" in page.words
