"""Sections of plugins, and what a notebook shows."""

from __future__ import annotations

import msgspec
import pytest

import a4eval
from a4eval.journal.views import Row
from a4eval.results.report.notebook import charts_html, points_html
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


def test_a_record_in_a_notebook(tmp_path):
    records.write(record(), tmp_path)
    html = a4eval.load(tmp_path)[0]._repr_html_()
    page = read_page(html)
    assert "AP by class" in page.text
    assert [name for name, _ in page.elements].count("svg") == 1
    assert "<script" not in html
    assert not page.addresses()
    assert charts_html(record(charts={})) == ""


def test_records_in_a_notebook(sweep_folder):
    html = a4eval.load(sweep_folder)._repr_html_()
    page = read_page(html)
    assert "accuracy by task.cell" in page.text
    assert "<script" not in html
    rows = [msgspec.json.decode(line, type=Row) for line in sweep_lines(seeds=2)]
    assert "loss by task.cell" in read_page(points_html(rows, metric="loss")).text
