"""The frameworks themselves: our predictions of their conventions, and our values and gradients."""

import json
import subprocess
import sys

import numpy as np
import pytest
from a4eval_deconv import CONVENTIONS, Crop, convention_crop
from a4eval_deconv.frameworks.conformance import Case, compare, installed_frameworks, measured_crop

from ..cases import needs


@pytest.mark.parametrize("name", list(CONVENTIONS))
def test_each_convention_is_what_its_framework_does(name):
    needs(CONVENTIONS[name].framework)
    dilations = (1,) if CONVENTIONS[name].framework == "tensorflow" else (1, 2)
    for size in (3, 4):
        for kernel in range(1, 6):
            for stride in range(1, 4):
                for dilation in dilations:
                    predicted = convention_crop(name, kernel, stride, dilation)
                    if kernel == 1:  # one tap: nothing to turn round
                        predicted = Crop(predicted.before, predicted.after)
                    assert measured_crop(name, size, kernel, stride, dilation) == predicted, (size, kernel, stride)


def test_a_wrong_translation_would_be_seen():
    """The comparison itself is tested: shift the wanted crop by one and the error is of the order of the values."""
    needs("torch")
    case = Case(1, 1, 1, (4,), (3,), (2,), ((1, 1),), (1,), (1,))
    assert compare(case, "torch", np.random.default_rng(0)).value_error <= 1e-12
    object.__setattr__(case, "dilation", (2,))
    object.__setattr__(case, "kernel_size", (2,))
    assert compare(case, "torch", np.random.default_rng(0)).value_error <= 1e-12
    assert measured_crop("torch_same", 3, 3, 2) != convention_crop("tensorflow_same", 3, 2)


def test_installed_frameworks_looks_without_importing():
    code = (
        "import json, sys; from a4eval_deconv.frameworks.conformance import installed_frameworks as f; "
        "print(json.dumps([f(), sorted({'torch', 'jax', 'tensorflow'} & set(sys.modules))]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [installed_frameworks(), []]
