"""A task gives what a record can hold, the same every time, and leaves nothing lying about."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from a4eval.checks.finding import Finding, WrongError, not_applicable

if TYPE_CHECKING:
    from a4eval.checks.tasks.case import TaskCase
    from a4eval.runs.record import Record

MEASURED = ("seconds", "bytes")
"""The units of what is measured anew by every run, and so need not be the same."""

OTHER_SEEDS = (1, 2**31 - 1)


def recorded(case: TaskCase) -> Finding:
    """Run it: a Result whose values, tables and verdict go into a record."""
    done = _ok(case.run("record"), "run: what it raises, and what it returns")
    if not done.metrics and not done.tables and done.verdict is None:
        look = "the Result that run returns"
        return Finding("record", "failed", meaning="it gives no value, no table and no verdict", look_at=look)
    for name, rows in done.tables.items():
        if len({tuple(row) for row in rows}) > 1:
            look = "keys that only some rows have; None is what there is not"
            return Finding("record", "failed", where=name, meaning="its rows have different columns", look_at=look)
    return Finding("record", "passed")


def repeated(case: TaskCase) -> Finding:
    """Run two new ones with the same seed."""
    look = "random numbers that are not from run.generator(), sets that are iterated, the clock"
    return _compare("repeat", _ok(case.run("first")), _ok(case.run("second")), "another run of the same seed", look)


def again(case: TaskCase) -> Finding:
    """Run the same object twice."""
    task = case.make()
    first = _ok(case.run("first", task))
    look = "attributes that run changes: state belongs into local variables"
    return _compare("again", first, _ok(case.run("second", task)), "the same object, run again,", look)


def other_seeds(case: TaskCase) -> Finding:
    """Run it with other seeds."""
    for seed in OTHER_SEEDS:
        _ok(case.run(f"seed {seed}", seed=seed), f"what depends on the seed, which is {seed} here")
    return Finding("other_seeds", "passed")


def artifacts(case: TaskCase) -> Finding:
    """Say whether each file in the run's folder is listed in the record."""
    done = _ok(case.run("artifacts"))
    folder = case.folder / "artifacts"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    lost = sorted(one for one in there - {one.path for one in done.artifacts} if not one.startswith("."))
    if lost:
        meaning = "the file is in the run's folder and not in the record"
        return Finding(
            "artifacts", "failed", where=lost[0], meaning=meaning, look_at="run.artifact(name), which lists it"
        )
    return Finding("artifacts", "passed") if done.artifacts else not_applicable("artifacts", "the task writes no file")


def pictures(case: TaskCase) -> Finding:
    """Run it with pictures: the same numbers as without."""
    if find_spec("matplotlib") is None:
        return not_applicable("pictures", "matplotlib is not installed: pip install 'a4eval[plots]'")
    without = _ok(case.run("without"))
    with_them = _ok(case.run("with", pictures=True), "what is drawn where run.pictures is true")
    if len(with_them.artifacts) == len(without.artifacts):
        return not_applicable("pictures", "the task draws none")
    return _compare("pictures", without, with_them, "a run with pictures", "what drawing changes, or draws at random")


def quiet(case: TaskCase) -> Finding:
    """Say whether it prints."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        _ok(case.run("quiet"))
    if out.getvalue().strip():
        where = out.getvalue().strip().splitlines()[0][:80]
        look = "print: run.warn says a doubt, run.track shows progress, tables show results"
        return Finding(
            "quiet", "failed", where=repr(where), meaning="it prints, also where JSON is wanted", look_at=look
        )
    return Finding("quiet", "passed")


def _ok(done: Record, look: str = "run") -> Record:
    """Return the record of a run that did not fail."""
    if done.error is None:
        return done
    meaning = f"it ends in {done.error.type}: {done.error.message}"
    raise WrongError("", meaning, _last_line(done.error.traceback) or look)


def _last_line(traceback: str) -> str:
    places = [line.strip() for line in traceback.splitlines() if line.strip().startswith('File "')]
    own = [one for one in places if "/a4eval/runs/" not in one]
    return own[-1] if own else ""


def _compare(check: str, first: Record, second: Record, what: str, look: str) -> Finding:
    for name in dict.fromkeys([*first.metrics, *first.tables, *second.metrics, *second.tables, "the verdict"]):
        if _of(first, name) != _of(second, name):
            return Finding(check, "failed", where=name, meaning=f"{what} gives something else", look_at=look)
    return Finding(check, "passed")


def _of(done: Record, name: str) -> Any:
    metric = done.metrics.get(name)
    value = None if metric is not None and metric.unit in MEASURED else metric
    return value, done.tables.get(name), done.verdict if name == "the verdict" else None
