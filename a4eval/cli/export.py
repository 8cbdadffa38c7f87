"""``a4eval export``: records as a file for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from a4eval.errors import ConfigError
from a4eval.plurals import counted
from a4eval.terminal import put


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("conditions", nargs=-1)
@click.option("--wide", is_flag=True, help="A row for each record, a column for each metric.")
@click.option("--table", "name", metavar="NAME", help="The rows of this table of every record.")
@click.option("--overwrite", is_flag=True, help="Put it in the place of a file that is there.")
def export(path: Path, out: Path, conditions: tuple[str, ...], wide: bool, name: str | None, overwrite: bool) -> None:
    """Write the records under PATH that meet all CONDITIONS to OUT, a .parquet, .csv or .jsonl.

    By default each row is one metric of one record: value, interval, unit.  Every row says of which record it is, and
    holds the keys in which the records differ.  CONDITIONS are those of `a4eval ls`.
    """
    from a4eval.api.records import load

    if wide and name is not None:
        raise ConfigError("choose one of --wide and --table")
    records = load(path).filter(*conditions)
    if not len(records):
        raise ConfigError(f"no record under {path} meets the conditions")
    frame = records.wide() if wide else records.long() if name is None else records.table(name)
    frame.write(out, overwrite=overwrite)
    size = f"{counted(len(frame), 'row')} of {counted(len(frame.columns), 'column')}"
    put(f"{size} from {counted(len(records), 'record')}")
    put(out)
