"""Every block of Python on a page runs, from the top of its page down, and prints what it is said to print."""

from __future__ import annotations

import doctest
import json
import re
import sys

import pytest

from .fences import PAGES, ROOT

ELSEWHERE = {
    "docs/plugins.md": "tests/test_docs.py builds the plugin of the page",
    "docs/hydra-apps.md": "tests/apps/test_page.py starts its program",
    "docs/your-own-layer.md": "plugins/frameworks/tests/test_your_own_layer.py imports its files",
    "docs/python.md": "tests/api/test_page.py runs it, with pandas, polars and DuckDB",
}
"""Pages whose blocks are files or need more than Python, and the test of each."""
BLOCK = re.compile(r"^```(python|pycon|py)\n(.*?)^```", re.DOTALL | re.MULTILINE)
DO_SOMETHING = {"evaluate", "accumulate", "summarize"}
"""Methods that return nothing, of pycocotools' own names."""


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def with_code():
    return [page for page in PAGES if BLOCK.search(page.read_text()) and name_of(page) not in ELSEWHERE]


@pytest.fixture
def detections(tmp_path):
    """Files of one image, of which the one detection is right."""
    truth = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "area": 400, "iscrowd": 0}
    content = {
        "images": [{"id": 1, "width": 90, "height": 90}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [truth],
    }
    (tmp_path / "instances.json").write_text(json.dumps(content))
    found = {"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "score": 0.5}
    (tmp_path / "results.json").write_text(json.dumps([found]))


@pytest.mark.parametrize("page", with_code(), ids=name_of)
def test_the_code_of_a_page(page, detections, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(page.read_text())
    for library in ("torch", "keras", "jax"):
        if any(re.search(rf"^\s*(import|from) {library}\b", text, re.MULTILINE) for _, text in blocks):
            pytest.importorskip(library, reason=f"pip install {library}")
    names = {"__name__": "page"}
    monkeypatch.setitem(sys.modules, "page", type(sys)("page"))  # where dataclasses look for their types
    for kind, text in blocks:
        if kind == "pycon":
            said = []
            test = doctest.DocTestParser().get_doctest(text, names, page.name, str(page), 0)
            test.globs = names
            doctest.DocTestRunner().run(test, out=said.append, clear_globs=False)
            assert said == [], "".join(said)
        else:
            exec(compile(text, name_of(page), "exec"), names)


def test_every_page_that_is_left_out_has_a_test_of_its_own():
    for page, where in ELSEWHERE.items():
        assert BLOCK.search((ROOT / page).read_text()), f"{page} has no code any more"
        assert (ROOT / where.partition(" ")[0]).exists(), where


def test_an_expression_shows_its_value():
    """A line that only computes something tells a reader nothing: it is a doctest, which shows the value."""
    import ast

    def tells(node):
        call = node.value
        return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in DO_SOMETHING

    for page in with_code():
        for kind, text in BLOCK.findall(page.read_text()):
            lines = [] if kind == "pycon" else ast.parse(text).body
            bare = [one for one in lines if isinstance(one, ast.Expr) and not tells(one)]
            assert not bare, f"{name_of(page)}: {ast.unparse(bare[0])}"
