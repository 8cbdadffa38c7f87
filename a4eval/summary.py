"""What a sweep shows: its plan beforehand, and its results at the end."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import msgspec
import yaml

from a4eval import results
from a4eval.journal import FILE_NAME
from a4eval.meter import duration
from a4eval.record import Record
from a4eval.show import print_record, print_table
from a4eval.sweeping import announce

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from a4eval.plan import Plan
    from a4eval.results import Row
    from a4eval.sweeping import Outcome

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


def finish(outcome: Outcome) -> int:
    """Print what came of a sweep, tell the plugins, and return the exit status."""
    print_outcome(outcome)
    for doubt in announce(outcome):
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
    ids = outcome.points.run_ids
    journal = outcome.folder / FILE_NAME
    if len(outcome.points) <= WHOLE_RECORDS:
        latest = {record.run_id: record for record in _records(journal) if record.run_id in ids}
        for run_id in ids:
            if run_id in latest and latest[run_id].status == "ok":
                print_record(latest[run_id])
    rows = [row for row in results.read(journal).rows if row.run_id in ids] if outcome.done else []
    _print_failures([row for row in rows if row.status != "ok"], journal)
    if len(outcome.points) > WHOLE_RECORDS:
        _print_best([row for row in rows if row.status == "ok"], outcome.points.root.sort)
    print(counts(outcome))
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


def _print_failures(failed: list[Row], journal: Path) -> None:
    if not failed:
        return
    print(f"{len(failed):,} failed; `a4eval retry {shlex.quote(str(journal.parent))}` runs them again, or one by one:")
    for row in failed[:FAILURES_SHOWN]:
        error = row.error or {"type": row.status, "message": ""}
        message = " ".join(error["message"].split())
        print(f"  {error['type']}: {message}\n    a4eval run {shlex.join(row.overrides)}")
    if len(failed) > FAILURES_SHOWN:
        print(f"  … and {len(failed) - FAILURES_SHOWN:,} more: a4eval ls {shlex.quote(str(journal))} status=failed")


def _print_best(rows: list[Row], sort: str | None) -> None:
    if sort is None:
        metrics = rows[0].metrics if rows else {}
        sort = next((name for name, metric in metrics.items() if metric.higher_is_better is not None), None)
    if sort is None or not rows:
        return
    best = results.order(rows, sort)[:BEST_SHOWN]
    shown = results.columns(rows)
    print_table(f"best by {sort}", [_title(key) for key in shown], [[row.get(key) for key in shown] for row in best])


def _title(key: str) -> str:
    return key.removeprefix("metrics.")
