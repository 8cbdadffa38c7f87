"""``a4eval show``: one record again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from a4eval.cli.options import json_option, show_option
from a4eval.errors import ConfigError, DataError, did_you_mean
from a4eval.terminal import put

if TYPE_CHECKING:
    from a4eval.journal.views import Row
    from a4eval.runs.record import Record

LINES_OF_A_LOG = 5


@click.command()
@click.argument("record", type=click.Path(path_type=Path))
@click.option("--point", metavar="N|ID", help="Of a sweep: the Nth point that has a record, or one by its run_id.")
@click.option("--table", "name", metavar="NAME", help="Print this table alone, whole.")
@click.option("--traceback", is_flag=True, help="Print the traceback of a failed run.")
@click.option("--log", "log", is_flag=True, help="Print what the run printed.")
@show_option
@json_option
def show(
    record: Path, point: str | None, name: str | None, traceback: bool, log: bool, show: str, as_json: bool
) -> None:
    """Show one record again: RECORD is a result.json, the folder of a run, or with --point that of a sweep."""
    from a4eval.results.show import print_record
    from a4eval.results.tables import print_table
    from a4eval.runs.printed import log_of
    from a4eval.runs.record import encode

    found, path = _read(record, point)
    if as_json:
        put(encode(found).decode())
    elif traceback:
        put(found.error.traceback if found.error else "the run did not fail", end="")
    elif log:
        put(log_of(path.parent) or "there is no log: the run printed nothing", end="")
    elif name is not None:
        if name not in found.tables:
            raise ConfigError(f"there is no table {name!r}{did_you_mean(name, found.tables)}", path="--table")
        table = found.tables[name]
        header = list(table[0]) if table else []
        print_table(name, header, [list(row.values()) for row in table], whole=not sys.stdout.isatty())
    else:
        print_record(found, path, everything=show == "all")
        _print_end(found, path)


def _read(record: Path, point: str | None) -> tuple[Record, Path]:
    """Return the record, or that of a point, and the file it stands in.

    Raises:
        DataError: there is none, or it cannot be read.
    """
    import msgspec

    from a4eval.journal import query
    from a4eval.journal.texts import text_at
    from a4eval.runs.record import FILE_NAME, Record, read

    if not record.exists():
        raise DataError(f"{record}: there is no such file or folder")
    path = record / FILE_NAME if record.is_dir() else record
    try:
        if point is not None:
            row = _point(query.read(record).rows, point)
            return msgspec.json.decode(text_at(Path(row.path), row.offset), type=Record), Path(row.path)
        if record.is_dir() and path.exists() and not path.is_file():
            raise DataError(f"{path}: is no regular file")
        return read(path), path
    except FileNotFoundError as error:
        advice = f"`a4eval ls {record}` lists the records below it, --point N shows one of a sweep's"
        raise DataError(f"{record}: holds no {FILE_NAME}; {advice}") from error
    except ValueError as error:
        raise DataError(f"{path}: is no record of a run: {error}; --point N shows one of a sweep's journal") from error


def _print_end(found: Record, path: Path) -> None:
    """Print how a run failed, and the last of what it printed."""
    from a4eval.ownership import LOG
    from a4eval.runs.printed import last_lines

    if found.error is not None:
        put(f"{found.status}: {found.error.type}: {found.error.message} (--traceback shows where)")
    if found.log is not None:
        put(f"it printed, in {path.parent / LOG} (--log shows all):")
        for line in last_lines(path.parent, LINES_OF_A_LOG):
            put(f"  {line}")


def _point(rows: list[Row], point: str) -> Row:
    """Return the record of a point: by its number among those that have one, from 1 on, or by its id's beginning."""
    if point.isdigit() and 1 <= int(point) <= len(rows):
        return rows[int(point) - 1]
    found = [row for row in rows if row.run_id.startswith(point)]
    if len(found) != 1:
        expected = f"a number from 1 to {len(rows)}, or the beginning of one run_id"
        raise ConfigError(f"got {point!r}, which is {len(found)} of the records; expected {expected}", path="--point")
    return found[0]
