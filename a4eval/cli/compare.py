"""``a4eval compare``: is the new one better, worse, equivalent?"""

from __future__ import annotations

from pathlib import Path

import click

from a4eval.cli.options import json_option, margins_of
from a4eval.errors import ConfigError


@click.command()
@click.argument("baseline", type=click.Path(path_type=Path))
@click.argument("candidates", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--margin",
    "margins",
    metavar="METRIC=NUMBER",
    multiple=True,
    help="A difference that does not matter; a metric's label stands for its parts.  Without it none is equivalent.",
)
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Chance of a wrong better or worse.")
@json_option
def compare(
    baseline: Path, candidates: tuple[Path, ...], margins: tuple[str, ...], alpha: float, as_json: bool
) -> None:
    """Compare the records CANDIDATES with the record BASELINE: files, or folders that hold one each.

    Records that kept their resamples (any run of evaluate with task.interval) on the same units with the same seed are
    compared as a pair, without their data.
    """
    from a4eval.results.compared import compare as compared

    if not 0 < alpha < 1:
        raise ConfigError(f"got {alpha}, expected a number between 0 and 1", path="--alpha")
    compared(baseline, candidates, margins=margins_of(margins), alpha=alpha, as_json=as_json)
