"""The plugin costs nothing until one of its layers is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "jax", "flax", "keras", "torchmetrics", "sklearn", "pytrec_eval", "numpy")


@pytest.mark.parametrize("command", ["plugins", "components"])
def test_listing_imports_no_framework(command):
    code = f"""
import sys
sys.argv = ["a4eval", {command!r}]
from a4eval.cli.main import main
try:
    main()
except SystemExit as ended:
    assert not ended.code
print([one for one in {HEAVY!r} if one in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


NODES = {
    "torch": ("torch", "layer", {"layer": "Tanh", "input": [2]}),
    "jax": ("flax", "layer", {"layer": "Linear", "input": [2]}),
    "keras": ("keras", "layer", {"layer": "Dense", "input": [2]}),
    "torchmetrics": ("torchmetrics", "metric", {"metric": "MeanSquaredError"}),
    "sklearn": ("sklearn", "metric", {"metric": "f1_score"}),
    "pytrec_eval": ("pytrec_eval", "metric", {"measures": ["map"]}),
}


@pytest.mark.parametrize("name", NODES)
def test_a_missing_framework_is_one_line(name):
    pytest.importorskip("numpy")
    module, kind, node = NODES[name]
    code = f"""
import sys
sys.modules[{module!r}] = None
from a4eval import MissingExtraError, build
try:
    build({kind!r}, {{"name": {name!r}, **{node!r}}})
except MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"this needs {module}: pip install 'a4eval-frameworks[{name}]'"
