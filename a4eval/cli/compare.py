"""``a4eval compare``: is the new one better, worse, equivalent?"""

from __future__ import annotations

from pathlib import Path

import click

from a4eval.cli.options import (
    alpha_option,
    by_option,
    check_alpha,
    independent_option,
    json_option,
    keys_of,
    margins_of,
    numbers_of,
    target_option,
)


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
@alpha_option
@click.option("--metric", "metrics", multiple=True, help="Compare this number alone; may be repeated.")
@by_option
@independent_option
@target_option
@click.option("--profile", is_flag=True, help="Sweeps: print performance profiles too.")
@json_option
def compare(
    baseline: Path,
    candidates: tuple[Path, ...],
    margins: tuple[str, ...],
    alpha: float,
    metrics: tuple[str, ...],
    by: str | None,
    independent: bool,
    targets: tuple[str, ...],
    profile: bool,
    as_json: bool,
) -> None:
    """Compare CANDIDATES with BASELINE: records, folders that hold one each, or sweeps.

    Records that kept their resamples (any run of evaluate with task.interval) on the same units with the same
    resamples are compared as a pair, without their data.

    Points of sweeps are paired by their config without the seed; seeds are what is repeated and drawn.
    """
    from a4eval.comparisons.seeds import SweepOptions
    from a4eval.results.compared import compare as compared

    check_alpha(alpha)
    options = SweepOptions(keys_of(by), metrics, independent, numbers_of(targets, "--target"))
    compared(
        baseline,
        candidates,
        margins=margins_of(margins),
        alpha=alpha,
        options=options,
        profile=profile,
        as_json=as_json,
    )
