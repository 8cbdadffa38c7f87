"""``a4eval new``: a plugin that works, with its tests, written into a new folder.

The template is a plugin called my_plugin; its name is replaced, and what is not wanted is left out: whole files, and
what stands between a line ``[when KIND …]`` and a line ``[end]``.
"""

from __future__ import annotations

import keyword
import re
import sys
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING

from a4eval.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

KINDS = ("metric", "layer", "reader", "task")
LONGEST = 30
"""Of a name: with longer ones the lines of the template would be too long for ruff."""

FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "pyproject.toml": ("pyproject.toml", ()),
    "README.md": ("README.md", ()),
    ".gitignore": ("gitignore", ()),
    ".github/workflows/ci.yml": ("ci.yml", ()),
    "my_plugin/__init__.py": ("init.py", ()),
    "my_plugin/py.typed": ("", ()),
    "my_plugin/plugin.py": ("plugin.py", ()),
    "my_plugin/accuracy.py": ("accuracy.py", ("metric",)),
    "my_plugin/labels.py": ("labels.py", ("reader",)),
    "my_plugin/tanh.py": ("tanh.py", ("layer",)),
    "my_plugin/chance.py": ("chance.py", ("task",)),
    "my_plugin/configs/__init__.py": ("configs_init.py", ("experiments",)),
    "my_plugin/configs/experiment/my_plugin/accuracy.yaml": ("accuracy.yaml", ("metric", "reader")),
    "my_plugin/configs/experiment/my_plugin/tanh.yaml": ("tanh.yaml", ("layer",)),
    "my_plugin/configs/experiment/my_plugin/chance.yaml": ("chance.yaml", ("task",)),
    "examples/labels.csv": ("labels.csv", ("reader",)),
    "tests/test_plugin.py": ("test_plugin.py", ()),
    "tests/test_accuracy.py": ("test_accuracy.py", ("metric",)),
    "tests/test_labels.py": ("test_labels.py", ("reader",)),
    "tests/test_tanh.py": ("test_tanh.py", ("layer",)),
    "tests/test_chance.py": ("test_chance.py", ("task",)),
    "tests/test_evaluate.py": ("test_evaluate.py", ("metric", "reader")),
}
"""File of the plugin to the template it is made of and what it is there for; without a template it is empty."""

_BLOCK = re.compile(r"^[^\n]*\[when ([a-z ]+)\][^\n]*\n(.*?)^[^\n]*\[end\][^\n]*\n", re.MULTILINE | re.DOTALL)


def new_plugin(folder: Path, kinds: Iterable[str] = ()) -> list[str]:
    """Write a plugin into a new folder, which gives it its name.

    Args:
        folder: where; its parent is there, it is not.
        kinds: of the components it shall have, of ``KINDS``; all when empty.

    Returns:
        The files, relative to the folder.

    Raises:
        ConfigError: the folder is there, its parent is not, or it cannot be the name of a plugin.
    """
    wanted = set(kinds) or set(KINDS)
    package = package_name(folder.name)
    if folder.exists() or folder.is_symlink():
        raise ConfigError(f"{folder}: is there already; choose another name, or move it away")
    if not folder.absolute().parent.is_dir():
        raise ConfigError(f"{folder}: there is no folder {folder.parent} to put it into")
    if wanted & {"layer", "task"} or wanted >= {"metric", "reader"}:
        wanted.add("experiments")
    folder.mkdir()
    written = []
    for name, text in _contents(folder.name, package, wanted):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        written.append(name)
    return written


def package_name(name: str) -> str:
    """Return the package of a plugin: its name, with underscores for hyphens.

    Raises:
        ConfigError: there can be no such package, or one, or a plugin of the name, is installed already.

    >>> package_name("my-metrics")
    'my_metrics'
    """
    package = name.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*", name):
        shape = "lower-case letters, digits and single hyphens or underscores, a letter first, as in my-metrics"
        raise ConfigError(f"got {name!r}, expected {shape}", path="NAME")
    if len(name) > LONGEST:
        raise ConfigError(f"got a name of {len(name)} characters, expected at most {LONGEST} characters", path="NAME")
    if keyword.iskeyword(package) or package in {"tests", "examples", "configs"}:
        raise ConfigError(f"{name!r} cannot be the name of a package; choose another", path="NAME")
    if package in sys.stdlib_module_names or find_spec(package) is not None:
        raise ConfigError(f"there is a module {package!r} in this environment; choose another name", path="NAME")
    if package in entry_points(group="a4eval").names:
        raise ConfigError(f"there is a plugin {package!r} in this environment; choose another name", path="NAME")
    return package


def _contents(name: str, package: str, wanted: Collection[str]) -> Iterator[tuple[str, str]]:
    template = files("a4eval.scaffold") / "template"
    for path, (source, needs) in FILES.items():
        if not set(needs) <= set(wanted):
            continue
        text = (template / f"{source}.template").read_text("utf-8") if source else ""
        text = _BLOCK.sub(lambda block: block[2] if set(block[1].split()) <= set(wanted) else "", text)
        yield path.replace("my_plugin", package), text.replace("my_plugin", package).replace("my-plugin", name)
