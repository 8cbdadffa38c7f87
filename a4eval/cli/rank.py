"""``a4eval rank``: which candidate of a sweep is best, and how sure that is."""

from __future__ import annotations

from pathlib import Path

import click

from a4eval.cli.options import alpha_option, by_option, check_alpha, independent_option, json_option, keys_of


@click.command()
@click.argument("sweep", type=click.Path(path_type=Path))
@click.option("--over", metavar="KEY,…", required=True, help="The keys whose values make a candidate.")
@click.option("--metric", required=True, help="What they are ranked by.")
@by_option
@independent_option
@alpha_option
@json_option
def rank(sweep: Path, over: str, metric: str, by: str | None, independent: bool, alpha: float, as_json: bool) -> None:
    """Rank the candidates within SWEEP, such as --over task.layer.name, by a metric.

    What else varies within a candidate makes problems; seeds are what is repeated and drawn.
    Each candidate is told which ranks it may have, corrected for all pairs, and what the best is worth on seeds that
    had no part in choosing it.
    """
    from a4eval.results.ranked import print_ranking

    check_alpha(alpha)
    print_ranking(sweep, keys_of(over), metric, by=keys_of(by), independent=independent, alpha=alpha, as_json=as_json)
