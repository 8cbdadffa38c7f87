"""The frameworks themselves: our predictions of their conventions, and our values and gradients."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from itertools import product

import numpy as np
import pytest
from a4eval_deconv import CONVENTIONS, Crop, conv_transpose, convention_crop
from a4eval_deconv.frameworks.conformance import Case, compare
from a4eval_deconv.frameworks.measured import crop_of, measured_crop
from a4eval_deconv.frameworks.peers import installed_frameworks
from a4eval_deconv.frameworks.translation import FRAMEWORKS

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


@pytest.mark.parametrize("name", [name for name, one in CONVENTIONS.items() if one.takes_output_padding])
def test_each_convention_with_output_padding_is_what_its_framework_does(name):
    needs(CONVENTIONS[name].framework)
    for kernel, stride, dilation in product(range(1, 6), range(1, 4), (1, 2)):
        for extra in range(stride):
            predicted = convention_crop(name, kernel, stride, dilation, output_padding=extra)
            if predicted.output(4, kernel, stride, dilation) < 1:
                continue
            found = measured_crop(name, 4, kernel, stride, dilation, output_padding=extra)
            assert found == predicted, (kernel, stride, dilation, extra)


def test_a_wrong_translation_would_be_seen():
    """The comparison itself is tested: shift the wanted crop by one and the error is of the order of the values."""
    needs("torch")
    case = Case(1, 1, 1, (4,), (3,), (2,), ((1, 1),), (1,), (1,))
    assert compare(case, "torch", np.random.default_rng(0)).value_error <= 1e-12
    object.__setattr__(case, "dilation", (2,))
    object.__setattr__(case, "kernel_size", (2,))
    assert compare(case, "torch", np.random.default_rng(0)).value_error <= 1e-12
    assert measured_crop("torch_same", 3, 3, 2) != convention_crop("tensorflow_same", 3, 2)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_bias_that_is_left_out_would_be_seen(framework, monkeypatch):
    needs(framework)
    peer = import_module(f"a4eval_deconv.frameworks.with_{framework}")
    right = peer.run
    monkeypatch.setattr(peer, "run", lambda x, weight, bias, *rest: right(x, weight, 0 * bias, *rest))
    case = Case(2, 2, 4, (3, 3), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1), (1, 1), groups=2)
    assert compare(case, framework, np.random.default_rng(0)).value_error > 0.05
    straight = replace(case, bias=False)
    assert compare(straight, framework, np.random.default_rng(0)).value_error <= 2e-6


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_where_a_framework_has_nothing_ours_is_the_bias(framework):
    """Output padding beyond the full output: what is appended by hand gets the bias, and its gradient."""
    needs(framework)
    case = Case(2, 2, 2, (3, 2), (2, 1), (3, 3), ((0, 0), (0, 0)), (2, 2), (1, 1))
    found = compare(case, framework, np.random.default_rng(1))
    assert found.value_error <= 2e-6
    assert found.gradient_error is None or found.gradient_error <= 1e-12
    x, weight = np.ones((1, 1, 1)), np.ones((1, 1, 1))
    assert conv_transpose(x, weight, [5.0], stride=3, output_padding=2).tolist() == [[[6.0, 5.0, 5.0]]]


def test_an_output_of_zeros_is_no_crop(monkeypatch):
    """Zeros are what lies beyond any full output: no convention is to blame for them."""
    zeros = lambda framework, operands, *rest: (np.zeros((1, 1, 6)), None)  # noqa: E731
    monkeypatch.setattr("a4eval_deconv.frameworks.measured.run", zeros)
    for name in CONVENTIONS:
        assert measured_crop(name, 3, 3, 2) is None
    full = np.arange(1.0, 8)
    for before, after in product(range(-3, 7), range(-3, 7)):
        y = np.pad(full, (max(-before, 0), max(-after, 0)))
        y = y[max(before, 0) : y.size - max(after, 0)]
        expected = Crop(before, after) if y.size > 1 else None
        assert y.size <= 1 or crop_of(y, {False: full}) == expected
    assert crop_of(np.full(3, np.nan), {False: full}) is None
    assert crop_of(np.array([9.0]), {False: full}) is None
    assert crop_of(np.array([1.0]), {False: np.ones(3)}) is None  # three places fit: none is said


def test_an_answer_that_is_no_number_is_no_agreement(monkeypatch):
    needs("torch")
    peer = import_module("a4eval_deconv.frameworks.with_torch")
    right = peer.run
    monkeypatch.setattr(peer, "run", lambda *arguments: (right(*arguments)[0] * np.nan, None))
    case = Case(1, 1, 1, (4,), (3,), (2,), ((1, 1),), (1,), (1,))
    assert compare(case, "torch", np.random.default_rng(0)).value_error == float("inf")


def test_installed_frameworks_looks_without_importing():
    code = (
        "import json, sys; from a4eval_deconv.frameworks.peers import installed_frameworks as f; "
        "print(json.dumps([f(), sorted({'torch', 'jax', 'tensorflow'} & set(sys.modules))]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [installed_frameworks(), []]
