"""``a4eval show``: one record again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from a4eval.cli.options import json_option, show_option
from a4eval.cli.say import note
from a4eval.errors import ConfigError, DataError, did_you_mean
from a4eval.terminal import put

if TYPE_CHECKING:
    from a4eval.runs.record import Record

LINES_OF_A_LOG = 5


@click.command()
@click.argument("record", type=click.Path(path_type=Path))
@click.option("--table", "name", metavar="NAME", help="Print this table alone, whole.")
@click.option("--traceback", is_flag=True, help="Print the traceback of a failed run.")
@click.option("--log", "log", is_flag=True, help="Print what the run printed.")
@show_option
@json_option
def show(record: Path, name: str | None, traceback: bool, log: bool, show: str, as_json: bool) -> None:
    """Show one record again.

    RECORD is a result.json, the folder of a run, or a point of a sweep: SWEEP/#3 is the third that `a4eval ls SWEEP`
    lists, SWEEP/4f0a9b8c the one whose run_id begins so.
    """
    from a4eval.results.show import print_record
    from a4eval.results.tables import print_table
    from a4eval.runs.printed import log_of
    from a4eval.runs.record import encode

    found, folder = _found(record)
    if as_json:
        put(encode(found).decode())
    elif traceback:
        put(found.error.traceback.removesuffix("\n") if found.error else "the run did not fail")
    elif log:
        put((log_of(folder) or "there is no log: the run printed nothing").removesuffix("\n"))
    elif name is not None:
        if name not in found.tables:
            raise ConfigError(f"there is no table {name!r}{did_you_mean(name, found.tables)}", path="--table")
        table = found.tables[name]
        header = list(table[0]) if table else []
        print_table(name, header, [list(row.values()) for row in table], whole=not sys.stdout.isatty())
    else:
        for doubt in found.warnings:
            note(doubt)
        print_record(found, record, everything=show == "all")
        _print_end(found, folder)


def _found(path: Path) -> tuple[Record, Path]:
    """Return the one record that *path* means, and the folder of its run.

    Raises:
        ConfigError: it means none, or several.
        DataError: it is no record.
    """
    from a4eval.journal import query
    from a4eval.journal.texts import record_of
    from a4eval.ownership import RECORD
    from a4eval.runs.record import read

    file = path / RECORD if path.is_dir() else path
    if file.is_file() and file.suffix != ".jsonl":
        try:
            return read(file), file.parent
        except ValueError as error:
            raise DataError(f"{file}: is no record of a run: {error}") from error
    rows = query.read(path).rows
    if len({row.run_id for row in rows}) > 1:
        advice = f"`a4eval show {path}/#1` shows the first, `a4eval ls {path}` lists them"
        raise ConfigError(f"holds {len(rows):,} records, expected one; {advice}", path=str(path))
    row = rows[-1]  # of a run whose data files changed the newest
    return record_of(row)


def _print_end(found: Record, folder: Path) -> None:
    """Print how a run failed, and the last of what it printed."""
    from a4eval.ownership import LOG
    from a4eval.results.tables import print_text
    from a4eval.runs.printed import last_lines

    if found.error is not None:
        told = " ".join(found.error.message.split())
        why = f": {found.error.type}{': ' * bool(told)}{told}" if found.status == "failed" else ""
        print_text(f"{found.status}{why} (--traceback shows where)")
    if found.log is not None:
        print_text(f"it printed, in {folder / LOG} (--log shows all):")
        for line in last_lines(folder, LINES_OF_A_LOG):
            print_text(line, indent=2)
