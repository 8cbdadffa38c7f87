"""The site of the docs is made without a warning, holds what the code holds, and asks nobody for anything."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from a4eval import MissingExtraError

for library in ("sphinx", "furo", "myst_parser", "matplotlib", "threadpoolctl"):
    pytest.importorskip(library, reason="pip install 'a4eval[docs]'")

ROOT = Path(__file__).resolve().parent.parent
MAKER = ROOT / "docs" / "site"
OUTSIDE = re.compile(r"(?:https?:)?//")


class Asked(HTMLParser):
    """What a page loads, and where its links lead."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.links, self.ids = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.add(given.get("id"))
        if tag == "a":
            self.links.append(given.get("href") or "")
        elif tag != "form":
            self.loads += [given[key] for key in ("src", "href", "srcset") if given.get(key)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run([sys.executable, MAKER, out], capture_output=True, text=True, check=False, cwd=out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def pages(site):
    return {file: Asked(file.read_text()) for file in site.rglob("*.html")}


def test_nothing_is_loaded_from_elsewhere(site, pages):
    for file, page in pages.items():
        assert not [one for one in page.loads if OUTSIDE.match(one)], file
    for file in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", file.read_text()), file
    assert (site / "searchindex.js").stat().st_size > 10_000
    assert "theme-toggle" in (site / "README.html").read_text()


def test_every_link_within_the_site_leads_somewhere(site, pages):
    for file, page in pages.items():
        for link in page.links:
            path, _, part = link.partition("#")
            if OUTSIDE.match(link) or ":" in path or file.name in ("genindex.html", "search.html"):
                continue
            target = (file.parent / path).resolve() if path else file
            assert target.exists(), f"{file.relative_to(site)}: {link}"
            if part and target in pages:
                assert part in pages[target].ids, f"{file.relative_to(site)}: {link}"


def test_every_public_name_is_in_the_reference(site, pages):
    from importlib import import_module

    sys.path.insert(0, str(MAKER))
    try:
        from reference import PACKAGES
    finally:
        sys.path.remove(str(MAKER))
    plugins = {f"a4eval_{one.name}" for one in (ROOT / "plugins").iterdir() if (one / "pyproject.toml").exists()}
    assert set(PACKAGES) == plugins | {"a4eval", "a4eval.testing"}
    for package in PACKAGES:
        ids = pages[site / "made" / "reference" / f"{package}.html"].ids
        assert {f"{package}.{name}" for name in import_module(package).__all__} <= ids


def test_every_component_has_its_parameters(site):
    from a4eval.config.builder import parameters
    from a4eval.registry import registry

    for one in registry().components():
        text = (site / "made" / "components" / f"{one.component.kind}-{one.component.name}.html").read_text()
        for given in parameters(one.load()):
            assert f'<span class="pre">{given.name}</span>' in text, f"{one.component.name}.{given.name}"


def test_every_key_of_a_record_is_on_its_page(site):
    from a4eval.runs.record import json_schema

    text = (site / "made" / "record.html").read_text()
    for one in json_schema()["$defs"].values():
        assert all(f'<span class="pre">{key}</span>' in text for key in one["properties"])


def test_the_gallery_shows_what_experiments_draw(site):
    text = (site / "made" / "gallery.html").read_text()
    assert len(re.findall("<img", text)) > 20
    assert "assignment4/q5_l2_vs_iou" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[gone](docs/gone.md)", "docs/gone.md"),
        ("[gone](other.md#no-such-heading)", "no-such-heading"),
        ("![gone](gone.png)", "gone.png"),
        ("nothing", "other.md: WARNING: document isn't included in any toctree"),
    ],
)
def test_what_is_broken_ends_it(tmp_path, text, words):
    source = tmp_path / "source"
    source.mkdir()
    listed = "" if text == "nothing" else "\n```{toctree}\nother\n```\n"
    (source / "README.md").write_text(f"# Front\n\n{text}\n{listed}")
    (source / "other.md").write_text("# Other\n")
    code = (
        f"import sys, runpy; sys.path.insert(0, {str(MAKER)!r}); from pathlib import Path;"
        f"build = runpy.run_path({str(MAKER / '__main__.py')!r})['build'];"
        f"sys.exit(build(Path({str(source)!r}), Path({str(tmp_path / 'out')!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, words in done.stderr) == (1, True), done.stderr


def test_no_large_file_is_kept_for_it():
    assert sum(file.stat().st_size for file in MAKER.rglob("*") if file.is_file() and file.suffix != ".pyc") < 300_000


def test_an_experiment_whose_extra_is_missing_is_named_with_it(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(MAKER))
    import gallery

    def missing(*arguments, **keywords):
        raise MissingExtraError("torchmetrics", "a4eval-frameworks[torchmetrics]")

    monkeypatch.setattr(gallery, "experiments", lambda _: [SimpleNamespace(name="a/b", description="what it asks")])
    monkeypatch.setattr(gallery, "_shown", missing)
    gallery.write(tmp_path)
    needs = "this needs torchmetrics: pip install 'a4eval-frameworks[torchmetrics]'"
    assert f"- ``a/b`` ({needs}): what it asks\n" in (tmp_path / "gallery.rst").read_text()
