"""Sections of plugins, and what a notebook shows."""

from __future__ import annotations

import msgspec
import pytest

from a4eval.journal.views import Row
from a4eval.results.report.notebook import record_html, records_html
from a4eval.runs import record as records

from ...pages import read_page, record, sweep_lines

GOOD = """
from a4eval import ReportSection, hookimpl
A4EVAL_API = 1

@hookimpl
def a4eval_report_sections(record):
    record["metrics"].clear()
    rows = [{"name": name, "rows": len(table)} for name, table in record["tables"].items()]
    chart = {"title": "Rows <b>of</b> tables", "data": {"name": "sizes"}, "mark": "bar",
             "encoding": {"x": {"field": "rows", "type": "quantitative"}, "y": {"field": "name"}}}
    yield ReportSection("My <i>panel</i>", "One.\\n\\n<script>two</script>", {"sizes": rows}, {"c": chart})
"""
BAD = """
from a4eval import ReportSection, hookimpl
A4EVAL_API = 1

@hookimpl
def a4eval_report_sections(record):
    BODY
"""


def test_a_plugin_puts_a_section_into_the_page(site, tmp_path):
    site.add("good-panel", GOOD)
    records.write(record(), tmp_path / "run")
    done = site.run("report", str(tmp_path / "run"), "-o", "-")
    assert done.code == 0, done.err
    page = read_page(done.out)
    assert "My <i>panel</i>" in page.text
    assert "<script>two</script>" in page.text
    assert done.out.count("<script>") == 1
    assert page.tables["sizes"] == [["name", "rows"], ["classes", "8"], ["empty", "0"]]
    assert page.tables["metrics"][1][0] == "AP", "the plugin was given a copy"
    assert done.out.index('id="charts"') < done.out.index('id="p-good_panel-0"') < done.out.index('id="tables"')


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise SystemExit('away')", "SystemExit: away"),
        ("return [1 / 0]", "ZeroDivisionError"),
        ("return ['<b>markup</b>']", "TypeError: got str, expected an a4eval.ReportSection"),
        ("return [ReportSection('x', tables={'t': [{'a': [1]}]})]", "ValidationError"),
        ("return 3", "TypeError"),
    ],
)
def test_a_section_that_fails_breaks_itself_alone(site, tmp_path, body, said):
    site.add("bad-panel", BAD.replace("BODY", body))
    site.add("good-panel", GOOD)
    records.write(record(), tmp_path / "run")
    done = site.run("report", str(tmp_path / "run"), "-o", "-")
    assert done.code == 0, done.err
    page = read_page(done.out)
    assert "The plugin bad_panel was to give a section here, and failed" in page.text
    assert said in page.text
    assert "My <i>panel</i>" in page.text
    assert page.tables["classes"]


def test_a_chart_of_a_section_is_checked(site, tmp_path):
    site.add("good-panel", GOOD.replace('"mark": "bar"', '"mark": "image"'))
    records.write(record(), tmp_path / "run")
    assert (
        "is refused: it would load something"
        in read_page(site.run("report", str(tmp_path / "run"), "-o", "-").out).text
    )


def test_a_record_in_a_notebook():
    html = record_html(record())
    page = read_page(html)
    assert page.tables["metrics"][1][:2] == ["AP", 0.123456789012345]
    assert "AP by class" in page.text
    assert [name for name, _ in page.elements].count("svg") >= 1
    assert "<script" not in html
    assert not page.addresses()


def test_records_in_a_notebook():
    rows = [msgspec.json.decode(line, type=Row) for line in sweep_lines(seeds=2)]
    html = records_html(rows)
    page = read_page(html)
    assert len(page.tables["points"]) == 121
    assert "accuracy by task.cell" in page.text
    assert "<script" not in html
    assert "loss by task.cell" in read_page(records_html(rows, metric="loss")).text
