"""A page for each package: every public name, by its docstring."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from importlib.util import resolve_name
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

import rst
from sphinx.pycode import ModuleAnalyzer

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = (
    "a4eval",
    "a4eval.testing",
    "a4eval_ap_metric",
    "a4eval_box_metrics",
    "a4eval_deconv",
    "a4eval_frameworks",
    "a4eval_rnn_bptt",
)


def write(folder: Path) -> None:
    """Write a page for each package, and a list of them."""
    folder.mkdir()
    for package in PACKAGES:
        (folder / f"{package}.rst").write_text(_page(package))
    listed = "\n".join(f"   {package}" for package in PACKAGES)
    text = "Whatever a package exports, and nothing else, is public.\n"
    (folder / "index.rst").write_text(f"{rst.heading('Reference')}\n{text}\n.. toctree::\n\n{listed}\n")


def _page(package: str) -> str:
    module = import_module(package)
    about = rst.docstring(inspect.getdoc(module) or "")
    origins = dict(_origins(package, Path(str(module.__file__)).with_suffix(".pyi").read_text()))
    entries = (_entry(package, name, getattr(module, name), origins) for name in sorted(module.__all__))
    return "\n".join([rst.heading(package), about, *entries])


def _origins(package: str, exports: str) -> Iterator[tuple[str, str]]:
    """Yield where each name that a package exports is defined, by its list of exports."""
    for source, name in re.findall(r"^from (\S+) import (\w+)", exports, re.MULTILINE):
        yield name, resolve_name(source, package)


def _entry(package: str, name: str, found: Any, origins: dict[str, str]) -> str:
    if inspect.isclass(found):
        return f".. autoclass:: {package}.{name}\n"
    if inspect.isroutine(found) or hasattr(found, "__wrapped__"):
        return f".. autofunction:: {package}.{name}\n"
    documented = ModuleAnalyzer.for_module(origins[name]).find_attr_docs().get(("", name), [])
    text = rst.docstring("\n".join(documented) or inspect.getdoc(type(found)) or "")
    return f".. py:data:: {package}.{name}\n\n{indent(text, '   ')}\n"
