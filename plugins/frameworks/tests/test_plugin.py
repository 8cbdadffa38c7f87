"""The plugin costs nothing until one of its layers is used."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

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


@pytest.mark.parametrize(
    ("missing", "options", "environment", "says"),
    [
        (["torch", "jax"], {}, {}, "this needs jax: pip install 'a4eval-frameworks[keras]'"),
        (["torch"], {"backend": "torch"}, {}, "this needs torch: pip install 'a4eval-frameworks[torch]'"),
        ([], {}, {"KERAS_BACKEND": "tensorflow"}, "backend: KERAS_BACKEND is 'tensorflow', expected torch or jax"),
    ],
)
def test_a_backend_that_keras_does_not_have_is_one_line(missing, options, environment, says):
    if find_spec("keras") is None:  # to import it here would need a backend
        pytest.skip("keras is not installed: pip install keras")
    code = f"""
import sys
for one in {missing!r}:
    sys.modules[one] = None
from a4eval import A4evalError, build
try:
    build("layer", {{"name": "keras", "layer": "Dense", "input": [2, 3], **{options!r}}})
except A4evalError as error:
    print(error)
"""
    env = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"} | environment
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert says in done.stdout
