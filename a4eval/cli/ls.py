"""``a4eval ls``: records as a table."""

from __future__ import annotations

from pathlib import Path

import click

from a4eval.cli.options import json_option
from a4eval.errors import ConfigError

LS_HELP = """List the records under each PATH, by default the folder you are in, that meet all CONDITIONS.

\b
A condition holds a key of the record against a value:
  'accuracy>0.9'  status=failed  'AP.interval.low>=0.4'  task.W=8  'age<3600'
"""


@click.command(help=LS_HELP)
@click.argument("given", metavar="[PATH]... [CONDITIONS]...", nargs=-1)
@click.option("--sort", metavar="KEY", help="Order by this key, the best of a metric first; -KEY turns it round.")
@click.option("--columns", metavar="KEY,…", help="What to show; by default what differs, and the metrics.")
@click.option("--limit", type=click.IntRange(min=1), help="Show so many at most.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@json_option
def ls(
    given: tuple[str, ...],
    sort: str | None,
    columns: str | None,
    limit: int | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List records."""
    from a4eval.journal.pointed import all_there
    from a4eval.journal.query import is_condition
    from a4eval.results.listing import list_records

    if as_csv and as_json:
        raise ConfigError("choose one of --csv and --json")
    form = "json" if as_json else "csv" if as_csv else "table"
    conditions = [one for one in given if is_condition(one) and not Path(one).exists()]
    paths = [Path(one) for one in given if one not in conditions] or [Path()]
    all_there(*paths)
    list_records(paths, conditions, sort=sort, columns=columns, limit=limit, form=form)
