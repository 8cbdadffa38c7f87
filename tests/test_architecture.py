"""Arrows run down: between the rooms of the core, between those of a plugin, and from file to file."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

ORDER = {
    "a4eval": [
        "ground",
        "drawing",
        "plugins",
        "config",
        "runs",
        "journal",
        "executors",
        "trackers",
        "statistics",
        "sweeps",
        "checks",
        "comparisons",
        "tasks",
        "results",
        "api",
        "apps",
        "scaffold",
        "cli",
        "testing",
    ],
    "a4eval_ap_metric": [
        "ground",
        "rankings",
        "detections",
        "matching",
        "measures",
        "resampling",
        "readers",
        "metrics",
        "evaluate",
        "pycocotools",
    ],
    "a4eval_box_metrics": ["ground", "boxes", "similarities", "analysis", "readers", "metrics", "pictures", "tasks"],
    "a4eval_deconv": ["ground", "algorithms", "operators", "frameworks", "analysis", "layers", "pictures", "tasks"],
    "a4eval_frameworks": ["ground", "engines", "weights", "layers", "readers", "metrics", "tasks"],
    "a4eval_rnn_bptt": [
        "ground",
        "kernels",
        "unrolling",
        "layouts",
        "layers",
        "analysis",
        "training",
        "frameworks",
        "tasks",
    ],
}
"""The rooms of each package, the lowest first: a file imports from its own room and from those before it."""

FLOORS = {
    "a4eval": {"plugins": ("plugins", "doubts", "registry")},
    "a4eval_ap_metric": {"evaluate": ("evaluate",)},
    "a4eval_rnn_bptt": {"unrolling": ("unrolling",)},
}
"""Files that stand beside the rooms and make up one of their own; the others are its ground."""

FRONT = ("__init__", "__main__", "plugin", "builtin")
"""What names the rest from outside: exports, the entry point, the list of components."""


def packages():
    yield "a4eval", ROOT / "a4eval"
    for plugin in sorted((ROOT / "plugins").iterdir()):
        if plugin.is_dir():
            yield f"a4eval_{plugin.name}", plugin / f"a4eval_{plugin.name}"


def module_of(package, folder, file):
    parts = file.relative_to(folder).with_suffix("").parts
    return ".".join([package, *parts]).removesuffix(".__init__")


def imported(file, module):
    """Yield the modules that a file imports anywhere in it: within functions and for type checkers too."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*parent, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def graph(package, folder):
    """Return module to the modules of the same package that it imports."""
    modules = {module_of(package, folder, file): file for file in folder.rglob("*.py") if "configs" not in file.parts}
    edges = {module: set() for module in modules}
    for module, file in modules.items():
        if file.stem in FRONT:
            continue
        for name in imported(file, module):
            if name in modules and name != module and modules[name].stem not in FRONT:
                edges[module].add(name)
    return edges


def room(package, module):
    inside = module.split(".")[1:]
    if len(inside) > 1:
        return inside[0]
    return next((name for name, files in FLOORS.get(package, {}).items() if inside[0] in files), "ground")


PACKAGES = dict(packages())


@pytest.mark.parametrize("package", PACKAGES)
def test_rooms_are_listed_in_their_order(package):
    folder = PACKAGES[package]
    rooms = {one.name for one in folder.iterdir() if one.is_dir() and one.name != "configs" and any(one.glob("*.py"))}
    listed = [one for one in ORDER[package] if one not in {"ground", *FLOORS.get(package, {})}]
    assert rooms <= set(listed), "a room is not in the list"
    design = " ".join((ROOT / "docs" / "design.md").read_text().split())
    assert " → ".join(ORDER[package]) in design, "docs/design.md says another order"


def test_the_tree_names_every_file_of_the_core():
    design = (ROOT / "docs" / "design.md").read_text()
    tree = design[design.index("a4eval/  ") : design.index("hydra_plugins/ ")]
    for file in PACKAGES["a4eval"].rglob("*.py"):
        inside = file.relative_to(PACKAGES["a4eval"]).parts
        if file.stem in FRONT or inside[0] in {"cli", "checks"} or inside[0] == "configs":
            continue  # a file a command, a file a check
        assert re.search(rf"\b{file.stem}\b", tree), f"docs/design.md does not name {'/'.join(inside)}"


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows_run_down(package):
    order = ORDER[package]
    for module, targets in graph(package, PACKAGES[package]).items():
        for target in targets:
            here, there = room(package, module), room(package, target)
            assert order.index(there) <= order.index(here), f"{module} imports {target}: from {here} up to {there}"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_circle_of_imports(package):
    edges, done = graph(package, PACKAGES[package]), set()

    def visit(module, path):
        assert module not in path, " → ".join([*path[path.index(module) :], module])
        if module not in done:
            for target in sorted(edges[module]):
                visit(target, [*path, module])
            done.add(module)

    for module in sorted(edges):
        visit(module, [])


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_says_what_it_is(package):
    for folder in (one.parent for one in PACKAGES[package].rglob("__init__.py")):
        assert re.match(r'"""\w', (folder / "__init__.py").read_text()), folder


def test_the_checks_see_a_fault(tmp_path):
    """An import within a function and one for type checkers are seen."""
    folder = tmp_path / "a4eval"
    (folder / "runs").mkdir(parents=True)
    (folder / "sweeps").mkdir()
    (folder / "runs" / "one.py").write_text("def f():\n    from a4eval.sweeps.two import g\n")
    (folder / "sweeps" / "two.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a4eval.runs import one\n"
    )
    assert graph("a4eval", folder) == {
        "a4eval.runs.one": {"a4eval.sweeps.two"},
        "a4eval.sweeps.two": {"a4eval.runs.one"},
    }
