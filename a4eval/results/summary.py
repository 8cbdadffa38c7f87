"""What a sweep shows: its plan beforehand, and its results at the end."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import msgspec
import yaml

from a4eval.errors import ConfigError
from a4eval.journal import query
from a4eval.journal.files import FileEntry, unchanged
from a4eval.journal.journal import FILE_NAME, Journal
from a4eval.journal.standing import latest
from a4eval.results.show import print_record, print_table
from a4eval.runs.record import Record
from a4eval.sweeps.carry_out import announce
from a4eval.sweeps.command import kept
from a4eval.sweeps.meter import duration
from a4eval.sweeps.sweeper import Planned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from a4eval.journal.query import Row
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
    print(f"{len(plan)} points{repeated}, into {folder}")
    for title, number in {"the first": 0, "the last": len(plan) - 1}.items():
        if number or title == "the first":
            job = plan[number]
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
    for doubt in (*outcome.doubts, *announce(outcome)):
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
    journal = outcome.folder / FILE_NAME
    ids = outcome.points.run_ids
    small = len(outcome.points) <= WHOLE_RECORDS
    if outcome.done and small:
        records = {record.run_id: record for record in _records(journal) if record.run_id in ids and _current(record)}
        for run_id in ids:
            if run_id in records and records[run_id].status == "ok":
                print_record(records[run_id])
        if others := outcome.done - sum(run_id in records for run_id in ids):
            print(f"{others} record(s) of another schema version are not shown in full: a4eval ls {outcome.folder}")
    if outcome.failed:
        _print_failures(outcome)
    if outcome.done > outcome.failed and not small:
        _print_best(outcome)
    print(counts(outcome))
    if journal.exists():
        print(journal)


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
    if outcome.torn:
        parts.append(f"{outcome.torn} torn line(s) passed over")
    return ", ".join(parts)


def _records(journal: Path) -> Iterator[Record]:
    """Yield the records of a small sweep; the last of a run comes last, an ``ok`` one is not overtaken by a failure."""
    if not journal.exists():
        return
    for line in journal.read_bytes().splitlines():
        try:
            yield msgspec.json.decode(line, type=Record)
        except msgspec.MsgspecError:
            continue  # torn: it is counted elsewhere


def _current(record: Record) -> bool:
    return unchanged(FileEntry(file.path, file.sha256) for file in record.data)


def _print_failures(outcome: Outcome) -> None:
    known = latest(Journal(outcome.folder))
    failed = [run_id for run_id in outcome.points.run_ids if run_id in known and known[run_id].status != "ok"]
    shown = failed[:FAILURES_SHOWN]
    rows = {row.run_id: row for row in _rows(outcome) if row.run_id in shown and row.status != "ok"}
    folder = shlex.quote(str(outcome.folder))
    started = kept(outcome.folder)
    options = ["--config-dir", started.config_dir] if started and started.config_dir else []
    print(f"{len(failed):,} failed; `a4eval retry {folder}` runs them again, or one by one:")
    for run_id in shown:
        if run_id not in rows:
            continue  # taken out of the journal meanwhile
        error = rows[run_id].error or {"type": rows[run_id].status, "message": ""}
        message = " ".join(error["message"].split())
        print(f"  {error['type']}: {message}\n    a4eval run {shlex.join([*options, *rows[run_id].overrides])}")
    if len(failed) > FAILURES_SHOWN:
        print(f"  … and {len(failed) - FAILURES_SHOWN:,} more: a4eval ls {folder} status=failed")


def _print_best(outcome: Outcome) -> None:
    sort = outcome.points.root.sort or _first_metric(outcome)
    if sort is None:
        return
    try:
        query.check_key(_rows(outcome), sort.removeprefix("-"))
    except ConfigError as error:
        print(f"a4eval: warning: sort: {error}", file=sys.stderr)
        return
    best: list[Row] = []
    for row in _rows(outcome):
        if row.status == "ok":
            best.append(row)
        if len(best) > 100 * BEST_SHOWN:  # so that a long journal takes no more memory than a short one
            best = _first(best, sort)
    rows = _first(best, sort)
    shown = query.columns(rows)
    cells = [[row.get(key) for key in shown] for row in rows]
    print_table(f"best by {sort}", [key.removeprefix("metrics.") for key in shown], cells)


def _first(rows: list[Row], sort: str) -> list[Row]:
    alone = {row.run_id: row for row in rows}  # resume=false leaves several of one run
    return query.order(list(alone.values()), sort)[:BEST_SHOWN]


def _first_metric(outcome: Outcome) -> str | None:
    """Return the first metric of a sweep that has a direction."""
    done = next((row for row in _rows(outcome) if row.status == "ok"), None)
    metrics = done.metrics if done else {}
    return next((name for name, metric in metrics.items() if metric.higher_is_better is not None), None)


def _rows(outcome: Outcome) -> Iterator[Row]:
    """Yield the records of the sweep's points, but for numbers of files that have changed since."""
    for row in query.stream(outcome.folder / FILE_NAME, query.Row):
        if row is not None and row.run_id in outcome.points.run_ids and (row.status != "ok" or unchanged(row.data)):
            yield row
