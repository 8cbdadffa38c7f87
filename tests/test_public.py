"""The public surface: what is named, documented and light."""

from __future__ import annotations

import ast
import inspect
import re
from operator import attrgetter
from pathlib import Path

import pytest

import a4eval
from a4eval import testing

ROOT = Path(__file__).resolve().parent.parent

PLUGINS = sorted(path for path in (ROOT / "plugins").iterdir() if path.is_dir())
PLUGIN_FILES = sorted(file for plugin in PLUGINS for file in plugin.glob("a4eval_*/**/*.py"))


def imports(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def test_all_is_sorted_and_complete():
    ours = {
        name
        for name, value in vars(a4eval).items()
        if getattr(value, "__module__", "").startswith("a4eval.") and not name.startswith("_")
    }
    assert ours <= set(a4eval.__all__)
    assert len(a4eval.__all__) == len(set(a4eval.__all__))


@pytest.mark.parametrize("name", [*a4eval.__all__, *(f"testing.{name}" for name in testing.__all__)])
def test_every_public_name_is_documented(name):
    thing = attrgetter(name)(a4eval)
    name = name.removeprefix("testing.")
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert inspect.getdoc(thing), name
    assert re.search(rf"\b{name}\b", (ROOT / "docs" / "plugins.md").read_text()), f"{name} is not in docs/plugins.md"


def test_the_core_imports_no_plugin():
    for file in (ROOT / "a4eval").rglob("*.py"):
        for module, _ in imports(file):
            assert not re.match(r"a4eval_", module), f"{file} imports {module}"


@pytest.mark.parametrize("file", PLUGIN_FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_plugin_imports_only_public_names(file):
    own = file.relative_to(ROOT / "plugins").parts[1]
    for module, name in imports(file):
        root = module.partition(".")[0]
        if root.startswith("a4eval_"):
            assert root == own, f"{file} imports another plugin: {module}"
        if root == "a4eval":
            assert module == "a4eval", f"{file} reaches into {module}"
            assert name in a4eval.__all__, f"{file} imports {name}, which is not public"


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_all_plugins_have_one_shape(plugin):
    package = plugin / f"a4eval_{plugin.name}"
    for path in ("pyproject.toml", "README.md", "tests"):
        assert (plugin / path).exists()
    for path in ("__init__.py", "plugin.py", "py.typed", "configs/__init__.py"):
        assert (package / path).exists()


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_the_functions_of_a_plugin_need_neither_hydra_nor_pluggy(plugin):
    import subprocess
    import sys

    code = f"""
import importlib, sys
sys.modules.update(dict.fromkeys(("hydra", "omegaconf", "pluggy")))  # None: importing one fails
package = importlib.import_module("a4eval_{plugin.name}")
assert "numpy" not in sys.modules
for name in package.__all__:
    assert callable(getattr(package, name)) or not name.islower(), name
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_is_built_by_target():
    ours = [file for file in ROOT.rglob("*.yaml") if ".venv" not in file.relative_to(ROOT).parts]
    assert len(ours) > 20
    for file in ours:
        assert "_target_" not in file.read_text(), file


def test_the_versions_agree():
    import tomllib

    for file in [ROOT / "pyproject.toml", *(plugin / "pyproject.toml" for plugin in PLUGINS)]:
        assert tomllib.loads(file.read_text())["project"]["version"] == a4eval.__version__


def test_the_wheel_holds_every_folder():
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    core = {".".join(file.parent.relative_to(ROOT).parts) for file in (ROOT / "a4eval").rglob("*.py")}
    configs = {"a4eval." + ".".join(file.parent.relative_to(ROOT).parts) for file in (ROOT / "configs").rglob("*.yaml")}
    above = {one.rpartition(".")[0] for one in configs if one.count(".") > 2}
    assert set(listed) == core | configs | above | {"hydra_plugins.a4eval"}
    assert listed == sorted(listed)
