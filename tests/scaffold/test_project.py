"""A new plugin is green at once, and its tests see the bugs that a beginner makes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from a4eval import ConfigError
from a4eval.scaffold.project import FILES, new_plugin, package_name

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Project:
    """A new plugin, as if it were installed."""

    folder: Path
    environment: dict

    def run(self, *command, cwd=None):
        """Run a module of Python in its folder."""
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=cwd or self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def pytest(self, *options):
        """Run its tests."""
        return self.run("pytest", "-q", "-p", "no:cacheprovider", *options)

    def mypy(self):
        """Run mypy; what it knows of a4eval and numpy stays for the next plugin."""
        pytest.importorskip("mypy", reason="mypy is not installed: pip install 'a4eval[lint]'")
        return self.run("mypy", "--cache-dir", self.environment["CACHE"])


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Where mypy may keep what it found."""
    return tmp_path_factory.mktemp("mypy")


def project(cache, folder, name, *kinds):
    """Make a plugin, and put it on the path of processes as an installed one is."""
    new_plugin(folder / name, kinds)
    package = name.replace("-", "_")
    info = folder / "site" / f"{package}-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[a4eval]\n{package} = {package}.plugin\n")
    path = os.pathsep.join([str(folder / "site"), str(folder / name), *filter(None, [os.environ.get("PYTHONPATH")])])
    more = {"PYTHONPATH": path, "MYPYPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "CACHE": str(cache)}
    return Project(folder / name, {**os.environ, **more})


@pytest.fixture(scope="module")
def ours(cache, tmp_path_factory):
    """A plugin with everything."""
    return project(cache, tmp_path_factory.mktemp("a folder with spaces"), "my-metrics")


def assert_lint(made):
    pytest.importorskip("ruff", reason="ruff is not installed: pip install 'a4eval[lint]'")
    for command in (("ruff", "check", "--no-cache"), ("ruff", "format", "--check", "--no-cache")):
        done = made.run(*command)
        assert done.returncode == 0, done.stdout
    done = made.mypy()
    assert done.returncode == 0, done.stdout


def test_its_own_tests_pass(ours):
    done = ours.pytest()
    assert done.returncode == 0, done.stdout
    for parts, least in (("2 metrics", 30), ("1 reader", 11), ("2 layers", 36), ("2 tasks", 10)):
        ran = re.search(rf"^{parts}: ran (\d+), skipped", done.stdout, re.MULTILINE)
        assert ran, done.stdout
        assert int(ran[1]) >= least


def test_ruff_and_mypy_pass(ours):
    assert_lint(ours)


@pytest.mark.parametrize("kinds", [("metric",), ("layer",), ("reader",), ("task",), ("metric", "reader")], ids="+".join)
def test_some_kinds_alone(kinds, cache, tmp_path):
    made = project(cache, tmp_path, "my-part", *kinds)
    done = made.pytest("-k", "not adversity and not sweep")
    assert done.returncode == 0, done.stdout
    assert_lint(made)
    text = "".join(path.read_text() for path in made.folder.rglob("*") if path.is_file())
    assert "[when" not in text
    assert "[end]" not in text
    assert "my_plugin" not in text
    assert "my-plugin" not in text
    plugin = (made.folder / "my_part" / "plugin.py").read_text()
    assert re.findall(r'kind="(\w+)"', plugin) == list(kinds)


ACCURACY, LABELS, TANH, CHANCE, PLUGIN = (f"{one}.py" for one in ("accuracy", "labels", "tanh", "chance", "plugin"))
BUGS = {
    "a limit that should count": (ACCURACY, "<= self.tolerance", "< self.tolerance", "known_values[0-0.5]"),
    "merge replaces": (ACCURACY, "self._hits |= other._hits", "self._hits = other._hits", "tolerance=1-merge]"),
    "weights are ignored": (ACCURACY, "weights @ hits / total", "hits.mean()", "accuracy,tolerance=1-weights]"),
    "nothing is 0": (ACCURACY, 'float("nan")', "0.0", "accuracy,tolerance=1-empty]"),
    "a batch is changed": (ACCURACY, 'np.abs(batch["pred', 'np.abs(batch["truth"].sort() or batch["pred', "unchanged]"),
    "another name": (ACCURACY, 'return {"accuracy": Value', 'return {"hits": Value', "accuracy,tolerance=1-names]"),
    "parts lose the rest": (LABELS, "1) * len(rows) // count", "1) * (len(rows) // count)", "labels-parts]"),
    "short lines are left out": (LABELS, "lines[1:], 2)", "(one for one in lines[1:] if one[-1]), 2)", "truncated]"),
    "words are 0": (LABELS, "int(line[1]), int(line[2])", "*(int(one) if one < 'a' else 0 for one in line[1:])", "er]"),
    "the first is lost": (LABELS, "rows = read_labels(self.path)", "rows = read_labels(self.path)[index:]", "parts]"),
    "a forgotten factor": (TANH, 'dy * params["scale"] * (1', "dy * (1", "tanh-gradient]"),
    "mean for sum": (TANH, ".sum(axis=0)", ".mean(axis=0)", "tanh-gradient]"),
    "float32 inside": (TANH, "np.tanh(x)", "np.tanh(x.astype(np.float32))", "tanh-float64]"),
    "an input is changed": (TANH, "np.tanh(x)", "np.tanh(x, out=x)", "tanh-inputs_unchanged]"),
    "one batch axis only": (TANH, ".reshape(-1, self.width)", "", "tanh-gradient]"),
    "random numbers of its own": (CHANCE, "run.generator()", "np.random.default_rng()", "chance-repeat]"),
    "a task prints": (CHANCE, "        found: list", "        print('hello')\n        found: list", "chance-quiet]"),
    "a misspelt class": (PLUGIN, "tanh:ScaledTanh", "tanh:ScaledTan", "finds_it_whole"),
    "a misspelt hook": (PLUGIN, "def a4eval_config_packages", "def a4eval_config_package", "finds_it_whole"),
}  # fmt: skip
"""What is wrong: file, text, what takes its place, and how the name of a test ends that must fail."""


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_fails_its_tests(bug, ours):
    name, right, wrong, test = BUGS[bug]
    path = ours.folder / "my_metrics" / name
    before = path.read_text()
    assert before.count(right) == 1, before
    path.write_text(before.replace(right, wrong))
    try:
        done = ours.pytest(f"tests/test_{path.stem}.py", "-k", "checks or known or whole")
    finally:
        path.write_text(before)
    assert done.returncode == 1, done.stdout
    failed = [line.partition(" - ")[0] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert any(line.endswith(test) for line in failed), failed


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (ACCURACY, "def merge(", "def merged("),
        (TANH, 'return params["scale"] * tape, tape', 'return params["scale"] * tape'),
        (LABELS, "def sources(self) -> list[Path]", "def sources(self) -> int"),
    ],
)
def test_mypy_holds_a_part_to_its_protocol(name, right, wrong, ours):
    path = ours.folder / "my_metrics" / name
    before = path.read_text()
    assert before.count(right) == 1
    path.write_text(before.replace(right, wrong))
    try:
        done = ours.mypy()
    finally:
        path.write_text(before)
    assert done.returncode == 1
    assert f"my_metrics/{name}" in done.stdout


@pytest.mark.parametrize("name", ["x", "a-name-as-long-as-names-may-be"])
def test_short_and_long_names_are_formatted(name, cache, tmp_path):
    made = project(cache, tmp_path, name)
    pytest.importorskip("ruff", reason="ruff is not installed: pip install 'a4eval[lint]'")
    for command in (("ruff", "check", "--no-cache"), ("ruff", "format", "--check", "--no-cache")):
        done = made.run(*command)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("My-Metrics", "expected lower-case letters"),
        ("1st", "expected lower-case letters"),
        ("a--b", "expected lower-case letters"),
        ("a.b", "expected lower-case letters"),
        ("a" * 31, "at most 30 characters"),
        ("größe", "expected lower-case letters"),
        ("", "expected lower-case letters"),
        ("class", "cannot be the name of a package"),
        ("tests", "cannot be the name of a package"),
        ("json", "there is a module 'json'"),
        ("numpy", "there is a module 'numpy'"),
        ("a4eval", "there is a module 'a4eval'"),
        ("ap-metric", "there is a plugin 'ap_metric'"),
    ],
)
def test_names_that_cannot_be(name, words):
    with pytest.raises(ConfigError, match=words):
        package_name(name)


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("mine", "file", "link"):
        with pytest.raises(ConfigError, match="is there already; choose another name, or move it away"):
            new_plugin(tmp_path / name)
    with pytest.raises(ConfigError, match="there is no folder"):
        new_plugin(tmp_path / "absent" / "my-metrics")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "link", "mine"]
    assert (tmp_path / "file").read_text() == "mine"


def test_every_template_is_used():
    there = {path.name for path in (ROOT / "a4eval" / "scaffold" / "template").iterdir()}
    assert there == {f"{source}.template" for source, _ in FILES.values() if source}


def test_the_command_says_how_to_go_on(cli, tmp_path):
    (tmp_path / "a b").mkdir()
    done = cli("new", "a b/my-layers", "--only", "layer")
    assert done.code == 0
    assert done.out.splitlines() == [
        "a b/my-layers: 12 files. Go on with",
        "  cd 'a b/my-layers'",
        "  pip install -e '.[test]'    # offline: --no-build-isolation --no-deps",
        "  pytest",
        "  a4eval run experiment=my_layers/tanh",
    ]
    alone = cli("new", "my-metric", "--only", "metric")
    assert "run" not in alone.out
    assert alone.err.startswith("no experiment: one needs a metric and a reader of its batches (`--only metric --only")
    again = cli("new", "a b/my-layers")
    assert again.code == 2
    assert again.err == "a4eval: error: a b/my-layers: is there already; choose another name, or move it away\n"
    assert cli("new", "x", "--only", "metrics").code == 2
    assert not (tmp_path / "x").exists()
    shutil.rmtree(tmp_path / "a b")
