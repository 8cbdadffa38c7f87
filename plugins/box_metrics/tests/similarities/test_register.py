"""One line registers a similarity; everything else about it follows, and is there."""

import ast
import dataclasses
import inspect
import subprocess
import sys
from importlib import import_module

import a4eval_box_metrics
import pytest
from a4eval_box_metrics import FACTS, Similarity
from a4eval_box_metrics.plugin import a4eval_components
from a4eval_box_metrics.similarities.register import REGISTER

from a4eval import build

from .written import STUB, WRITTEN


@pytest.mark.parametrize("name", REGISTER)
def test_one_file_holds_function_component_and_facts(name):
    module_name, _, class_name = REGISTER[name].factory.partition(":")
    module = import_module(module_name)
    component, function = getattr(module, class_name), getattr(module, name)
    assert function.__module__ == component.__module__ == module_name
    assert getattr(a4eval_box_metrics, name) is function
    assert getattr(a4eval_box_metrics, class_name) is component
    assert {name, class_name} <= set(a4eval_box_metrics.__all__)
    assert dataclasses.is_dataclass(component)
    assert component.name == name
    assert component.facts is FACTS[name]
    assert isinstance(build("similarity", name), Similarity)
    assert list(inspect.signature(function).parameters)[:2] == ["predicted", "truth"]
    assert function.__doc__
    assert component.__doc__


def test_every_component_of_the_folder_is_registered():
    """A class with facts and no line in the register would be found by nobody."""
    folder = STUB.parent / "similarities"
    found = {
        f"{path.stem}:{node.name}"
        for path in folder.glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and any("facts" in ast.unparse(one).partition("=")[0] for one in node.body)
    }
    assert found - {"base:FormulaSimilarity"} == {one.place for one in REGISTER.values()}
    listed = [one.name for one in a4eval_components() if one.kind == "similarity"]
    assert listed == list(REGISTER) == list(FACTS)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_exports_readme_and_docs_are_what_the_register_says(path):
    if not path.is_file():
        pytest.skip("the documentation is not beside the plugin")
    text = path.read_text(encoding="utf-8")
    assert text == WRITTEN[path](text), "python plugins/box_metrics/tests/similarities/written.py writes it anew"
    assert all(f"`{name}`" in text or f" {name} " in text for name in REGISTER)


def test_listing_imports_no_numpy():
    code = "import sys, a4eval_box_metrics.plugin as p; p.a4eval_components(); sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
