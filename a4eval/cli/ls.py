"""``a4eval ls``: records as a table."""

from __future__ import annotations

from pathlib import Path

import click

from a4eval.cli.options import json_option
from a4eval.errors import ConfigError


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.argument("conditions", nargs=-1)
@click.option("--sort", metavar="KEY", help="Order by this key, the best of a metric first; -KEY turns it round.")
@click.option("--columns", metavar="KEY,…", help="What to show; by default what differs, and the metrics.")
@click.option("--limit", type=click.IntRange(min=1), help="Show so many at most.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@json_option
def ls(
    path: Path,
    conditions: tuple[str, ...],
    sort: str | None,
    columns: str | None,
    limit: int | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List the records under PATH that meet all CONDITIONS, such as 'metrics.accuracy>0.9' or status=failed."""
    from a4eval.results.listing import list_records

    if as_csv and as_json:
        raise ConfigError("choose one of --csv and --json")
    form = "json" if as_json else "csv" if as_csv else "table"
    list_records(path, conditions, sort=sort, columns=columns, limit=limit, form=form)
