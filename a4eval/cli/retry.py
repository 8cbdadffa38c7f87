"""``a4eval retry``: the failed points again."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def retry(folder: Path) -> None:
    """Run the failed points of a sweep's FOLDER again."""
    from a4eval.results.summary import finish
    from a4eval.sweeps.retry import retry as run_again

    outcome = run_again(folder)
    if outcome is None:
        print("no run failed here")
    else:
        sys.exit(finish(outcome))
