"""Each wrong task fails by the check that says it, and a right one passes."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, field

import numpy as np
import pytest

from a4eval import Result, Value, Verdict
from a4eval.testing import Check, task_checks


@dataclass
class Draw:
    """The mean of numbers drawn, a table of them and a file."""

    def run(self, run):
        numbers = self.drawn(run)
        run.artifact("numbers.txt").write_text(str(numbers))
        rows = [{"number": one} for one in numbers]
        return Result({"mean": Value(float(np.mean(numbers)))}, {"numbers": rows}, Verdict("passed"))

    def drawn(self, run):
        return run.generator().random(3).tolist()


class Raises(Draw):
    def drawn(self, run):
        raise KeyError("absent")


class NoResult(Draw):
    def run(self, run):
        return {"mean": 1.0}


class Empty(Draw):
    def run(self, run):
        return Result()


class BareNumber(Draw):
    def run(self, run):
        return Result({"mean": 1.0})


class RaggedTable(Draw):
    def run(self, run):
        return Result({}, {"numbers": [{"a": 1}, {"b": 2}]})


class Unseeded(Draw):
    def drawn(self, run):
        return [random.SystemRandom().random()]


@dataclass
class RemembersRuns(Draw):
    _numbers: list = field(default_factory=list)

    def drawn(self, run):
        self._numbers += super().drawn(run)
        return list(self._numbers)


class SmallSeedsOnly(Draw):
    def drawn(self, run):
        return [1.0] if np.int16(run.seed) >= 0 else []


class UnlistedFile(Draw):
    def run(self, run):
        result = super().run(run)
        (run.directory / "more.txt").write_text("more")
        return result


class DrawsAnew(Draw):
    """Drawing uses up random numbers."""

    def run(self, run):
        rng = run.generator()
        if run.pictures:
            run.artifact("picture.svg").write_text(str(rng.random()))
        return Result({"number": Value(rng.random())})


class Prints(Draw):
    def drawn(self, run):
        print("hello")  # noqa: T201
        return [1.0]


EXPLAINED_BY = {
    Raises: "record",
    NoResult: "record",
    Empty: "record",
    BareNumber: "record",
    RaggedTable: "record",
    Unseeded: "repeat",
    RemembersRuns: "again",
    SmallSeedsOnly: "other_seeds",
    UnlistedFile: "artifacts",
    DrawsAnew: "pictures",
    Prints: "quiet",
}


@task_checks(Draw)
def test_a_right_task_passes(check: Check) -> None:
    check()


@pytest.mark.parametrize("task", EXPLAINED_BY, ids=lambda task: task.__name__)
def test_a_wrong_task_fails_by_the_check_that_says_it(task):
    if task is DrawsAnew:
        pytest.importorskip("matplotlib", reason="without matplotlib nothing is drawn")
    found = {one.values[0].name: one.values[0].answer().finding for one in task_checks(task).args[1]}
    finding = found[EXPLAINED_BY[task]]
    assert finding.verdict == "failed", found
    assert finding.meaning
    assert finding.look_at


def test_what_raises_is_told_with_its_own_line():
    (check,) = [one.values[0] for one in task_checks(Raises).args[1] if one.values[0].name == "record"]
    finding = check.answer().finding
    assert finding.meaning == "it ends in KeyError: 'absent'"
    assert finding.look_at.startswith(f'File "{__file__}", line ')


def test_the_streams_are_put_back():
    before = sys.stdout
    [one.values[0].answer() for one in task_checks(Prints).args[1] if one.values[0].name == "quiet"]
    assert sys.stdout is before
