"""What a sweep ends with: its plan or its results are shown, the plugins told, and the exit status given."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import yaml

from a4eval.errors import ConfigError
from a4eval.journal import query
from a4eval.journal.views import Row
from a4eval.results.show import print_record, print_table
from a4eval.runs.record import SCHEMA_VERSION, Record
from a4eval.sweeps.carry_out import announce
from a4eval.sweeps.command import kept
from a4eval.sweeps.meter import duration
from a4eval.sweeps.sweeper import Planned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from a4eval.journal.views import Entry
    from a4eval.sweeps.carry_out import Outcome
    from a4eval.sweeps.plan import Plan

OK, FAILED, INTERRUPTED = 0, 1, 130

WHOLE_RECORDS = 20
"""Up to this many points each record is shown in full; beyond, a table of the best."""
FAILURES_SHOWN = 10
BEST_SHOWN = 10


def print_plan(plan: Plan, folder: Path) -> None:
    """Print what would be run."""
    for axis in plan.axes:
        values = axis.texts if len(axis.texts) <= 8 else [*axis.texts[:4], "…", *axis.texts[-2:]]
        print(f"{axis.path}: {', '.join(values)}" + (f"  ({len(axis.texts)})" if len(axis.texts) > 1 else ""))
    repeated = f" ({plan.repeated} more are the same run as one of them)" if plan.repeated else ""
    print(f"{len(plan.jobs)} points{repeated}, into {folder}")
    for title, number in {"the first": 0, "the last": len(plan.jobs) - 1}.items():
        if number or title == "the first":
            job = plan.jobs[number]
            print(
                f"\n# {title}: run {job.run_id}\n{yaml.safe_dump(job.config, sort_keys=False, allow_unicode=True)}",
                end="",
            )


def finish(outcome: Outcome | Planned) -> int:
    """Print what came of a sweep, tell the plugins, and return the exit status; of a dry run, print the plan."""
    if isinstance(outcome, Planned):
        print_plan(outcome.plan, outcome.folder)
        return OK
    print_outcome(outcome)
    for doubt in (*outcome.doubts, *outcome.journal.doubts(), *announce(outcome)):
        print(f"a4eval: warning: {doubt}", file=sys.stderr)
    if outcome.detached:
        print(f"{outcome.detached}; `a4eval resume {shlex.quote(str(outcome.folder))}` waits for them and goes on")
        return OK
    if outcome.interrupted:
        print("a4eval: interrupted; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED
    return FAILED if outcome.failed else OK


def print_outcome(outcome: Outcome) -> None:
    """Print the numbers, what failed and how to run it again, and the counts."""
    journal = outcome.journal
    known = journal.catch_up()
    standing = [entry for run_id in outcome.points.run_ids if (entry := known.current(run_id)) is not None]
    good = [entry for entry in standing if entry.status == "ok"] if outcome.done > outcome.failed else []
    small = len(outcome.points) <= WHOLE_RECORDS
    if small:
        whole = [entry for entry in good if entry.schema_version == SCHEMA_VERSION]
        for record in journal.read(whole, Record):
            print_record(record)
        if others := len(good) - len(whole):
            print(f"{others} record(s) of another schema version are not shown in full: a4eval ls {outcome.folder}")
    if outcome.failed:
        _print_failures(outcome, [entry for entry in standing if entry.status != "ok"])
    if good and not small:
        _print_best(journal.read(good, Row), outcome.points.root.sort)
    print(counts(outcome))
    if journal.path.exists():
        print(journal.path)


def counts(outcome: Outcome) -> str:
    """Say in one line what came of the sweep."""
    total = len(outcome.points)
    parts = [f"{total:,} points: {outcome.done - outcome.failed:,} ok"]
    if outcome.failed:
        parts.append(f"{outcome.failed:,} failed")
    if outcome.done < total:
        parts.append(f"{total - outcome.done:,} not run")
    if outcome.earlier:
        parts.append(f"{outcome.earlier:,} of them earlier (resume=false runs them again)")
    fresh = outcome.done - outcome.earlier
    if fresh:
        rate = f", {fresh / outcome.seconds:.3g} a second" if fresh > 1 else ""
        parts.append(f"{duration(outcome.seconds)}{rate}")
    if outcome.journal.torn:
        parts.append(f"{outcome.journal.torn} torn line(s) passed over")
    return ", ".join(parts)


def _print_failures(outcome: Outcome, failed: Sequence[Entry]) -> None:
    folder = shlex.quote(str(outcome.folder))
    started = kept(outcome.folder)
    options = ["--config-dir", started.config_dir] if started and started.config_dir else []
    print(f"{len(failed):,} failed; `a4eval retry {folder}` runs them again, or one by one:")
    for row in outcome.journal.read(failed[:FAILURES_SHOWN], Row):
        error = row.error or {"type": row.status}
        message = " ".join(str(error.get("message", "")).split())
        print(f"  {error.get('type')}: {message}\n    a4eval run {shlex.join([*options, *row.overrides])}")
    if len(failed) > FAILURES_SHOWN:
        print(f"  … and {len(failed) - FAILURES_SHOWN:,} more: a4eval ls {folder} status=failed")


def _print_best(rows: Iterator[Row], sort: str | None) -> None:
    best: list[Row] = []
    for row in rows:
        if sort is None and (sort := _first_metric(row)) is None:
            return
        best.append(row)
        if len(best) > 100 * BEST_SHOWN:  # so that a long sweep takes no more memory than a short one
            best = query.order(best, sort)[:BEST_SHOWN]
    assert sort is not None
    try:
        query.check_key(best, sort.removeprefix("-"))
    except ConfigError as error:
        print(f"a4eval: warning: sort: {error}", file=sys.stderr)
        return
    best = query.order(best, sort)[:BEST_SHOWN]
    shown = query.columns(best)
    cells = [[row.get(key) for key in shown] for row in best]
    print_table(f"best by {sort}", [key.removeprefix("metrics.") for key in shown], cells)


def _first_metric(row: Row) -> str | None:
    """Return the first metric of a row that has a direction."""
    return next((name for name, metric in row.metrics.items() if metric.higher_is_better is not None), None)
