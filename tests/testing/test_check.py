"""A check as a test: what passes, fails, is skipped and expected to fail, and what is said of it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from a4eval import ConfigError
from a4eval.testing import layer_checks, metric_checks, reader_checks

LAYER = """
import numpy as np
from dataclasses import dataclass
from a4eval.testing import layer_checks

class Square:
    '''y = x², with a slope that is wrong where there is more than one feature.'''
    batch_axis = 0

    def example(self, rng):
        return rng.standard_normal((3, 4))

    def init(self, rng):
        return {}

    def forward(self, params, x):
        return x * x, x

    def backward(self, params, tape, dy):
        return {}, (2 if tape.shape[1] < 2 else 2.1) * tape * dy

class Right(Square):
    def backward(self, params, tape, dy):
        return {}, 2 * tape * dy
"""


@pytest.fixture
def tests(tmp_path):
    """Run the tests of a module in a process of their own."""

    def run(code, *options):
        (tmp_path / "test_it.py").write_text(LAYER + code)
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_it.py"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_a_right_layer_passes_and_it_is_said_how_much_ran(tests):
    done = tests("@layer_checks(Right)\ndef test_it(check):\n    check()\n", "-vv")
    assert done.returncode == 0, done.stdout
    assert "test_it.py::test_it[Right-gradient] PASSED" in done.stdout
    passed, skipped = re.search(r"(\d+) passed, (\d+) skipped", done.stdout).groups()
    assert f"1 layer: ran {passed}, skipped {skipped}:" in done.stdout
    assert "1 × adjoint: the layer is not linear" in done.stdout


def test_a_wrong_one_fails_in_the_smallest_case(tests):
    done = tests("@layer_checks(Square)\ndef test_it(check):\n    check()\n", "-k", "gradient")
    assert done.returncode == 1
    assert "layer Square: gradient failed at dx[0, 1], x (1, 2)" in done.stdout
    assert "the smallest case found that fails:\n  x (1, 2) = [[" in done.stdout
    assert "Traceback" not in done.stdout


def test_expected_failures_are_strict_both_ways(tests):
    code = "@layer_checks({}, expected_failures={{'gradient': 'known'}})\ndef test_it(check):\n    check()\n"
    done = tests(code.format("Square"), "-k", "Square-gradient", "-rx")
    assert done.returncode == 0
    assert "XFAIL test_it.py::test_it[Square-gradient] - known" in done.stdout
    done = tests(code.format("Right"), "-k", "Right-gradient")
    assert done.returncode == 1
    assert "layer Right: gradient is expected to fail (known), but passes" in done.stdout
    done = tests(code.replace("gradient", "adjoint").format("Right"), "-k", "Right-adjoint")
    assert done.returncode == 1
    assert "adjoint is expected to fail (known), but does not apply" in done.stdout


def test_one_of_several_may_be_expected_to_fail(tests):
    code = "@layer_checks(Right, Square, expected_failures={'Square-gradient': 'known'})\n"
    code += "def test_it(check):\n    check()\n"
    done = tests(code, "-k", "gradient")
    assert re.search(r"1 passed, \d+ deselected, 1 xfailed", done.stdout), done.stdout


def test_a_part_of_which_nothing_was_checked_has_failed(tests):
    code = """
from a4eval.testing.check import Answer
from a4eval.checks.finding import not_applicable
from a4eval.testing.parts import parametrised

@parametrised("layer", [Right], ["one", "two"], lambda part, name: Answer(not_applicable(name, "no reason")),
              lambda part, name: None, {})
def test_it(check):
    check()
"""
    for options in ((), ("-n", "2")):
        done = tests(code, *options)
        assert done.returncode == 1, done.stdout
        assert "layer Right: nothing was checked, so it has failed" in done.stdout
        assert "2 skipped" in done.stdout
    assert tests(code, "-k", "one").returncode == 0  # half of it was not asked for


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (layer_checks, "layer_checks needs a layer, got none"),
        (lambda: layer_checks("x", expected_failures={"gradiant": "why"}), "no check 'gradiant'; did you mean 'grad"),
        (lambda: metric_checks("x", data="y", expected_failures={"merge": ""}), "merge needs a reason"),
        (lambda: reader_checks("x", expected_failures={"merge": "why"}), "there is no check 'merge'"),
    ],
)
def test_slips_are_told_at_once(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


def test_names_that_read():
    nodes = ["lstm", {"name": "gru", "hidden": 4}, {"name": "stacked", "cell": {"name": "gru", "hidden": 4}}]
    ids = [one.id for one in layer_checks(*nodes).args[1] if one.id.endswith("gradient")]
    assert ids == ["lstm-gradient", "gru,hidden=4-gradient", "stacked,cell=gru,hidden=4-gradient"]


def test_the_core_imports_neither_pytest_nor_hypothesis():
    code = "import sys, a4eval, a4eval.cli.main; assert not {'pytest', 'hypothesis'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("absent", ["pytest", "hypothesis"])
def test_what_is_missing_is_told_with_the_line_that_installs_it(absent):
    code = f"import sys; sys.modules['{absent}'] = None\nfrom a4eval.testing import layer_checks"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith(f"this needs {absent}: pip install 'a4eval[testing]'")
