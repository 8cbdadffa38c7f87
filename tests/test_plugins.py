"""Plugins are found, isolated and listed."""

from __future__ import annotations

import json

import pytest

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
    assert listed["stranger"]["state"] == listed["a4eval"]["state"] == "active"


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
