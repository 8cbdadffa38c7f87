"""Plugins are found, isolated and listed."""

from __future__ import annotations

import json
import re

import pytest

from .conftest import STRANGER

HEAD = "from a4eval import Component, hookimpl\nA4EVAL_API = 1\n"

BROKEN = {
    "raises": ("raise KeyError('no such luck')", "KeyError: 'no such luck'"),
    "exits": ("import sys\nsys.exit(3)", "SystemExit: 3"),
    "syntax": ("def (", "SyntaxError: invalid syntax"),
    "needs-torchx": ("import torchx", "ModuleNotFoundError: No module named 'torchx'"),
    "future": ("A4EVAL_API = 99", "future is written for API 99; this a4eval has API 1"),
    "silent": ("", "silent states no A4EVAL_API; this a4eval has API 1"),
    "misspelt": (
        HEAD + "@hookimpl\ndef a4eval_componets():\n    return []\n",
        "misspelt implements an unknown hook 'a4eval_componets'; did you mean 'a4eval_components'?",
    ),
    "unmarked": (HEAD + "def a4eval_components():\n    return []\n", "unmarked:a4eval_components lacks the decorator"),
    "extra-argument": (HEAD + "@hookimpl\ndef a4eval_components(x):\n    return []\n", "PluginValidationError"),
    "hook-raises": (HEAD + "@hookimpl\ndef a4eval_components():\n    return [1 / 0]\n", "ZeroDivisionError"),
    "no-name": (
        HEAD + "@hookimpl\ndef a4eval_components():\n"
        "    return [Component(kind='metric', name='hit rate', factory='m:M')]\n",
        "it brings metric 'hit rate', whose name is no name: letters, digits and _, and no digit first",
    ),
    "no-kind": (
        HEAD + "@hookimpl\ndef a4eval_components():\n    return [Component(kind='', name='m', factory='m:M')]\n",
        "whose kind is no name",
    ),
    "not-components": (
        HEAD + "@hookimpl\ndef a4eval_components():\n    return ['x']\n",
        "must return a4eval.Component objects, got 'x'",
    ),
    "twice": (
        HEAD
        + "@hookimpl\ndef a4eval_components():\n    return [Component(kind='metric', name='m', factory='m:M')] * 2\n",
        "it brings the metric 'm' twice",
    ),
    "no-configs": (
        HEAD + "@hookimpl\ndef a4eval_config_packages():\n    return ['no_such_package']\n",
        "its config package 'no_such_package' cannot be found",
    ),
}


@pytest.mark.parametrize(("code", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_named_and_the_others_work(site, code, reason, request):
    name = request.node.callspec.id
    site.add(name, code)
    listed = {one["plugin"]: one for one in json.loads(site.run("plugins", "--json").out)}
    broken = listed[name.replace("-", "_")]
    assert broken["state"] == "broken"
    assert reason in broken["reason"]
    assert "\n" not in broken["reason"]
    own = str(site.folder / f"{name.replace('-', '_')}.py")
    assert broken["where"].startswith(own), broken["where"]
    assert listed["stranger"]["state"] == listed["a4eval"]["state"] == "active"


DEEP = """from a4eval import hookimpl
A4EVAL_API = 1


def table():
    return dict(one=int("two"))


@hookimpl
def a4eval_components():
    import json

    return json.loads("[]", object_hook=None) or [table()]
"""


def test_sources_in_the_way_of_what_is_installed_are_told(site, tmp_path):
    """``python -m a4eval`` looks into the folder it is called in first: sources there may lack what a wheel holds."""
    code = HEAD + "@hookimpl\ndef a4eval_config_packages():\n    return ['study.configs']\n"
    for folder in (site.folder / "study", tmp_path / "sources" / "study"):
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "plugin.py").write_text(code)
    (site.folder / "study" / "configs").mkdir()
    (site.folder / "study" / "configs" / "__init__.py").touch()
    info = site.folder / "study-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: study\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[a4eval]\nstudy = study.plugin\n")
    assert site.run("plugins", "--strict-plugins").code == 0
    done = site.run("plugins", "--strict-plugins", cwd=tmp_path / "sources")
    assert done.code == 2
    assert f"cannot be found: {tmp_path}/sources/study/plugin.py was imported, not {site.folder}/study; " in done.out


def test_where_a_plugin_broke_is_the_last_line_of_its_own_code(site):
    site.add("deep", DEEP)
    (row,) = (one for one in json.loads(site.run("plugins", "--json").out) if one["plugin"] == "deep")
    assert row["where"] == f"{site.folder / 'deep.py'}, line 6"
    listed = site.run("plugins").out
    assert "deep is broken: ValueError: invalid literal for int() with base 10: 'two'\n" in listed
    assert f"  in {site.folder / 'deep.py'}, line 6; `a4eval plugins --traceback deep` shows all\n" in listed


def test_a_traceback_is_shown_whole_when_asked_for(site):
    site.add("deep", DEEP)
    shown = site.run("plugins", "--traceback", "deep")
    assert shown.code == 0
    assert shown.out.startswith("Traceback (most recent call last):\n")
    assert 'deep.py", line 6, in table' in shown.out
    assert shown.out.endswith("ValueError: invalid literal for int() with base 10: 'two'\n")
    assert site.run("plugins", "--traceback", "stranger").out == "plugin 'stranger' is active: there is no traceback\n"
    none = site.run("plugins", "--traceback", "deap")
    assert (none.code, none.err) == (
        2, "a4eval: error: --traceback: there is no plugin 'deap'; did you mean 'deep'?\n",
    )  # fmt: skip


def test_the_name_of_a_plugin_is_a_name(site):
    site.add("odd", HEAD, entry="odd-name")
    (row,) = (one for one in json.loads(site.run("plugins", "--json").out) if one["plugin"] == "odd-name")
    assert row["reason"] == "its name 'odd-name' is no name: letters, digits and _, and no digit first"


def test_an_unknown_kind_next_to_a_known_one_is_a_word(site, tmp_path):
    site.add(
        "plural",
        HEAD + "@hookimpl\ndef a4eval_components():\n    return [\n"
        "        Component(kind='metrics', name='tails', factory='m:M'),\n"
        "        Component(kind='similarity_of_strings', name='edits', factory='m:M')]\n",
    )
    word = (
        "a4eval: warning: plugin 'plural' brings components of the kind 'metrics', which nobody else knows; "
        "did you mean 'metric'?\n"
    )
    listed = site.run("plugins")
    assert (listed.code, listed.err) == (0, word)
    done = site.run("run", "experiment=stranger/heads", "task.metrics.heads=tails", cwd=tmp_path)
    assert done.code == 2
    there = "there is a metrics of that name in plugin 'plural'"
    assert done.err.startswith(f"{word}a4eval: error: task.metrics.heads.name: no metric 'tails'; {there}")


def test_an_unknown_name_in_a4eval_disable_is_a_word(site, tmp_path):
    done = site.run("run", "experiment=stranger/heads", cwd=tmp_path, A4EVAL_DISABLE="strangr,,")
    assert done.code == 0
    assert done.err == "a4eval: warning: A4EVAL_DISABLE names 'strangr', which is no plugin; did you mean 'stranger'?\n"
    assert site.run("plugins", A4EVAL_DISABLE="stranger").err == ""


def test_one_experiment_of_two_plugins_is_a_word_and_the_first_is_taken(site, tmp_path):
    for name, seed in (("aaa", 1), ("zzz", 2)):
        configs = site.folder / f"{name}_configs" / "experiment" / "stranger"
        configs.mkdir(parents=True)
        (site.folder / f"{name}_configs" / "__init__.py").touch()
        heads = STRANGER / "a4eval_stranger" / "configs" / "experiment" / "stranger" / "heads.yaml"
        (configs / "heads.yaml").write_text(f"{heads.read_text()}\nseed: {seed}\n")
        site.add(name, HEAD + f"@hookimpl\ndef a4eval_config_packages():\n    return ['{name}_configs']\n")
    done = site.run("run", "experiment=stranger/heads", cwd=tmp_path)
    assert done.err == (
        "a4eval: warning: experiment 'stranger/heads' is brought by the plugins 'aaa' and 'stranger' and 'zzz'; "
        "that of 'aaa' is taken\n"
    )
    assert done.record["config"]["seed"] == 1


@pytest.mark.parametrize(
    ("kind", "overrides", "lacks"),
    [
        (
            "metric",
            "experiment=stranger/heads task.metrics.heads=half",
            "names, update; a metric has batch, compute, merge, names, update",
        ),
        ("reader", "task.name=check_reader task.data=half", "sources; a reader has batch, batches, sources"),
        ("task", "task.name=half", "run; a task has run"),
        ("layer", "task.name=check_layer task.layer=half", "backward; a layer has backward, example, forward, init"),
    ],
)
def test_a_missing_method_is_blamed_on_the_component_that_lacks_it(site, tmp_path, kind, overrides, lacks):
    site.add(
        "half",
        HEAD + "from dataclasses import dataclass\n\n@dataclass\nclass Half:\n    batch = 'flips'\n"
        f"    def run(self, run): ...\n    {'del run' if kind == 'task' else ''}\n"
        "    def batches(self, run): ...\n    def merge(self, other): ...\n    def compute(self, weights=None): ...\n"
        "    def example(self, rng): ...\n    def init(self, rng): ...\n    def forward(self, params, x): ...\n"
        "@hookimpl\ndef a4eval_components():\n"
        f"    return [Component(kind='{kind}', name='half', factory='half:Half')]\n",
    )
    done = site.run("run", *overrides.split(), cwd=tmp_path)
    assert done.code == 2
    assert f"{kind} 'half' of plugin 'half' lacks {lacks}" in done.err
    assert not {"evaluate", "check_layer", "check_reader"} & set(done.err.replace("'", " ").split())


def test_everyone_else_still_runs_beside_all_the_broken_ones(site, tmp_path):
    for name, (code, _) in BROKEN.items():
        site.add(name, code)
    done = site.run("run", "experiment=stranger/heads", cwd=tmp_path)
    assert done.code == 0
    assert done.record["metrics"]["heads"]["value"] == 0.6
    warned = [line for line in done.err.splitlines() if line.startswith("a4eval: warning: plugin ")]
    assert len(warned) == len(BROKEN)
    strict = site.run("run", "experiment=stranger/heads", "--strict-plugins", cwd=tmp_path)
    assert strict.code == 2
    assert strict.err.startswith("a4eval: error: plugin 'exits' of exits 1.0 is broken: SystemExit: 3")
    assert site.run("plugins", "--strict-plugins").code == 2


def test_a_second_plugin_of_the_same_name_is_broken(site):
    site.add("aaa-first", HEAD, entry="same")
    site.add("bbb-second", HEAD, entry="same")
    states = [(one["distribution"], one["state"]) for one in json.loads(site.run("plugins", "--json").out)]
    assert ("aaa-first", "active") in states
    assert ("bbb-second", "broken") in states


def test_two_providers_of_one_name_must_be_told_apart(site, tmp_path):
    site.add(
        "rival",
        HEAD + "@hookimpl\ndef a4eval_components():\n"
        "    return [Component(kind='metric', name='heads', factory='a4eval_stranger.coin:Heads')]\n",
    )
    done = site.run("run", "experiment=stranger/heads", cwd=tmp_path)
    assert done.code == 2
    expected = "metric 'heads' is brought by more than one plugin; write rival/heads or stranger/heads"
    assert done.err.startswith(
        f"a4eval: error: task.metrics.heads.name: {expected} (in experiment stranger/heads, line "
    )
    qualified = site.run("run", "experiment=stranger/heads", "task.metrics.heads=rival/heads", cwd=tmp_path)
    assert qualified.code == 0
    assert {one["plugin"] for one in qualified.record["components"]} == {"a4eval", "rival", "stranger"}


def test_a_disabled_plugin_is_not_imported(site):
    site.add("raises", "raise RuntimeError('imported!')")
    done = site.run("plugins", "--json", A4EVAL_DISABLE="raises, stranger")
    states = {one["plugin"]: one["state"] for one in json.loads(done.out)}
    assert states["raises"] == states["stranger"] == "disabled"
    assert done.err == ""


def test_plugins_are_listed_by_name_with_their_components(site):
    rows = json.loads(site.run("plugins", "--json").out)
    assert [row["plugin"] for row in rows] == sorted(row["plugin"] for row in rows)
    stranger = next(row for row in rows if row["plugin"] == "stranger")
    assert stranger == {
        "plugin": "stranger",
        "distribution": "a4eval-stranger",
        "version": "1.0",
        "state": "active",
        "components": ["reader/flips", "metric/heads", "layer/square"],
        "reason": "",
        "where": "",
    }
    assert "stranger" in site.run("plugins").out


def test_a_component_that_cannot_be_imported_says_whose_it_is(site, tmp_path):
    site.add(
        "late",
        HEAD + "@hookimpl\ndef a4eval_components():\n"
        "    return [Component(kind='task', name='late', factory='no_such_module:Late'),\n"
        "            Component(kind='task', name='plain', factory='builtins:int')]\n",
    )
    done = site.run("run", "task.name=late", cwd=tmp_path)
    assert (done.code, done.err) == (
        2,
        "a4eval: error: task 'late' of plugin 'late' cannot be loaded: "
        "ModuleNotFoundError: No module named 'no_such_module'\n",
    )
    assert "must be a dataclass" in site.run("run", "task.name=plain", cwd=tmp_path).err


def test_a_component_that_cannot_be_loaded_says_where(site, tmp_path):
    site.add(
        "careless",
        HEAD + "@hookimpl\ndef a4eval_components():\n"
        "    return [Component(kind='task', name='late', factory='careless:Late')]\n"
        "def __getattr__(name):\n"
        "    raise ImportError('no such thing')\n",
    )
    error = site.run("run", "task.name=late", cwd=tmp_path).err
    assert error.startswith(
        "a4eval: error: task 'late' of plugin 'careless' cannot be loaded: ImportError: no such thing"
    )
    assert re.search(r"careless\.py, line \d+\)$", error.strip()), error


def test_hooks_of_a_run_are_heard_and_their_failures_only_warn(site, tmp_path):
    site.add(
        "clumsy",
        HEAD + "@hookimpl\ndef a4eval_run_finished(run, record):\n    raise ValueError('dropped it')\n"
        "@hookimpl\ndef a4eval_provenance():\n    raise OSError('where am I')\n",
    )
    done = site.run("run", "experiment=stranger/heads", "hydra.run.dir=out", cwd=tmp_path)
    assert done.code == 0
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    assert (tmp_path / "out" / "heard.txt").read_text() == "ok"
    assert record["environment"]["plugins"] == {"stranger": {"mint": "Royal"}}
    assert record["warnings"] == ["plugin 'clumsy': a4eval_provenance failed: OSError: where am I"]
    assert "a4eval_run_finished failed: ValueError: dropped it" in done.err


@pytest.mark.parametrize("command", [["--version"], ["plugins"], ["components"], ["experiments"]], ids=" ".join)
def test_listing_imports_neither_hydra_nor_numpy(site, command):
    code = "import sys; from a4eval.cli.main import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "print(sorted({'hydra', 'numpy', 'omegaconf'} & sys.modules.keys()), file=sys.stderr)"
    (site.folder / "probe.py").write_text(code)
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "probe.py", *command],
        cwd=site.folder, env=site.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr.strip() == "[]"
