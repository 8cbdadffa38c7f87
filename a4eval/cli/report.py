"""``a4eval report``: one HTML file that says everything."""

from __future__ import annotations

from pathlib import Path

import click

from a4eval.cli.options import margins_of
from a4eval.errors import ConfigError
from a4eval.terminal import pour, put, remark


@click.command()
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="PATH…")
@click.option(
    "-o", "--out", metavar="FILE", default="report.html", show_default=True, help="Where to write it; - prints it."
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="Compare each PATH with this record, as compare does.",
)
@click.option(
    "--margin",
    "margins",
    metavar="METRIC=NUMBER",
    multiple=True,
    help="With --baseline: a difference that does not matter.",
)
@click.option(
    "--alpha", type=float, default=0.05, show_default=True, help="With --baseline: chance of a wrong verdict."
)
@click.option("--no-scripts", is_flag=True, help="Leave out sorting, filtering and hovering.")
def report(
    paths: tuple[Path, ...], out: str, baseline: Path | None, margins: tuple[str, ...], alpha: float, no_scripts: bool
) -> None:
    """Write one HTML file about the records at PATH…: runs, sweeps, or several of them.

    It is whole without scripts, and asks no server for anything.
    """
    from a4eval.journal.pointed import all_there
    from a4eval.results.report import build

    if not 0 < alpha < 1:
        raise ConfigError(f"got {alpha}, expected a number between 0 and 1", path="--alpha")
    if margins and baseline is None:
        raise ConfigError("says nothing without --baseline", path="--margin")
    all_there(*paths, *([baseline] if baseline else []))
    file = None if out == "-" else Path(out)
    content = build.report(
        paths, file, baseline=baseline, margins=margins_of(margins), alpha=alpha, scripts=not no_scripts
    )
    if file is None:
        pour(content)
    else:
        if build.write(content, file):
            remark(f"{file}: takes the place of the report that was there; -o FILE gives another name")
        put(file)
