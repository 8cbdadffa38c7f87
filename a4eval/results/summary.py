"""What a sweep ends with: its plan or its results are shown, the plugins told, and the exit status given."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import yaml

from a4eval.errors import ConfigError, did_you_mean
from a4eval.experiment import Root
from a4eval.journal.pointed import spelt
from a4eval.journal.views import Row
from a4eval.ownership import LOG, RUNS
from a4eval.permission import Permissions
from a4eval.plurals import counted
from a4eval.results.exit_status import FAILED, INTERRUPTED, OK, of_run, worst
from a4eval.results.show import print_record
from a4eval.results.sweep_table import print_sweep
from a4eval.results.tables import print_text, wrapped
from a4eval.results.warned import warned
from a4eval.runs.printed import last_lines
from a4eval.runs.record import SCHEMA_VERSION, Record
from a4eval.sweeps.carry_out import announce
from a4eval.sweeps.command import kept
from a4eval.sweeps.meter import duration
from a4eval.sweeps.reuse import finished, paths
from a4eval.sweeps.sweeper import Planned
from a4eval.terminal import put, remark, screen_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from a4eval.executors.contract import Jobs
    from a4eval.journal.views import Entry
    from a4eval.sweeps.carry_out import Outcome

FAILURES_SHOWN = 10
PLAN_LINES = 40
AROUND = 5
"""Lines of a plan beside what is told: of what comes first, how much more there is, and what comes last."""
LONG_WORD = 16
LINES_OF_A_LOG = 3
_NEEDLESS = re.compile(r"\\([ \t:={}])")


def print_plan(plan: Planned, *, everything: bool = False) -> None:
    """Print what would be run: the values of each key, the first config, and the last one's overrides."""
    told = 0
    for axis in plan.axes:
        values = axis.texts if len(axis.texts) <= 8 else [*axis.texts[:4], "…", *axis.texts[-2:]]
        values = [_plain(text) for text in values]
        count = f"  ({len(axis.texts)})" if len(axis.texts) > 1 else ""
        told += print_text(f"{axis.path}: {', '.join(values)}{count}")
    repeated = f" ({plan.repeated} more are the same run as one of them)" if plan.repeated else ""
    told += print_text(f"{counted(len(plan.points), 'point')}{repeated}, into {plan.folder}")
    conduct = plan.points.conduct
    if isinstance(conduct, Root) and conduct.reuse is not None:
        there = finished(plan.points.run_ids, conduct.reuse, plan.folder)
        told += print_text(f"{len(there):,} of them are finished in {_named(conduct.reuse)} and need not run")
    first, last = plan.points.ends()
    typed = " ".join(f"{key}={_plain(value)}" for key, value in _typed(last.point).items())
    ending = [f"# {line}" for line in wrapped(typed, screen_width() - len("# "))] if last != first else []
    lines = _yaml(first.point.config).splitlines()
    shown = lines if everything else lines[: max(PLAN_LINES - told - len(ending) - AROUND, 5)]
    put(f"\n# the first: run {first.run_id}\n" + "\n".join(shown))
    if len(shown) < len(lines):
        put(f"# … {counted(len(lines) - len(shown), 'more line')}: --show all")
    if ending:
        put("\n".join([f"\n# the last: run {last.run_id}", *ending]))
    if ending and everything:
        put(_yaml(last.point.config), end="")


def _plain(text: str) -> str:
    r"""Return a value without the escapes that Hydra writes before what needs none where it is typed.

    >>> _plain(r"$\{hydra\:job.num\}"), _plain(r"a\ long\ text"), _plain(r"a\,b")
    ('${hydra:job.num}', 'a long text', 'a\\,b')
    """
    return text if text.startswith(("'", '"')) else _NEEDLESS.sub(r"\1", text)


def _yaml(config: Mapping[str, Any]) -> str:
    """Return a config as YAML whose lines fit: a text is broken after the word that passes the width given there."""
    wide = max(screen_width() - LONG_WORD, LONG_WORD)
    return str(yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=wide))


def finish(outcome: Outcome | Planned, show: str = "summary") -> int:
    """Print what came of a sweep, tell the plugins, and return the exit status; of a dry run, print the plan.

    Args:
        outcome: what came of it.
        show: ``summary``; ``all``, each point whole; or ``path``, that of the journal alone.
    """
    if isinstance(outcome, Planned):
        print_plan(outcome, everything=show == "all")
        return OK
    if show != "path":
        print_outcome(outcome, everything=show == "all")
    if outcome.journal.path.exists():
        put(outcome.journal.path)
    for doubt in (*outcome.doubts, *outcome.journal.doubts(), *warned(outcome), *announce(outcome)):
        remark(f"a4eval: warning: {doubt}")
    if outcome.detached:
        put(f"{outcome.detached}; `a4eval resume {shlex.quote(str(outcome.folder))}` waits for them and goes on")
        return OK
    if outcome.interrupted:
        remark("a4eval: interrupted; the same command goes on from here")
        return INTERRUPTED
    if outcome.stop is not None:
        put(outcome.stop.sentence())
        return FAILED if outcome.failed else of_run("ok", outcome.stop.outcome)
    if outcome.failed or outcome.done < len(outcome.points):
        return FAILED
    return worst(of_run(entry.status, entry.verdict.outcome) for entry in outcome.entries() if entry.verdict)


def print_outcome(outcome: Outcome, *, everything: bool = False) -> None:
    """Print the numbers, what failed and how to run it again, and the counts."""
    journal = outcome.journal
    standing = outcome.entries()
    good = [entry for entry in standing if entry.status == "ok"] if outcome.done > outcome.failed else []
    if outcome.failed:
        _print_failures(outcome, [entry for entry in standing if entry.status != "ok"])
    if everything or len(outcome.points) == 1:
        whole = [entry for entry in good if entry.schema_version == SCHEMA_VERSION]
        if others := len(good) - len(whole):
            put(f"not shown in full: {counted(others, 'record')} of another schema version: a4eval ls {outcome.folder}")
        for record in journal.read(whole, Record):
            if len(good) > 1:
                put(" ".join(record.overrides))
            print_record(record, spelt(journal.path, record.run_id), everything=everything)
    elif good:
        sort, swept = outcome.points.conduct.sort, _swept(outcome.points)
        try:
            print_sweep(journal.read(good, Row), len(good), sort, swept, lambda: journal.read(good, Record))
        except ConfigError as error:
            remark(f"a4eval: warning: {_key(outcome, 'sort')}: {error}")
            print_sweep(journal.read(good, Row), len(good), None, swept)
    _check_objective(outcome, good)
    print_text(counts(outcome))


def _swept(points: Jobs) -> list[str]:
    """Return the keys that are swept over: those in which the first point and the last differ."""
    first, last = (_typed(one.point) for one in points.ends())
    return [key.lstrip("+~") for key in last if first.get(key) != last[key]]


def _typed(point: Any) -> dict[str, str]:
    """Return the overrides of a point, by key."""
    return {key: value for key, _, value in (text.partition("=") for text in point.overrides)}


def _check_objective(outcome: Outcome, good: Sequence[Entry]) -> None:
    """Warn of an objective that no point has as a metric."""
    conduct = outcome.points.conduct
    named = conduct.objective if isinstance(conduct, Root) else None
    names = [named] if isinstance(named, str) else named or []
    for row in outcome.journal.read(good[:1], Row):
        for name in names:
            if name not in row.metrics:
                text = f"there is no metric {name!r}{did_you_mean(name, row.metrics)}"
                remark(f"a4eval: warning: objective: {text}")


def _print_log(directory: Path) -> None:
    put(f"    it printed, in {directory / LOG}:")
    for line in last_lines(directory, LINES_OF_A_LOG):
        put(f"      {line}")


def counts(outcome: Outcome) -> str:
    """Say in one line what came of the sweep."""
    total = len(outcome.points)
    parts = [f"{counted(total, 'point')}: {outcome.done - outcome.failed:,} ok"]
    if outcome.failed:
        parts.append(f"{outcome.failed:,} failed")
    if outcome.changed:
        parts.append(f"{outcome.changed:,} of data files that have changed since: the same command runs them again")
    if outcome.done + outcome.changed < total:
        parts.append(f"{total - outcome.done - outcome.changed:,} not run")
    if outcome.earlier:
        parts.append(f"{outcome.earlier:,} of them earlier ({_key(outcome, 'resume')}=false runs them again)")
    if outcome.reused and isinstance(outcome.points.conduct, Root):
        parts.append(f"{outcome.reused:,} of them taken from {_named(outcome.points.conduct.reuse)}")
    fresh = outcome.done - outcome.earlier - outcome.reused
    if fresh:
        rate = f", {fresh / outcome.seconds:.3g} a second" if fresh > 1 else ""
        parts.append(f"{duration(outcome.seconds)}{rate}")
    if outcome.journal.torn:
        parts.append(f"{counted(outcome.journal.torn, 'torn line')} passed over")
    return ", ".join(parts)


def _key(outcome: Outcome, name: str) -> str:
    """Return a key that says how the sweep is run, as its command takes it: one of an app has it under Hydra's."""
    return name if isinstance(outcome.points.conduct, Root) else f"hydra.sweeper.{name}"


def _named(reuse: str | list[str] | None) -> str:
    return ", ".join(map(str, paths(reuse)))


def _print_failures(outcome: Outcome, failed: Sequence[Entry]) -> None:
    folder = shlex.quote(str(outcome.folder))
    started = kept(outcome.folder)
    again = ["a4eval", "run"] if started is None else started.single()
    again += Permissions.now().options()
    put(f"{len(failed):,} failed; `a4eval retry {folder}` runs them again, or one by one:")
    for row in outcome.journal.read(failed[:FAILURES_SHOWN], Row):
        error = row.error or {"type": row.status}
        message = " ".join(str(error.get("message", "")).split())
        put(f"  {error.get('type')}: {message}\n    {shlex.join([*again, *row.overrides])}")
        if row.log is not None and row.run_id.isalnum():  # it becomes part of a path
            _print_log(outcome.folder / RUNS / row.run_id)
    if len(failed) > FAILURES_SHOWN:
        put(f"  … and {len(failed) - FAILURES_SHOWN:,} more: a4eval ls {folder} status=failed")
