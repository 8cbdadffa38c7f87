"""The docs say what the code does."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import subprocess
import sys
from dataclasses import fields

import pytest

from a4eval import Result, Run, Value, hookspecs
from a4eval.experiment import Root
from a4eval.plugins import HOOKS

from .fences import PAGES, ROOT

MADE_ON_THE_PAGE = {"accuracy", "two_definitions", "my_metrics/accuracy"}
PLUGINS_PAGE = (ROOT / "docs" / "plugins.md").read_text()


def test_the_hooks_on_the_page_are_those_of_the_code():
    listed = set(re.findall(r"^\| `(a4eval_\w+\([\w, ]*\))`", PLUGINS_PAGE, re.MULTILINE))
    signatures = {f"{name}({', '.join(inspect.signature(getattr(hookspecs, name)).parameters)})" for name in HOOKS}
    assert listed == signatures


def test_the_root_keys_on_the_page_are_those_of_the_code():
    page = (ROOT / "docs" / "configs.md").read_text()
    listed = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(Root.__struct_fields__)


def test_the_fields_on_the_page_are_those_of_the_code():
    listed = re.findall(r"^\| `((?:Value|Result|Run)\.\w+)` \|", PLUGINS_PAGE, re.MULTILINE)
    public = [
        f"{one.__name__}.{field.name}"
        for one in (Value, Result, Run)
        for field in fields(one)
        if not field.name.startswith("_")
    ]
    assert listed == public


def test_the_tutorial_works_as_written(site, tmp_path):
    """Build the plugin of the page from its code blocks and run its experiment."""
    toml, plugin, accuracy, experiment = re.findall(r"```(?:toml|python|yaml)\n(.*?)```", PLUGINS_PAGE, re.DOTALL)
    package = site.folder / "my_metrics"
    (package / "configs" / "experiment").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "configs" / "__init__.py").touch()
    (package / "plugin.py").write_text(plugin)
    (package / "accuracy.py").write_text(accuracy)
    (package / "configs" / "experiment" / "accuracy.yaml").write_text(experiment)
    info = site.folder / "my_metrics-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-metrics\nVersion: 1.0\n")
    entry = re.search(r"\[project\.entry-points\.a4eval\]\n(.*?)\n\n", toml, re.DOTALL).group(1)
    (info / "entry_points.txt").write_text(f"[a4eval]\n{entry.replace(chr(34), '')}\n")
    done = site.run("run", "experiment=accuracy", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.record["metrics"]["accuracy"]["value"] == pytest.approx(2 / 3)
    all_right = site.run("run", "experiment=accuracy", "task.data.predicted=[1,1,1]", cwd=tmp_path)
    assert all_right.record["metrics"]["accuracy"]["value"] == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_experiments_and_commands_named_in_the_docs_exist(page, tmp_path):
    command = [sys.executable, "-m", "a4eval", "experiments", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)  # not among the sources
    known = {one["experiment"] for one in json.loads(done.stdout)} | MADE_ON_THE_PAGE
    for name in re.findall(r"experiment=([\w/]+)\b(?!\()", page.read_text()):
        assert name in known, f"{page.name} names experiment={name}"


def test_the_changelog_knows_the_version():
    from a4eval import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_every_page_has_its_place_on_the_site(page):
    assert f'"docs/{page.stem}"' in (ROOT / "docs" / "site" / "__main__.py").read_text()


def test_the_readme_leads_to_every_page():
    text = (ROOT / "README.md").read_text()
    assert [one.name for one in (ROOT / "docs").glob("*.md") if f"(docs/{one.name})" not in text] == []


@pytest.mark.parametrize("page", sorted((ROOT / "plugins").glob("*/README.md")), ids=lambda page: page.parent.name)
def test_the_tables_of_a_plugin_list_its_components(page):
    listed = []
    for kinds, names in re.findall(r"^\| ([a-z_, ]+) \| (`.*?`) \|", page.read_text(), re.MULTILINE):
        of_kind, named = kinds.split(", "), re.findall(r"`(\w+)`", names)
        listed += zip(of_kind if len(of_kind) == len(named) else of_kind * len(named), named, strict=True)
    plugin = importlib.import_module(f"a4eval_{page.parent.name}.plugin")
    assert sorted(listed) == sorted((one.kind, one.name) for one in plugin.a4eval_components())
